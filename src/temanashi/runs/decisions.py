"""`decide`: the one function that writes every approval, refusal and manual confirmation."""

from __future__ import annotations

import json
from typing import Literal

from sqlalchemy import select, update

from temanashi.canonical import canonical_json
from temanashi.people import Actor, Channel
from temanashi.runbooks.steps.manual import ManualSpec
from temanashi.runs.engine import Engine
from temanashi.runs.frozen import thaw
from temanashi.runs.journal import draft_of, read_run
from temanashi.runs.results import NoRun, NotWaiting
from temanashi.runs.stopping import refuse_when_stopped
from temanashi.runs.tables import WAITS

__all__ = ["Verb", "decide"]

Verb = Literal["done", "refused"]


def decide(
    engine: Engine, run: str, *, actor: Actor, channel: Channel, verdict: Verb, note: str = "", human_seconds: int | None = None
) -> str:
    """Write what a person says of the step that a run waits for; the step's id. Raises NoRun, NotWaiting and RunsStopped.

    `human_seconds` are active seconds as the person says; without them the minutes that the runbook proposes for the step are
    taken and marked as a default. The run goes on with the next `advance`.
    """
    with engine.database.transaction() as connection:
        row = read_run(connection, run)
        if row is None:
            raise NoRun(run)
        refuse_when_stopped(connection)
        found = connection.execute(select(WAITS).where((WAITS.c.run == run) & (WAITS.c.state == "open"))).one_or_none()
        if found is None:
            raise NotWaiting(run, row.state)
        if human_seconds is not None:
            seconds, source = human_seconds, "entered"
        elif verdict == "done":
            seconds, source = _default(engine, run, row.frozen, found.step)
        else:
            seconds, source = 0, ""  # who refused a step did not do its work
        clean = engine.redactor.text(note)
        decision = {"verdict": verdict, "note": clean, "actor": actor.name, "human_seconds": seconds}
        where = (WAITS.c.run == run) & (WAITS.c.step == found.step)
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
        return str(found.step)


def _default(engine: Engine, run: str, frozen: str, step: str) -> tuple[int, str]:
    item = next(item for item in thaw(run, frozen, kinds=engine.kinds).runbook.steps if item.id == step)
    minutes = item.spec.minutes if isinstance(item.spec, ManualSpec) else None
    return (round(minutes * 60), "default") if minutes else (0, "")
