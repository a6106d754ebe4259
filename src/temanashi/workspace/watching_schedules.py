"""What each watch does about schedules: look, alarm, remind of holds."""

from __future__ import annotations

from temanashi.notices import Notifier
from temanashi.runs.engine import Engine
from temanashi.workspace.alarms import Alarmed, open_alarms, raise_alarms, remind_of_holds
from temanashi.workspace.expecting import Look, look
from temanashi.workspace.opening import Installation
from temanashi.workspace.versions import PublishedWorkspace

__all__ = ["watch_schedules"]

MOST_TOLD = 20


def watch_schedules(
    installation: Installation, engine: Engine, published: PublishedWorkspace | None, *, notifier: Notifier | None = None
) -> tuple[Look, Alarmed, list[str]]:
    """What was found, what was told, and what an outside monitor should hear of; raises LedgerError."""
    settings = installation.settings
    notifier = notifier or Notifier(
        settings.notify, database=installation.database, clock=installation.clock, lang=settings.language
    )
    looked = look(engine, keep_days=settings.purge_days)
    alarmed = raise_alarms(engine, notifier, published, lang=settings.language)
    alarmed.failures += remind_of_holds(engine, notifier, lang=settings.language)
    with engine.database.reading() as connection:
        trouble = sorted({row.name for row in open_alarms(connection)})
    return looked, alarmed, [f"did not run: {name}" for name in trouble[:MOST_TOLD]]
