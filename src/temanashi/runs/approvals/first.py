"""The approval before the first change of a run."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, insert, update

from temanashi.changes import Change, Plan
from temanashi.ledger.records import Record
from temanashi.runs.approvals.faults import RunAltered
from temanashi.runs.approvals.requesting import approval_on_record, request_on_record
from temanashi.runs.approvals.store import FIRST, overtaken
from temanashi.runs.approvals.waiting import Place, Refused, wait_for_approval
from temanashi.runs.engine import Engine
from temanashi.runs.frozen import FrozenRun
from temanashi.runs.journal import Row, plan_rows, read_rows
from temanashi.runs.lease import Lease
from temanashi.runs.planning import plan_run
from temanashi.runs.results import Waiting
from temanashi.runs.tables import JOURNAL, RUNS
from temanashi.text.local import LANGUAGES, LocalText, Phrase, phrase

__all__ = ["approval_before", "prompt_of"]


def approval_before(engine: Engine, lease: Lease, row: Any, run: FrozenRun) -> Waiting | Phrase | None:
    """None where the run may begin or go on; a wait; or why it was refused. Raises RunAltered."""
    with engine.database.reading() as connection:
        asked = request_on_record(engine, connection, row, run.runbook.version)
        rows = read_rows(connection, row.id)
        before = overtaken(connection, row.again) if row.again else None
    rule = run.runbook.approve or approval_on_record(asked)
    if rule is None or asked.draft.emergency or _is_called_undo(row):
        return None
    place = Place(
        step=FIRST,
        rule=rule,
        prompt=prompt_of(row, run),
        plan=lambda: _undo_plan(run, rows, asked, row) if is_undo_run(row) else plan_run(engine, run),
        keep=lambda connection, plan: _keep(connection, row, plan, [r.change for r in rows]),
        begun=any(r.state != "planned" for r in rows),
        before=before,
    )
    answer = wait_for_approval(engine, lease, row, place)
    if isinstance(answer, Waiting):
        return answer
    return answer.reason if isinstance(answer, Refused) else None


def _is_called_undo(row: Any) -> bool:
    """A rollback takes back what the approved run itself did through the runbooks that it called."""
    return is_undo_run(row) and bool(row.parent)


def is_undo_run(row: Any) -> bool:
    """Whether the run takes an earlier one back."""
    return bool(row.origin) and row.origin.startswith("undo:")


def _undo_plan(run: FrozenRun, rows: list[Row], asked: Record, row: Any) -> Plan:
    """What an undo does was fixed when it was asked for; raises RunAltered where it is something else now."""
    changes = tuple(r.change for r in rows)
    plan = Plan(runbook=run.runbook.id, version=run.runbook.version, inputs=dict(run.inputs), changes=changes)
    if plan.digest != asked.draft.body["plan_digest"]:
        raise RunAltered(row.id)
    return plan


def prompt_of(row: Any, run: FrozenRun) -> LocalText:
    """What approvers are asked, in every language."""
    said = phrase("approvals.prompt", runbook=run.runbook.title, actor=run.actor, reason=row.request_reason)
    return LocalText.model_validate({lang: said.text(lang).strip() for lang in LANGUAGES})


def _keep(connection: Connection, row: Any, plan: Plan, old: list[Change]) -> None:
    """The run does what the plan says, and nothing that an older plan said."""
    if list(plan.changes) == old:
        return
    connection.execute(delete(JOURNAL).where(JOURNAL.c.run == row.id))
    connection.execute(insert(JOURNAL), plan_rows(row.id, list(plan.changes)))
    connection.execute(update(RUNS).where(RUNS.c.id == row.id).values(plan_digest=plan.digest))
