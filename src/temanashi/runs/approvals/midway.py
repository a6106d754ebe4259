"""The approval in the middle of a run: bound to what the steps after it will do, now that those before it are done."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from temanashi.changes import Change, Outcome, Plan
from temanashi.runbooks.approval import Approval
from temanashi.runs.approvals.requesting import request_on_record
from temanashi.runs.approvals.waiting import Approved, Place, Refused, wait_for_approval
from temanashi.runs.engine import Engine
from temanashi.runs.frozen import FrozenRun
from temanashi.runs.journal import read_rows, replace_planned
from temanashi.runs.lease import Lease
from temanashi.runs.planning import Outputs, plan_rest
from temanashi.runs.results import Waiting
from temanashi.text.local import LocalText, phrase

__all__ = ["approval_midway"]


def approval_midway(engine: Engine, lease: Lease, row: Any, run: FrozenRun, change: Change, outputs: Outputs) -> Waiting | Outcome:
    """A wait, or what became of the approval. What the steps after it do is planned anew, and is what was approved."""
    with engine.database.reading() as connection:
        emergency = request_on_record(engine, connection, row, run.runbook.version).draft.emergency
    if emergency:
        return Outcome(status="changed", reason=phrase("approvals.put-off"), ended_at=engine.clock.now())

    def plan() -> Plan:
        rest = plan_rest(engine, run, change.step, outputs)
        return Plan(runbook=run.runbook.id, version=run.runbook.version, inputs=dict(run.inputs), changes=tuple(rest))

    prompt = change.wait.prompt if change.wait is not None else LocalText(plain=change.step)
    rule = Approval.model_validate(change.payload["rule"])
    place = Place(step=change.step, rule=rule, prompt=prompt, plan=plan, keep=lambda connection, made: _keep(connection, row, made))
    answer = wait_for_approval(engine, lease, row, place)
    return answer if isinstance(answer, Waiting) else _outcome(answer, engine.clock.now())


def _outcome(answer: Approved | Refused, now: datetime) -> Outcome:
    if isinstance(answer, Refused):
        return Outcome(status="failed", reason=answer.reason, ended_at=now)
    reason = phrase("approvals.approved-by", names=list(answer.by))
    return Outcome(status="changed", reason=reason, ended_at=now, outputs={"by": ", ".join(answer.by)})


def _keep(connection: Connection, row: Any, plan: Plan) -> None:
    """The later steps do what was planned for them, and nothing that was planned before."""
    rows = read_rows(connection, row.id)
    for step in dict.fromkeys(change.step for change in plan.changes):
        mine = [one for one in rows if one.change.step == step]
        made = [change for change in plan.changes if change.step == step]
        if mine and [one.change for one in mine] != made:
            replace_planned(connection, row.id, mine, made)
