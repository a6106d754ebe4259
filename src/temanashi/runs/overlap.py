"""Turns: one run of the same work at a time, on whatever machine, until it is over. A run that waits for a person keeps its turn.

`overlap` of a runbook says what a new run does meanwhile. `skip`: it does not begin while a run with the same inputs is live; runs
with other inputs are other work. `queue`: runs of the runbook go one after the other, in the order of their times. `parallel`:
no turns. A run whose process died keeps its turn where somebody will go on with it (Prefect's), and loses it where nobody does.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, text, update

from temanashi.canonical import digest_of
from temanashi.errors import RunError
from temanashi.runbooks.model import Runbook
from temanashi.runs.engine import Engine
from temanashi.runs.owners import free_to_end
from temanashi.runs.schedule_tables import TURNS
from temanashi.runs.tables import RUNS

__all__ = ["NotItsTurn", "Overlapping", "enter_turn", "take_turn", "turns_to_take", "wait_for_turn"]

LIVE = ("planned", "running", "waiting")
SEEN_SECONDS = 30
"""A run outside Prefect that is asked for, or waits for its turn, is given up when its process was silent for so long."""

LOOK_SECONDS = 1.0
_TURN_LOCK = 0x74656D61
WHOLE = ""
"""The `work` of a run that excludes every other run of its runbook."""


class Overlapping(RunError):
    """A run of the same work is not over, and the runbook says that a second one does not begin."""

    key = "runs.overlapping"

    def __init__(self, *, runbook: str, run: str, actor: str, since: str, state: str) -> None:
        super().__init__(runbook=runbook, run=run, actor=actor, since=since, state=state)


class NotItsTurn(RunError):
    """Another run of the runbook goes first."""

    key = "runs.not-its-turn"

    def __init__(self, run: str, *, ahead: str) -> None:
        super().__init__(run=run, ahead=ahead)


def enter_turn(
    connection: Connection,
    runbook: Runbook,
    run: str,
    inputs: Mapping[str, Any],
    *,
    now: datetime,
    due: datetime | None,
    waits: bool,
) -> None:
    """Queue a new run, in the transaction that writes it; raises Overlapping where it would have to wait and must not.

    `due` is the time of its place in the queue (default: now); with `waits` it queues even where the runbook says `skip`.
    """
    if runbook.overlap == "parallel":
        return
    _one_at_a_time(connection, runbook.id)
    work = WHOLE if runbook.overlap == "queue" else digest_of(dict(inputs))
    rivals = _rivals(connection, runbook.id, run, work, now)
    if rivals and runbook.overlap == "skip" and not waits:
        first = rivals[0]
        actor = json.loads(first.actor)["name"]
        raise Overlapping(runbook=runbook.id, run=first.run, actor=actor, since=first.requested_at, state=first.state)
    place = f"{_text(due or now)}/{run}"
    values = {"taken_at": None if rivals else _text(now), "seen_at": _text(now)}
    connection.execute(insert(TURNS).values(run=run, runbook=runbook.id, work=work, place=place, **values))


def take_turn(connection: Connection, run: str, now: datetime) -> None:
    """Take the turn of a run, or find that it has it; raises NotItsTurn."""
    runbook = connection.execute(select(TURNS.c.runbook).where(TURNS.c.run == run)).scalar()
    if runbook is None:  # a runbook whose runs overlap
        return
    _one_at_a_time(connection, runbook)
    mine = connection.execute(select(TURNS).where(TURNS.c.run == run)).one()
    ahead = _ahead(mine, _rivals(connection, runbook, run, mine.work, now))
    if ahead is not None:
        raise NotItsTurn(run, ahead=ahead)
    if mine.taken_at is None:
        connection.execute(update(TURNS).where(TURNS.c.run == run).values(taken_at=_text(now)))


def wait_for_turn(engine: Engine, run: str, *, seconds: float, tell: Callable[[str], None]) -> bool:
    """Wait until it is a run's turn (or it was ended); False after these seconds. `tell` hears once of the run that goes first."""
    until = engine.clock.monotonic() + seconds
    told = False
    while (ahead := _still_ahead(engine, run)) is not None:
        if not told:
            tell(ahead)
        told = True
        if engine.clock.monotonic() >= until:
            return False
        engine.clock.sleep(LOOK_SECONDS)
    return True


def _still_ahead(engine: Engine, run: str) -> str | None:
    """Who goes first, after writing that somebody waits here."""
    now = engine.clock.now()
    with engine.database.transaction() as connection:
        if connection.execute(select(RUNS.c.state).where(RUNS.c.id == run)).scalar() not in LIVE:
            return None
        connection.execute(update(TURNS).where(TURNS.c.run == run).values(seen_at=_text(now)))
        return _peek(connection, run, now)


def turns_to_take(connection: Connection, now: datetime) -> list[str]:
    """Flow runs (ids of Prefect) of queued runs that have not begun and whose turn it is now."""
    query = (
        select(TURNS.c.run, RUNS.c.flow_run)
        .select_from(TURNS.join(RUNS, RUNS.c.id == TURNS.c.run))
        .where(TURNS.c.taken_at.is_(None), RUNS.c.state == "planned", RUNS.c.flow_run.is_not(None))
        .order_by(TURNS.c.place)
    )
    return [row.flow_run for row in connection.execute(query).all() if _peek(connection, row.run, now) is None]


def _peek(connection: Connection, run: str, now: datetime) -> str | None:
    mine = connection.execute(select(TURNS).where(TURNS.c.run == run)).one_or_none()
    return None if mine is None else _ahead(mine, _rivals(connection, mine.runbook, run, mine.work, now))


def _ahead(mine: Any, rivals: list[Any]) -> str | None:
    """The rival that goes first: one that began; where this run began itself, one that took over while it lay dead."""
    for other in rivals:
        if mine.taken_at is None:
            first = other.taken_at is not None or other.place < mine.place
        else:
            first = other.taken_at is not None and other.taken_at > mine.taken_at
        if first:
            return str(other.run)
    return None


def _rivals(connection: Connection, runbook: str, run: str, work: str, now: datetime) -> list[Any]:
    """Live runs that exclude this one, those that began first."""
    fields = (RUNS.c.state, RUNS.c.actor, RUNS.c.requested_at, RUNS.c.flow_run, RUNS.c.lease_owner, RUNS.c.lease_until)
    query = (
        select(TURNS, *fields)
        .select_from(TURNS.join(RUNS, RUNS.c.id == TURNS.c.run))
        .where(TURNS.c.runbook == runbook, TURNS.c.run != run, RUNS.c.state.in_(LIVE))
        .order_by(TURNS.c.taken_at.is_(None), TURNS.c.place)
    )
    rows = connection.execute(query).all()
    return [row for row in rows if (WHOLE in (work, row.work) or row.work == work) and _alive(row, now)]


def _alive(row: Any, now: datetime) -> bool:
    """Whether somebody works on a run, or will."""
    if row.state == "waiting" or row.flow_run or not free_to_end(row.lease_owner, row.lease_until, now):
        return True
    return row.lease_owner is None and datetime.fromisoformat(row.seen_at) > now - timedelta(seconds=SEEN_SECONDS)


def _one_at_a_time(connection: Connection, runbook: str) -> None:
    """On PostgreSQL those who ask for turns of a runbook queue here until they commit; SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        key = {"space": _TURN_LOCK, "runbook": zlib.crc32(runbook.encode()) - 2**31}
        connection.execute(text("SELECT pg_advisory_xact_lock(:space, :runbook)"), key)


def _text(moment: datetime) -> str:
    """One width, so that text order is time order."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
