"""Waiting for a person: open the wait, take over its decision, or let it expire."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, update

from temanashi.changes import Change, Outcome, Wait
from temanashi.people import Actor
from temanashi.runs.engine import Engine
from temanashi.runs.events import RunWaited
from temanashi.runs.journal import draft_of, settle
from temanashi.runs.lease import Lease
from temanashi.runs.results import Waiting
from temanashi.runs.tables import RUNS, WAITS
from temanashi.text.local import phrase

__all__ = ["wait_for"]

SYSTEM = Actor(name="temanashi", kind="system")


def wait_for(engine: Engine, lease: Lease, row: Any, changes: Sequence[Change]) -> Waiting | None:
    """Open the wait of a block of changes, or find it open; None when a decision, or its end, has settled them.

    Adjacent manual changes are one wait, under the step of the first.
    """
    now = engine.clock.now()
    change = changes[0]
    if (wait := change.wait) is None:
        raise ValueError(change.key)
    with lease.writing() as connection:
        found = connection.execute(select(WAITS).where((WAITS.c.run == row.id) & (WAITS.c.step == change.step))).one_or_none()
        if found is None:
            until = _open(connection, row.id, change, wait, now)
        elif found.state != "open":
            outcome = _decided(json.loads(found.decision), now)
            for place, one in enumerate(changes):
                spent = outcome.human_seconds if place == 0 else 0
                settle(connection, row.id, one, outcome.model_copy(update={"human_seconds": spent}), now)
            return None
        else:
            until = datetime.fromisoformat(found.until) if found.until else None
            if until is not None and until <= now:
                _expire(engine, connection, row, changes, now)
                return None
        connection.execute(update(RUNS).where(RUNS.c.id == row.id).values(state="waiting"))
    engine.tell(RunWaited(run=row.id, step=change.step, prompt=wait.prompt, until=until))
    return Waiting(run=row.id, step=change.step, kind=wait.kind, prompt=wait.prompt, until=until)


def _open(connection: Connection, run: str, change: Change, wait: Wait, now: datetime) -> datetime | None:
    until = now + timedelta(seconds=wait.expires_after) if wait.expires_after else None
    texts = {"prompt": wait.prompt.model_dump_json(), "opened_at": now.isoformat(), "until": until.isoformat() if until else None}
    connection.execute(insert(WAITS).values(run=run, step=change.step, kind=wait.kind, state="open", **texts))
    return until


def _expire(engine: Engine, connection: Connection, row: Any, changes: Sequence[Change], now: datetime) -> None:
    """Silence is never consent: an expired wait refuses."""
    change = changes[0]
    connection.execute(update(WAITS).where((WAITS.c.run == row.id) & (WAITS.c.step == change.step)).values(state="expired"))
    draft = draft_of(row, "decision", actor=SYSTEM, channel="schedule", step=change.step, outcome="expired")
    engine.ledger.append(connection, draft)
    for one in changes:
        settle(connection, row.id, one, Outcome(status="failed", reason=phrase("runs.expired")), now)


def _decided(decision: dict[str, Any], now: datetime) -> Outcome:
    """The outcome of a manual change: done by a person, or refused by one."""
    if decision["verdict"] == "done":
        minutes = f"{decision['human_seconds'] / 60:g}"
        reason = phrase("runs.confirmed-by", actor=decision["actor"], minutes=minutes, note=decision["note"])
        outputs = {"note": decision["note"], "by": decision["actor"]}
        return Outcome(status="changed", reason=reason, ended_at=now, human_seconds=decision["human_seconds"], outputs=outputs)
    reason = phrase("runs.refused-by", actor=decision["actor"], note=decision["note"])
    return Outcome(status="failed", reason=reason, ended_at=now, human_seconds=decision["human_seconds"])
