"""`decide`: the one way in for every approval, refusal and manual confirmation, divided by what the run waits for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from sqlalchemy import Connection, select

from temanashi.people import Actor, Channel
from temanashi.runs.approvals.faults import NotAnApproval
from temanashi.runs.approvals.store import latest
from temanashi.runs.approvals.voting import due_afterwards, vote
from temanashi.runs.checklist_closing import answer_whole
from temanashi.runs.checklists import lock_wait
from temanashi.runs.engine import Engine
from temanashi.runs.journal import read_run
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
    first: Callable[[Connection], None] | None = None,
) -> str:
    """Write what a person says of that for which a run waits; the step's id. Raises NoRun, NotWaiting, RunsStopped and more.

    A checklist is answered as a whole, `done` or `refused`: `human_seconds` are active seconds as the person says; without them the
    minutes that the runbook proposes are taken and marked as a default. Raises ChecklistOpen where a line needs a value or a second
    person. An approval is `approved` or `refused`: `digest` is that of the
    plan which the person saw, and who may not approve is told why (`runs.approvals.voting.vote`). The run goes on with the next
    `advance`. `first` writes, in the same transaction, what must hold only together with the decision.
    """
    with engine.database.transaction() as connection:
        if first is not None:
            first(connection)
        row = read_run(connection, run)
        if row is None:
            raise NoRun(run)
        refuse_when_stopped(connection)
        # Held, so that of two people who answer at once the second is judged after the first: what was settled waits no more.
        waiting = select(WAITS).where((WAITS.c.run == run) & (WAITS.c.state == "open")).with_for_update()
        found = connection.execute(waiting).one_or_none()
        if found is not None and found.kind == "manual":
            if verdict == "approved":
                raise NotAnApproval(run, "manual")
            row, found = lock_wait(connection, run, step=None, now=engine.clock.now())
            told: dict[str, Any] = {"verdict": verdict, "note": note, "human_seconds": human_seconds}
            answer_whole(engine, connection, row, found, actor=actor, channel=channel, **told)
            return str(found.step)
        asked = latest(connection, run, found.step, lock=True) if found is not None else due_afterwards(connection, run)
        if asked is None:
            raise NotWaiting(run, row.state)
        said: dict[str, Any] = {"verdict": verdict, "note": note, "human_seconds": human_seconds, "digest": digest}
        vote(engine, connection, row, asked, actor=actor, channel=channel, **said)
        return asked.step
