"""What each watch does about access that ends."""

from __future__ import annotations

from temanashi.notices import Notifier
from temanashi.runs.engine import Engine
from temanashi.workspace.ending_access import Ended, end_access
from temanashi.workspace.opening import Installation
from temanashi.workspace.versions import PublishedWorkspace

__all__ = ["watch_access"]


def watch_access(
    installation: Installation, engine: Engine, published: PublishedWorkspace | None, *, notifier: Notifier | None = None
) -> Ended:
    """End what is due and tell who hears of failures of what is overdue; raises LedgerError."""
    settings = installation.settings
    notifier = notifier or Notifier(
        settings.notify, database=installation.database, clock=installation.clock, lang=settings.language
    )
    return end_access(engine, notifier, published, lang=settings.language)
