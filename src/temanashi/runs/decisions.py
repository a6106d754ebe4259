"""`decide`: the one way in for every approval, refusal and manual confirmation, divided by what the run waits for."""

from __future__ import annotations

import json
from typing import Any, Literal

from sqlalchemy import Connection, select, update

from temanashi.canonical import canonical_json
from temanashi.people import Actor, Channel
from temanashi.runbooks.steps.manual import ManualSpec
from temanashi.runs.approvals.faults import NotAnApproval
from temanashi.runs.approvals.store import latest
from temanashi.runs.approvals.voting import due_afterwards, vote
from temanashi.runs.engine import Engine
from temanashi.runs.frozen import thaw
from temanashi.runs.journal import draft_of, read_run
from temanashi.runs.results import NoRun, NotWaiting
from temanashi.runs.stopping import refuse_when_stopped
from temanashi.runs.tables import WAITS

__all__ = ["Verb", "decide"]

Verb = Literal["done", "approved", "refused"]


def decide(
    engine: Engine,
    run: str,
    *,
    actor: Actor,
    channel: Channel,
    verdict: Verb,
    note: str = "",
    human_seconds: int | None = None,
    digest: str = "",
) -> str:
    """Write what a person says of that for which a run waits; the step's id. Raises NoRun, NotWaiting, RunsStopped and more.

    A manual step is `done` or `refused`: `human_seconds` are active seconds as the person says; without them the minutes that the
    runbook proposes for the step are taken and marked as a default. An approval is `approved` or `refused`: `digest` is that of the
    plan which the person saw, and who may not approve is told why (`runs.approvals.voting.vote`). The run goes on with the next
    `advance`.
    """
    with engine.database.transaction() as connection:
        row = read_run(connection, run)
        if row is None:
            raise NoRun(run)
        refuse_when_stopped(connection)
        found = connection.execute(select(WAITS).where((WAITS.c.run == run) & (WAITS.c.state == "open"))).one_or_none()
        if found is not None and found.kind == "manual":
            if verdict == "approved":
                raise NotAnApproval(run, "manual")
            _confirm(engine, connection, row, found, actor, channel, verdict, note, human_seconds)
            return str(found.step)
        asked = latest(connection, run, found.step, lock=True) if found is not None else due_afterwards(connection, run)
        if asked is None:
            raise NotWaiting(run, row.state)
        said: dict[str, Any] = {"verdict": verdict, "note": note, "human_seconds": human_seconds, "digest": digest}
        vote(engine, connection, row, asked, actor=actor, channel=channel, **said)
        return asked.step


def _confirm(
    engine: Engine,
    connection: Connection,
    row: Any,
    found: Any,
    actor: Actor,
    channel: Channel,
    verdict: Verb,
    note: str,
    human_seconds: int | None,
) -> None:
    """What a person says of a manual step."""
    if human_seconds is not None:
        seconds, source = human_seconds, "entered"
    elif verdict == "done":
        seconds, source = _default(engine, row.id, row.frozen, found.step)
    else:
        seconds, source = 0, ""  # who refused a step did not do its work
    clean = engine.redactor.text(note)
    decision = {"verdict": verdict, "note": clean, "actor": actor.name, "human_seconds": seconds}
    where = (WAITS.c.run == row.id) & (WAITS.c.step == found.step)
    connection.execute(update(WAITS).where(where).values(state=verdict, decision=canonical_json(decision)))
    body = {"wait": found.kind, "note": clean, "prompt": json.loads(found.prompt)}
    draft = draft_of(
        row,
        "decision",
        actor=actor,
        channel=channel,
        step=found.step,
        outcome=verdict,
        human_seconds=seconds,
        human_source=source,
        body=body,
    )
    engine.ledger.append(connection, draft)


def _default(engine: Engine, run: str, frozen: str, step: str) -> tuple[int, str]:
    item = next(item for item in thaw(run, frozen, kinds=engine.kinds).runbook.steps if item.id == step)
    minutes = item.spec.minutes if isinstance(item.spec, ManualSpec) else None
    return (round(minutes * 60), "default") if minutes else (0, "")
