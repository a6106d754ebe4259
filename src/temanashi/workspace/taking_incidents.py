"""Taking over a list of incidents: all that is right, or nothing where something is wrong and nobody said to leave that out."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import Connection

from temanashi.errors import InputError
from temanashi.text import phrase
from temanashi.workspace.importing.incident_table import IncidentFile
from temanashi.workspace.importing.tickets.rows import Flaw
from temanashi.workspace.noting_incidents import Telling, note_whole
from temanashi.workspace.opening import Installation

__all__ = ["take_incidents"]


class _Undone(Exception):
    """What was tried is taken back."""


def take_incidents(
    installation: Installation, found: IncidentFile, telling: Telling, *, skip_bad: bool, dry_run: bool
) -> tuple[dict[str, int], bool]:
    """How many are new, changed and known, and whether they were recorded. Rows that cannot be are added to the file's flaws."""
    counts: Counter[str] = Counter()
    try:
        with installation.database.transaction() as connection:
            _note_all(installation, connection, found, telling, counts)
            if dry_run or (found.flaws and not skip_bad):
                raise _Undone  # noqa: TRY301  (the way to roll a transaction back)
    except _Undone:
        return _told(counts), False
    return _told(counts), True


def _note_all(
    installation: Installation, connection: Connection, found: IncidentFile, telling: Telling, counts: Counter[str]
) -> None:
    for one in found.read:
        try:
            standing, _ = note_whole(installation, connection, one.notice, telling)
        except InputError as error:
            found.flaws.append(Flaw(one.place, phrase(error.key, **error.data), one.notice.key))
        else:
            counts[standing] += 1


def _told(counts: Counter[str]) -> dict[str, int]:
    return {name: counts[name] for name in ("new", "changed", "known")}
