"""The end of a run: what was not done is skipped, what was interrupted is unknown, and the record says so."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, update

from temanashi.changes import Outcome, Verdict
from temanashi.ledger.records import RunOutcome
from temanashi.people import Actor
from temanashi.runs.approvals.store import approvers_of
from temanashi.runs.checklist_closing import leave_checklist
from temanashi.runs.engine import Engine
from temanashi.runs.events import RunFinished
from temanashi.runs.journal import Row, draft_of, read_rows, read_run, settle, target_outcomes
from temanashi.runs.results import Finished, NoRun
from temanashi.runs.tables import RUNS, WAITS
from temanashi.text.local import Phrase, phrase

__all__ = ["finish_run", "finished", "run_outcome", "tell_finished"]


_NOT_REACHED = Outcome(status="skipped", reason=phrase("runs.not-reached"))


def run_outcome(rows: list[Row]) -> tuple[RunOutcome, Phrase | None]:
    """What the rows add up to, and the first reason for anything but done."""
    outcomes = [row.outcome for row in rows if row.outcome is not None]
    for status, result in (("failed", "failed"), ("conflict", "failed"), ("unknown", "unknown")):
        for outcome in outcomes:
            if outcome.status == status:
                return ("failed" if result == "failed" else "unknown"), outcome.reason
    return "done", None


def finish_run(
    engine: Engine,
    connection: Connection,
    run: str,
    *,
    outcome: RunOutcome | None = None,
    reason: Phrase | None = None,
    actor: Actor | None = None,
) -> Finished:
    """End the run in the caller's transaction: rows, run row and the `run_finished` record. Tell observers after the commit."""
    now = engine.clock.now()
    row = read_run(connection, run)
    if row is None:
        raise NoRun(run)
    leave_checklist(engine, connection, row, actor=_canceller(row, actor))
    rows = read_rows(connection, run)
    left = [journal_row for journal_row in rows if not journal_row.settled]
    for journal_row in left:
        reached = journal_row.state == "intended"
        end = Outcome(status="unknown", reason=phrase("runs.interrupted")) if reached else _NOT_REACHED
        settle(connection, run, journal_row.change, end, now)
    rows = read_rows(connection, run) if left else rows
    added, why = run_outcome(rows)
    wish = json.loads(row.cancel) if row.cancel else None
    if outcome == "cancelled" and wish:
        actor = actor or Actor.model_validate(wish["actor"])
        reason = reason or phrase("runs.cancelled-by", actor=actor.name, reason=wish["reason"])
    final, why = outcome or added, reason or why
    verdicts = [r.outcome.verdict for r in rows if r.outcome is not None and r.outcome.verdict is not None]
    verdict = Verdict.worst(verdicts) if verdicts else None
    _write(engine, connection, row, final, verdict, why, actor, rows)
    return Finished(run=run, outcome=final, verdict=verdict, targets=target_outcomes(rows), reason=why)


def _canceller(row: Any, actor: Actor | None) -> Actor:
    if row.cancel:
        return actor or Actor.model_validate(json.loads(row.cancel)["actor"])
    return actor or Actor.model_validate_json(row.actor)


def _write(
    engine: Engine,
    connection: Connection,
    row: Any,
    outcome: RunOutcome,
    verdict: Verdict | None,
    reason: Phrase | None,
    actor: Actor | None,
    rows: list[Row],
) -> None:
    said = reason.model_dump_json() if reason else None
    values = {"state": outcome, "verdict": verdict, "reason": said, "ended_at": engine.clock.now().isoformat()}
    connection.execute(update(RUNS).where(RUNS.c.id == row.id).values(**values))
    connection.execute(update(WAITS).where((WAITS.c.run == row.id) & (WAITS.c.state == "open")).values(state="closed"))
    manual = [r for r in rows if r.change.wait is not None and r.change.wait.kind == "manual"]
    body = {
        "plan_digest": row.plan_digest,
        "verdict": verdict,
        "changes": len(rows),
        "manual_changes": len(manual),
        "human_time_known": all(r.outcome is not None and r.outcome.human_seconds > 0 for r in manual),
        "requested_by": json.loads(row.actor)["name"],
        "flow_run": row.flow_run or "",
    }
    draft = draft_of(
        row,
        "run_finished",
        actor=actor,
        outcome=outcome,
        targets=target_outcomes(rows),
        approvers=approvers_of(engine.ledger, connection, row.id),
        reason=reason.text("en") if reason else "",
        body=engine.redactor.value(body),
    )
    engine.ledger.append(connection, draft)


def finished(row: Any, rows: list[Row]) -> Finished:
    """The result of a run that is over already."""
    return Finished(
        run=row.id,
        outcome=row.state,
        verdict=Verdict(row.verdict) if row.verdict else None,
        targets=target_outcomes(rows),
        reason=Phrase.model_validate_json(row.reason) if row.reason else None,
    )


def tell_finished(engine: Engine, result: Finished) -> Finished:
    """Tell observers; only after the commit."""
    engine.tell(RunFinished(run=result.run, outcome=result.outcome, verdict=result.verdict))
    return result
