"""How a run that is over looks in Prefect: what did not run, or was not measured, is never green."""

from __future__ import annotations

from typing import Any

from prefect.client.schemas.objects import State, StateType

from temanashi.changes import Verdict
from temanashi.errors import TemanashiError
from temanashi.ledger.records import RunOutcome
from temanashi.runs.results import Finished
from temanashi.text import Lang, explain, say

__all__ = ["final_state", "refused_state"]

OUTCOMES: dict[RunOutcome, tuple[StateType, str]] = {
    "done": (StateType.COMPLETED, "Completed"),
    "failed": (StateType.FAILED, "Failed"),
    "unknown": (StateType.FAILED, "Unknown"),
    "cancelled": (StateType.CANCELLED, "Cancelled"),
    "refused": (StateType.FAILED, "Refused"),
}
VERDICTS = {
    Verdict.WARNING: (StateType.COMPLETED, "Warning"),
    Verdict.CRITICAL: (StateType.FAILED, "Critical"),
    Verdict.UNKNOWN: (StateType.FAILED, "Unknown"),
}


def final_state(finished: Finished, *, lang: Lang) -> State[Any]:
    """The state for a finished run: its outcome, and for a run that is done its worst verdict."""
    kind, name = OUTCOMES[finished.outcome]
    if finished.outcome == "done" and finished.verdict is not None:
        kind, name = VERDICTS.get(finished.verdict, (kind, name))
    word = say(f"orchestration.outcome-{finished.outcome}", lang)
    verdict = say(f"runs.verdict-{finished.verdict}", lang) if finished.verdict is not None else ""
    reason = finished.reason.text(lang) if finished.reason is not None else ""
    return State(type=kind, name=name, message=" / ".join(part for part in (word, verdict, reason) if part))


def refused_state(error: TemanashiError, *, lang: Lang) -> State[Any]:
    """The state of a request that was refused before anything was touched."""
    told = explain(error, lang)
    return State(type=StateType.FAILED, name="Failed", message=" ".join(part for part in (told.what, told.next) if part))
