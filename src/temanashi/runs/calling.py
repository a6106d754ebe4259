"""A run that calls another: the called runbook is a run of its own, found again by the change that called it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from temanashi.changes import Change, Outcome
from temanashi.errors import InputError, RunError
from temanashi.people import Actor
from temanashi.runbooks.model import StepItem
from temanashi.runs.again import request_undo
from temanashi.runs.approvals.permits import rules_of
from temanashi.runs.engine import Engine
from temanashi.runs.frozen import FrozenRun
from temanashi.runs.journal import intend
from temanashi.runs.lease import Lease
from temanashi.runs.requests import RunRequest, request_run
from temanashi.runs.results import Finished, Waiting
from temanashi.runs.tables import RUNS
from temanashi.runs.working import Work
from temanashi.text.local import Phrase, phrase

__all__ = ["call_through"]

Advance = Callable[[Engine, str], Finished | Waiting]


def call_through(
    engine: Engine, lease: Lease, row: Any, frozen: FrozenRun, item: StepItem, work: Work, advance: Advance
) -> Waiting | None:
    """Run what a step calls, one run after the other, until one waits; after one that failed the rest is left."""
    for called in list(work.rows):
        if called.settled or called.change.left_out is not None:
            continue
        with lease.writing() as connection:
            intend(connection, row.id, [called.change], engine.clock.now())
        result = _called(engine, lease, row, frozen, called.change, advance)
        if isinstance(result, Waiting):
            return result
        outcome, undo = result
        work.settle([called.change], outcome, undo)
        if not outcome.good and item.on_failure != "continue":
            left = [other.change for other in work.rows if not other.settled and other.change.left_out is None]
            work.settle(left, Outcome(status="skipped", reason=phrase("runs.not-reached")))
    return None


def _called(
    engine: Engine, lease: Lease, row: Any, frozen: FrozenRun, change: Change, advance: Advance
) -> tuple[Outcome, Change | None] | Waiting:
    """The outcome of a called run and what takes it back, or what it waits for."""
    key = f"{row.id}/{change.step}/{change.iteration}/{change.target}"
    started = engine.clock.now()
    with engine.database.reading() as connection:
        known = connection.execute(select(RUNS.c.id).where(RUNS.c.parent == key)).scalar()
    if known is None and (lease.halt.is_set()):
        return Outcome(status="skipped", reason=phrase("runs.not-reached")), None
    try:
        run = str(known) if known else _request(engine, row, frozen, change, key)
    except (InputError, RunError) as error:  # refused before anything was touched
        return Outcome(status="failed", reason=Phrase(key=error.key, data=error.data), started_at=started), None
    result = advance(engine, run)
    if isinstance(result, Waiting):
        return result
    outcome = _outcome(result).model_copy(update={"started_at": started, "ended_at": engine.clock.now()})
    did_something = outcome.status == "changed" or any(target.outcome == "changed" for target in result.targets)
    return outcome, _undo(change, result) if did_something and "undo_of" not in change.payload else None


def _request(engine: Engine, row: Any, frozen: FrozenRun, change: Change, key: str) -> str:
    if "undo_of" in change.payload:
        actor = Actor.model_validate_json(row.actor)
        return request_undo(engine, change.payload["undo_of"], actor=actor, channel=row.channel, parent=key)
    called = frozen.called[change.payload["runbook"]]
    return request_run(
        engine,
        RunRequest(
            runbook=called,
            emergency=bool(row.emergency) and bool(rules_of(called)),  # who may not put off that approval too is refused
            workspace_version=row.workspace_version,
            inventory=frozen.inventory,
            inputs=change.payload["inputs"],
            actor=Actor.model_validate_json(row.actor),
            channel=row.channel,
            mode=row.mode,
            beneficiary=row.beneficiary,
            identity_check=row.identity_check,
            ticket=row.ticket,
            reason=row.request_reason,
            slot="",  # the calling run serves the demand; a called one earns nothing by itself
            flow_run=f"{row.flow_run}/{change.step}/{change.iteration}" if row.flow_run else "",
            limit=tuple(change.payload["limit"]) or frozen.limit,
            called=frozen.called,
            parent=key,
        ),
    )


def _outcome(result: Finished) -> Outcome:
    changed = any(target.outcome == "changed" for target in result.targets)
    status = {"done": "changed" if changed else "already", "unknown": "unknown"}.get(result.outcome, "failed")
    return Outcome.model_validate(
        {
            "status": status,
            "reason": result.reason if status in {"failed", "unknown"} else None,
            "verdict": result.verdict if status != "failed" else None,
            "outputs": {"run": result.run, "outcome": result.outcome},
            "details": [json.loads(target.model_dump_json()) for target in result.targets],
        }
    )


def _undo(change: Change, result: Finished) -> Change:
    return change.model_copy(
        update={
            "step": f"{change.step}/undo",
            "summary": phrase("runs.undo-call", what=change.summary),
            "payload": {"undo_of": result.run},
            "reversible": False,
        }
    )
