"""The published version that a run uses; where nothing was ever published, the files as they are become the first version."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from temanashi.errors import RunError
from temanashi.people import current_actor
from temanashi.problems import suggestion
from temanashi.runbooks.kinds import step_kinds
from temanashi.runbooks.model import Runbook
from temanashi.text import Phrase, phrase
from temanashi.workspace.faults import errors_among
from temanashi.workspace.loading import load_workspace
from temanashi.workspace.opening import Installation
from temanashi.workspace.publishing import NothingPublished, PublishedWorkspace, current_version, publish

__all__ = ["DisabledRunbook", "UnknownRunbook", "published_or_first", "runbook_named"]


class UnknownRunbook(RunError):
    """No published runbook has this id."""

    key = "opening.unknown-runbook"

    def __init__(self, name: str, *, known: Collection[str]) -> None:
        super().__init__(name=name, close=suggestion(name, known) or ", ".join(sorted(known)))


class DisabledRunbook(RunError):
    """The runbook's file had mistakes when it was published, so it does not run."""

    key = "opening.disabled-runbook"

    def __init__(self, name: str, *, places: list[str]) -> None:
        super().__init__(name=name, places=places)


def published_or_first(installation: Installation) -> tuple[PublishedWorkspace, Phrase | None]:
    """The live version, and a note when it was just made or when the files have changed since. Raises NothingPublished."""
    kinds = step_kinds()
    with installation.database.reading() as connection:
        published = current_version(connection, kinds=kinds)
    if published is not None:
        return published, None
    workspace = load_workspace(installation.settings.root, kinds=kinds)
    publish(installation.database, installation.ledger, workspace, actor=current_actor(), clock=installation.clock)
    with installation.database.reading() as connection:
        first = current_version(connection, kinds=kinds)
    if first is None:
        raise NothingPublished
    return first, phrase("opening.first-published", number=first.number, count=len(first.runbooks))


def runbook_named(published: PublishedWorkspace, name: str) -> Runbook:
    """The published runbook with an id; raises UnknownRunbook with the closest one, or DisabledRunbook."""
    if name in published.runbooks:
        return published.runbooks[name]
    places = [str(fault.at) for fault in errors_among(published.faults) if Path(fault.at.file).stem == name]
    if places:
        raise DisabledRunbook(name, places=places)
    raise UnknownRunbook(name, known=published.runbooks)
