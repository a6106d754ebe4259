"""Working on a checklist: what a person does is saved at once, in a transaction of its own, and nothing is ever erased."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from temanashi.people import Actor, People
from temanashi.runbooks.manual_values import read_value
from temanashi.runs.checklist_faults import (
    BadMinutes,
    LineChanged,
    LineNeeded,
    NoChecklist,
    NoLine,
    NoReason,
    NotConfirmable,
    NoteTooLong,
    NotInGroup,
    SamePerson,
)
from temanashi.runs.checklist_journal import add_deed, read_checklist
from temanashi.runs.checklist_state import Checklist, LineNow, Verb
from temanashi.runs.engine import Engine
from temanashi.runs.journal import read_run
from temanashi.runs.results import NoRun, NotWaiting
from temanashi.runs.stopping import refuse_when_stopped
from temanashi.runs.tables import WAITS

__all__ = ["MOST_MINUTES", "NOTE_LENGTH", "Act", "act", "checklist_of", "lock_wait"]

NOTE_LENGTH, MOST_MINUTES = 2000, 1440


@dataclass(frozen=True, kw_only=True)
class Act:
    """What somebody wants to do. `seen` is the number of the last deed on the line that they saw; None: whatever it is.

    `value` and `note` are as typed; None leaves them as they are. `seconds` corrects the measured time of the actor.
    """

    verb: Verb
    actor: Actor
    line: int | None = None
    value: str | None = None
    note: str | None = None
    seen: int | None = None
    seconds: int | None = None


def checklist_of(connection: Connection, run: str) -> Checklist | None:
    """The checklist that a run waits for, or None."""
    open_wait = (WAITS.c.run == run) & (WAITS.c.state == "open") & (WAITS.c.kind == "manual")
    step = connection.execute(select(WAITS.c.step).where(open_wait)).scalar()
    return read_checklist(connection, run, step) if step is not None else None


def lock_wait(connection: Connection, run: str, *, step: str | None, now: datetime) -> tuple[Any, Any]:
    """The run's row and that of its open wait, held until the transaction ends.

    `step` is the wait that the person saw. Raises NoRun, NotWaiting and RunsStopped.
    """
    row = read_run(connection, run)
    if row is None:
        raise NoRun(run)
    refuse_when_stopped(connection)
    query = select(WAITS).where((WAITS.c.run == run) & (WAITS.c.state == "open")).with_for_update()
    found = connection.execute(query).one_or_none()
    over = found is not None and found.until is not None and datetime.fromisoformat(found.until) <= now
    if found is None or over or step not in {None, found.step}:
        raise NotWaiting(run, row.state)
    return row, found


def act(engine: Engine, run: str, asked: Act, *, step: str | None = None) -> Checklist:
    """Do it, and tell where the checklist stands then. Doing again what the same person did already changes nothing.

    Raises NoRun, NotWaiting, RunsStopped, NoChecklist, and what is wrong with the deed itself.
    """
    now = engine.clock.now()
    with engine.database.transaction() as connection:
        _, wait = lock_wait(connection, run, step=step, now=now)
        found = read_checklist(connection, run, wait.step) if wait.kind == "manual" else None
        if found is None:
            raise NoChecklist(run)
        deeds = _Deeds(engine, connection, run, wait.step, asked, now)
        if asked.line is None:
            _on_whole(deeds, found)
        elif (line := found.line(asked.line)) is None:
            raise NoLine(asked.line, most=len(found.lines))
        else:
            _on_line(deeds, found, line)
        return read_checklist(connection, run, wait.step) or found


@dataclass(frozen=True)
class _Deeds:
    """Where what is asked for is written."""

    engine: Engine
    connection: Connection
    run: str
    wait: str
    asked: Act
    now: datetime

    def add(self, verb: Verb, *, line: int | None = None, **data: Any) -> None:
        add_deed(self.connection, self.run, self.wait, verb, actor=self.asked.actor, at=self.now, line=line, data=data)


def _on_whole(deeds: _Deeds, found: Checklist) -> None:
    asked = deeds.asked
    name = asked.actor.name
    if asked.verb in {"begin", "take_over"}:
        if found.holder is None:
            deeds.add("begin")
        elif found.holder.name != name:
            deeds.add("take_over")
    elif asked.verb == "heartbeat":
        if any(deed.actor.name == name and deed.verb in {"begin", "take_over"} for deed in found.deeds):
            deeds.add("heartbeat")
    elif asked.verb == "minutes":
        if asked.seconds is None or not 0 <= asked.seconds <= MOST_MINUTES * 60:
            raise BadMinutes(most=MOST_MINUTES)
        deeds.add("minutes", seconds=asked.seconds)
    else:
        raise NoLine(0, most=len(found.lines))


def _on_line(deeds: _Deeds, found: Checklist, line: LineNow) -> None:
    asked = deeds.asked
    data = _written(deeds.engine, line, asked)
    if asked.seen is not None and asked.seen != line.seen and not (_again(line, asked, data) or _harmless(line, asked, data)):
        raise LineChanged(line.line.number, by=_last_on(found, line))
    if asked.verb == "confirm":
        _check_confirmer(line, asked.actor, deeds.engine.directory(deeds.connection).people)
        if line.confirmed_by is not None and line.confirmed_by.name == asked.actor.name:
            return
    elif _again(line, asked, data):
        return
    elif found.holder is None:
        deeds.add("begin", implied=True)
    deeds.add(asked.verb, line=line.line.number, **data)


def _again(line: LineNow, asked: Act, data: dict[str, Any]) -> bool:
    """Whether the line is already as asked, by the same person: a button pressed twice."""
    wished = {"tick": "done", "not_applicable": "not_applicable", "untick": "open", "save": line.state}.get(asked.verb)
    mine = line.by is None or line.by.name == asked.actor.name
    same = data.get("value", line.value) == line.value and data.get("note", line.note) == line.note
    return wished == line.state and mine and same


def _harmless(line: LineNow, asked: Act, data: dict[str, Any]) -> bool:
    """Whether a tick takes nothing away from what somebody else wrote meanwhile."""
    return asked.verb == "tick" and line.state == "open" and all(getattr(line, name) == given for name, given in data.items())


def _last_on(found: Checklist, line: LineNow) -> str:
    return next((deed.actor.name for deed in found.deeds if deed.seq == line.seen), "")


def _written(engine: Engine, line: LineNow, asked: Act) -> dict[str, Any]:
    """What of value and note the deed changes, checked; raises WrongValue, NoteTooLong, NoReason and LineNeeded."""
    data: dict[str, Any] = {}
    if asked.note is not None:
        if len(asked.note) > NOTE_LENGTH:
            raise NoteTooLong(most=NOTE_LENGTH)
        data["note"] = engine.redactor.text(asked.note.strip())
    spec = line.line.terms.value
    if asked.verb == "not_applicable":
        if not line.line.terms.not_applicable:
            raise LineNeeded(line.line.number)
        if not data.get("note", line.note):
            raise NoReason(line.line.number)
    elif spec is not None and asked.verb in {"tick", "save"}:
        if asked.value is not None and (asked.value.strip() or asked.verb == "tick"):
            data["value"] = engine.redactor.value(read_value(spec, asked.value))
        elif asked.value is not None and line.state == "open":
            data["value"] = None
        elif asked.verb == "tick" and line.value is None:
            read_value(spec, "")
    return data


def _check_confirmer(line: LineNow, actor: Actor, people: People) -> None:
    """Raises NotConfirmable, SamePerson and NotInGroup."""
    terms, number = line.line.terms, line.line.number
    if line.state == "open" or not terms.confirm or line.by is None:
        raise NotConfirmable(number)
    if people.identities(line.by) & people.identities(actor):
        raise SamePerson(number, name=actor.name)
    if terms.confirm != "anybody" and people.find(actor.name) not in people.members((terms.confirm,)):
        raise NotInGroup(number, name=actor.name, group=terms.confirm)
