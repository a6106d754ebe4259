"""The end of a checklist: done, refused or expired. One `decision` record tells every line, who did and confirmed it, and when."""

from __future__ import annotations

from typing import Any, Literal

from sqlalchemy import Connection, select

from temanashi.people import Actor, Channel
from temanashi.runs.checklist_faults import ChecklistOpen, NoChecklist, RefusalWithoutReason
from temanashi.runs.checklist_journal import add_deed, read_checklist
from temanashi.runs.checklist_outcomes import line_outcomes
from temanashi.runs.checklist_record import Closing, proposed_seconds
from temanashi.runs.checklist_state import LineNow
from temanashi.runs.checklists import lock_wait
from temanashi.runs.engine import Engine
from temanashi.runs.journal import read_rows, settle
from temanashi.runs.tables import WAITS

__all__ = ["answer_whole", "answerable", "close_checklist", "expire_checklist", "leave_checklist"]


def close_checklist(
    engine: Engine,
    run: str,
    *,
    actor: Actor,
    channel: Channel,
    verdict: Literal["done", "refused"],
    note: str = "",
    step: str | None = None,
) -> str:
    """Close the checklist that a run waits for; the step of its wait. The run goes on with the next `advance`.

    Raises NoRun, NotWaiting, RunsStopped, NoChecklist, ChecklistOpen, RefusalWithoutReason and NoteTooLong.
    """
    now = engine.clock.now()
    with engine.database.transaction() as connection:
        row, wait = lock_wait(connection, run, step=step, now=now)
        found = read_checklist(connection, run, wait.step) if wait.kind == "manual" else None
        if found is None:
            raise NoChecklist(run)
        if verdict == "refused" and not note.strip():
            raise RefusalWithoutReason
        left = [line.line.number for line in found.lines if not line.settled]
        if left and verdict == "done":
            raise ChecklistOpen(run, left)
        Closing(engine, connection, row, wait.step, found).write(verdict, actor=actor, channel=channel, note=note)
        return str(wait.step)


def answerable(connection: Connection, run: str, step: str) -> bool:
    """Whether a checklist may be answered as a whole: no line of it asks for a value or a second person."""
    found = read_checklist(connection, run, step)
    terms = [line.line.terms for line in found.lines] if found is not None else []
    return not any(one.confirm or (one.value is not None and one.value.required) for one in terms)


def answer_whole(
    engine: Engine,
    connection: Connection,
    row: Any,
    wait: Any,
    *,
    actor: Actor,
    channel: Channel,
    verdict: Literal["done", "refused"],
    note: str,
    human_seconds: int | None,
) -> None:
    """Answer for the whole checklist at once: what is not ticked yet is done by this person. No sample; the caller holds the wait.

    `human_seconds` are this person's, as they say; without them, what the runbook proposes for the lines left is taken.
    Raises ChecklistOpen where a line needs a value or a second person.
    """
    found = read_checklist(connection, row.id, wait.step)
    if found is None:  # opened before there were checklists
        raise NoChecklist(row.id)
    now = engine.clock.now()
    left = [line for line in found.lines if not line.settled]
    if verdict == "done":
        if needy := [line.line.number for line in left if not _simple(line)]:
            raise ChecklistOpen(row.id, needy)
        for line in left:
            add_deed(connection, row.id, wait.step, "tick", actor=actor, at=now, line=line.line.number, data={"whole": True})
    if human_seconds is not None:
        add_deed(connection, row.id, wait.step, "minutes", actor=actor, at=now, data={"seconds": human_seconds})
    closing = Closing(engine, connection, row, wait.step, read_checklist(connection, row.id, wait.step) or found)
    default = 0 if verdict == "refused" or human_seconds is not None else sum(proposed_seconds(line) for line in left)
    closing.write(verdict, actor=actor, channel=channel, note=note, default=default, whole=verdict == "done" and bool(left))


def expire_checklist(engine: Engine, connection: Connection, row: Any, step: str, *, actor: Actor) -> bool:
    """Write that nobody closed a checklist in time; False where the wait has none."""
    found = read_checklist(connection, row.id, step)
    if found is not None:
        Closing(engine, connection, row, step, found).write("expired", actor=actor, channel="schedule", note="")
    return found is not None


def leave_checklist(engine: Engine, connection: Connection, row: Any, *, actor: Actor) -> None:
    """Write what was done of a checklist whose run is cancelled, and settle it; nothing where nobody had done anything."""
    wait = connection.execute(select(WAITS).where((WAITS.c.run == row.id) & (WAITS.c.state == "open"))).one_or_none()
    found = read_checklist(connection, row.id, wait.step) if wait is not None and wait.kind == "manual" else None
    if wait is None or found is None or not found.deeds:
        return
    closing = Closing(engine, connection, row, wait.step, found)
    decision = closing.write("cancelled", actor=actor, channel=row.channel, note="")
    now = engine.clock.now()
    done = {(line.line.step, line.line.iteration) for line in found.lines if line.state != "open"}
    changes = [r.change for r in read_rows(connection, row.id) if not r.settled and (r.change.step, r.change.iteration) in done]
    for change in changes:
        settle(connection, row.id, change, line_outcomes(decision, changes, now)[change.key], now)


def _simple(line: LineNow) -> bool:
    terms = line.line.terms
    return line.state == "open" and not terms.confirm and (terms.value is None or not terms.value.required)
