"""What an interrupted change did: the target is asked; what cannot be told is UNKNOWN and is never repeated blindly."""

from __future__ import annotations

from temanashi.changes import Change, Outcome, Step
from temanashi.runbooks.steps.contract import PlanContext
from temanashi.runs.engine import Engine
from temanashi.runs.journal import Row, settle
from temanashi.runs.lease import Lease
from temanashi.runs.leftovers import wait_until_gone
from temanashi.runs.trying import Trying
from temanashi.runs.working import Work
from temanashi.text.local import phrase

__all__ = ["settle_interrupted"]

LEFTOVER_SECONDS = 60.0
"""How long a command that outlived its run is waited for, where its step says no timeout."""


def settle_interrupted(engine: Engine, lease: Lease, trying: Trying, step: Step[PlanContext], work: Work) -> None:
    """Settle the rows that were found intended and may not be applied again."""
    for row in work.rows:
        if row.state != "intended" or row.change.kind == "runbook":  # a called run knows itself how far it came
            continue
        outcome = _observed(engine, lease, trying, step, row)
        if outcome is not None:
            undo = trying.undo(row.change, outcome)
            with lease.writing() as connection:
                settle(connection, lease.run, row.change, outcome, engine.clock.now(), undo=undo)
            work.note(row.change, outcome)


def _observed(engine: Engine, lease: Lease, trying: Trying, step: Step[PlanContext], row: Row) -> Outcome | None:
    """The outcome of an interrupted change; None when it may be applied (again)."""
    change: Change = row.change
    if change.reads_only:
        return None
    # Observing or repeating beside a command that outlived us could do it twice; without us it may last as long as with us.
    seconds = float(change.payload.get("timeout") or LEFTOVER_SECONDS)
    if not wait_until_gone(trying.key(change), clock=engine.clock, seconds=seconds, halt=lease.halt):
        return Outcome(status="unknown", reason=phrase("runs.still-working", target=change.target))
    try:
        state = step.observe(change)
    except Exception as error:  # noqa: BLE001  (a third party's kind may raise anything; not knowing is a value)
        problem = engine.redactor.text(f"{type(error).__name__}: {error}")[:300]
        return Outcome(status="unknown", reason=phrase("runs.step-broke", problem=problem))
    if state.happened == "no":
        return None
    if state.happened == "yes":
        return Outcome(status="changed", reason=phrase("runs.seen-after-interruption"), evidence=state.evidence)
    return Outcome(status="unknown", reason=phrase("runs.interrupted"), evidence=state.evidence)
