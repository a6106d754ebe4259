"""The ledger's view of a step: one record before its first change, one after its last, each exactly once."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import insert, select, update

from temanashi.changes import Change
from temanashi.runs.engine import Engine
from temanashi.runs.journal import Row, draft_of
from temanashi.runs.lease import Lease
from temanashi.runs.tables import STEPS

__all__ = ["intend_step", "record_step", "recorded_steps"]


def recorded_steps(engine: Engine, run: str) -> set[str]:
    """The steps of a run whose outcome stands in the ledger."""
    with engine.database.reading() as connection:
        found = connection.execute(select(STEPS.c.step).where((STEPS.c.run == run) & (STEPS.c.state == "done")))
        return set(found.scalars())


def intend_step(engine: Engine, lease: Lease, row: Any, step: str, changes: list[Change]) -> None:
    """Record what a step is about to do, unless it is on the record already."""
    with lease.writing() as connection:
        where = (STEPS.c.run == row.id) & (STEPS.c.step == step)
        if connection.execute(select(STEPS.c.state).where(where)).scalar() is not None:
            return
        connection.execute(insert(STEPS).values(run=row.id, step=step, state="intended"))
        body = {"changes": [json.loads(change.model_dump_json()) for change in changes]}
        engine.ledger.append(connection, draft_of(row, "step_intended", step=step, body=engine.redactor.value(body)))


def record_step(engine: Engine, lease: Lease, row: Any, step: str, rows: list[Row]) -> None:
    """Record every target's outcome and evidence."""
    targets = [
        {
            "target": r.change.target,
            "iteration": r.change.iteration,
            "outcome": json.loads(r.outcome.model_dump_json()) if r.outcome else None,
        }
        for r in rows
    ]
    summary = [
        {"target": r.change.target, "outcome": r.outcome.status, "verdict": r.outcome.verdict}
        for r in rows
        if r.outcome is not None
    ]
    with lease.writing() as connection:
        where = (STEPS.c.run == row.id) & (STEPS.c.step == step)
        if connection.execute(update(STEPS).where(where).values(state="done")).rowcount == 0:
            connection.execute(insert(STEPS).values(run=row.id, step=step, state="done"))
        body = engine.redactor.value({"targets": targets})
        worked = [r.change for r in rows if r.change.left_out is None]
        by_hand = "by_hand" if worked and all(change.wait is not None for change in worked) else ""
        engine.ledger.append(connection, draft_of(row, "step_done", step=step, outcome=by_hand, targets=summary, body=body))
