"""What the checks of finished runs come to: after every run, and in every watch for what a process that died left undone."""

from __future__ import annotations

from temanashi.errors import LedgerError
from temanashi.monitoring.noting import note_finished_runs
from temanashi.text import Phrase, explain, phrase
from temanashi.workspace.opening import Installation

__all__ = ["note_checks"]


def note_checks(installation: Installation) -> list[Phrase]:
    """Note every run that ended and was not noted yet; what went wrong with that, as sentences. Never raises: the record stands."""
    try:
        note_finished_runs(installation.database, clock=installation.clock)
    except LedgerError as error:
        return [phrase("monitoring.not-noted", problem=explain(error, "en").what)]
    return []
