"""Waiting for a person: open the wait, take over its decision, or let it expire."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, update

from temanashi.canonical import digest_of
from temanashi.changes import Change
from temanashi.ledger.witness import witnessed
from temanashi.people import Actor
from temanashi.runs.checklist_closing import expire_checklist
from temanashi.runs.checklist_journal import prompt_of, store_lines
from temanashi.runs.checklist_outcomes import line_outcomes
from temanashi.runs.engine import Engine
from temanashi.runs.events import RunWaited
from temanashi.runs.journal import draft_of, settle
from temanashi.runs.lease import Lease
from temanashi.runs.results import Waiting
from temanashi.runs.tables import RUNS, WAITS
from temanashi.text.local import LocalText

__all__ = ["wait_for"]

SYSTEM = Actor(name="temanashi", kind="system")


def wait_for(engine: Engine, lease: Lease, row: Any, changes: Sequence[Change]) -> Waiting | None:
    """Open the wait of a block of changes, or find it open; None when a decision, or its end, has settled them.

    Adjacent manual changes are one wait, a checklist, under the step of the first.
    """
    now = engine.clock.now()
    change = changes[0]
    if (wait := change.wait) is None:
        raise ValueError(change.key)
    with lease.writing() as connection:
        found = connection.execute(select(WAITS).where((WAITS.c.run == row.id) & (WAITS.c.step == change.step))).one_or_none()
        if found is None:
            prompt = prompt_of(changes)
            until = _open(engine, connection, row.id, changes, prompt, now)
        elif found.state != "open" and not _decided(engine, connection, found):
            # Nobody who signed in wrote this: the wait is as open as it was.
            where = (WAITS.c.run == row.id) & (WAITS.c.step == change.step)
            connection.execute(update(WAITS).where(where).values(state="open", decision=None))
            prompt = LocalText.model_validate_json(found.prompt)
            until = datetime.fromisoformat(found.until) if found.until else None
        elif found.state != "open":
            for key, outcome in line_outcomes(json.loads(found.decision), changes, now).items():
                settle(connection, row.id, _at(changes, key), outcome, now)
            return None
        else:
            prompt = LocalText.model_validate_json(found.prompt)
            until = datetime.fromisoformat(found.until) if found.until else None
            if until is not None and until <= now:
                _expire(engine, connection, row, changes, now)
                return None
        connection.execute(update(RUNS).where(RUNS.c.id == row.id).values(state="waiting"))
    engine.tell(RunWaited(run=row.id, step=change.step, prompt=prompt, until=until))
    return Waiting(run=row.id, step=change.step, kind=wait.kind, prompt=prompt, until=until)


def _decided(engine: Engine, connection: Connection, wait: Any) -> bool:
    """Whether the decision that a row holds was made: on the record, and signed where it says that somebody had signed in."""
    decision = json.loads(wait.decision or "{}")
    if engine.signatures is None or decision.get("verdict") not in {"done", "refused"}:
        return bool(decision)
    digest = digest_of(decision)
    for record in witnessed(engine.ledger, connection, wait.run, ("decision",)):
        draft = record.draft
        same = draft.step == wait.step and draft.outcome == decision["verdict"] and draft.body.get("decided") == digest
        proved = draft.channel == "cli" or engine.signatures.prove(draft.run, draft.step, draft.outcome, draft.actor, draft.body)
        if same and proved:
            return True
    return False


def _at(changes: Sequence[Change], key: tuple[str, int, str]) -> Change:
    return next(change for change in changes if change.key == key)


def _open(
    engine: Engine, connection: Connection, run: str, changes: Sequence[Change], prompt: LocalText, now: datetime
) -> datetime | None:
    first = changes[0]
    limits = [change.wait.expires_after for change in changes if change.wait is not None and change.wait.expires_after]
    until = now + timedelta(seconds=min(limits)) if limits else None
    kind = first.wait.kind if first.wait is not None else ""
    texts = {"prompt": prompt.model_dump_json(), "opened_at": now.isoformat(), "until": until.isoformat() if until else None}
    connection.execute(insert(WAITS).values(run=run, step=first.step, kind=kind, state="open", **texts))
    if kind == "manual":
        store_lines(connection, run, changes, idle_seconds=engine.idle_seconds)
    return until


def _expire(engine: Engine, connection: Connection, row: Any, changes: Sequence[Change], now: datetime) -> None:
    """Silence is never consent: an expired wait refuses. What was ticked before stays done."""
    step = changes[0].step
    where = (WAITS.c.run == row.id) & (WAITS.c.step == step)
    decision: dict[str, Any] = {"verdict": "expired", "note": "", "actor": SYSTEM.name}
    if expire_checklist(engine, connection, row, step, actor=SYSTEM):
        decision = json.loads(connection.execute(select(WAITS.c.decision).where(where)).scalar_one())
    else:
        connection.execute(update(WAITS).where(where).values(state="expired"))
        draft = draft_of(row, "decision", actor=SYSTEM, channel="schedule", step=step, outcome="expired")
        engine.ledger.append(connection, draft)
    for key, outcome in line_outcomes(decision, changes, now).items():
        settle(connection, row.id, _at(changes, key), outcome, now)
