"""Schedules held by a person (保留), and single occurrences skipped: who, why, from when to when. Nothing of it is in a file."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, update

from temanashi.errors import InputError
from temanashi.ledger.chain import event_id
from temanashi.ledger.records import Draft
from temanashi.people import Actor, Channel
from temanashi.runs.engine import Engine
from temanashi.runs.schedule_tables import HOLDS, SKIPS
from temanashi.text.local import Phrase, phrase

__all__ = [
    "Hold",
    "NoSuchHold",
    "NotAhead",
    "Skip",
    "add_hold",
    "add_skip",
    "end_due_holds",
    "hold_over",
    "lift_hold",
    "lift_skip",
    "open_holds",
    "open_skips",
    "remind_later",
    "skip_over",
]

EVERYTHING = ""
REASON_LENGTH = 500


class NotAhead(InputError):
    """The end of a hold is not in the future."""

    key = "runs.hold-not-ahead"

    def __init__(self, until: str) -> None:
        super().__init__(until=until)


class NoSuchHold(InputError):
    """Nothing of that name is held or skipped."""

    key = "runs.no-such-hold"

    def __init__(self, name: str) -> None:
        super().__init__(name=name)


@dataclass(frozen=True, kw_only=True)
class Hold:
    """Schedules that start nothing from `since` to `until` (None: until it is lifted); empty `runbook`: all of them."""

    id: str
    runbook: str
    schedule: str
    reason: str
    actor: str
    since: datetime
    until: datetime | None
    remind_days: int | None
    remind_at: datetime | None
    ended_at: datetime | None

    @property
    def name(self) -> str:
        """`RUNBOOK/SCHEDULE`, `RUNBOOK`, or nothing for all."""
        return "/".join(part for part in (self.runbook, self.schedule) if part)

    @property
    def why(self) -> Phrase:
        """The sentence for what did not run because of it."""
        return phrase("runs.held-by", actor=self.actor, reason=self.reason)

    def covers(self, runbook: str, schedule: str) -> bool:
        """Whether it holds this schedule."""
        return self.runbook in {EVERYTHING, runbook} and self.schedule in {EVERYTHING, schedule}

    def over(self, moment: datetime) -> bool:
        """Whether it was, or is, in force at a moment."""
        end = min((t for t in (self.until, self.ended_at) if t is not None), default=None)
        return self.since <= moment and (end is None or moment < end)


@dataclass(frozen=True, kw_only=True)
class Skip:
    """Occurrences that a person left out: those that serve `day`, or with `at` the one at that moment."""

    id: str
    runbook: str
    schedule: str
    day: date
    at: datetime | None
    reason: str
    actor: str
    made_at: datetime

    @property
    def name(self) -> str:
        """`RUNBOOK/SCHEDULE` or `RUNBOOK`."""
        return "/".join(part for part in (self.runbook, self.schedule) if part)

    @property
    def why(self) -> Phrase:
        """The sentence for what did not run because of it."""
        return phrase("runs.skipped-by", actor=self.actor, reason=self.reason)

    def covers(self, runbook: str, schedule: str, at: datetime, slot: date) -> bool:
        """Whether it leaves out this occurrence."""
        which = self.runbook == runbook and self.schedule in {EVERYTHING, schedule}
        return which and (self.at == at if self.at is not None else self.day == slot)


def add_hold(
    engine: Engine,
    *,
    runbook: str = EVERYTHING,
    schedule: str = EVERYTHING,
    reason: str,
    until: datetime | None,
    remind_days: int | None = None,
    actor: Actor,
    channel: Channel,
) -> Hold:
    """Hold schedules, on the record; raises NotAhead. Without an end, a reminder comes every `remind_days`."""
    now = engine.clock.now()
    if until is not None and until <= now:
        raise NotAhead(until.astimezone(engine.zone).isoformat(timespec="minutes"))
    remind = now + timedelta(days=remind_days) if remind_days and until is None else None
    made = Hold(
        id=event_id(now, secrets.token_bytes(10)),
        runbook=runbook,
        schedule=schedule,
        reason=engine.redactor.text(reason.strip())[:REASON_LENGTH],
        actor=actor.name,
        since=now,
        until=until,
        remind_days=remind_days if remind else None,
        remind_at=remind,
        ended_at=None,
    )
    times = {"since": now.isoformat(), "until": _iso(until), "remind_at": _iso(remind)}
    row = {**vars(made), **times, "ended_at": None, "ended_by": None}
    with engine.database.transaction() as connection:
        connection.execute(insert(HOLDS).values(**row))
        _record(engine, connection, "held", made, actor=actor, channel=channel, body={**times, "remind_days": made.remind_days})
    return made


def lift_hold(engine: Engine, wanted: Hold, *, reason: str, actor: Actor, channel: Channel) -> bool:
    """End a hold now, on the record; False when somebody, or its time, was quicker."""
    with engine.database.transaction() as connection:
        if not _end(connection, HOLDS, wanted.id, actor.name, engine.clock.now()):
            return False
        _record(engine, connection, "hold_lifted", wanted, actor=actor, channel=channel, reason=reason)
    return True


def end_due_holds(engine: Engine, *, actor: Actor) -> list[Hold]:
    """Write down the end of holds whose time is over; those that ended."""
    now = engine.clock.now()
    with engine.database.transaction() as connection:
        due = [hold for hold in _holds(connection, HOLDS.c.ended_at.is_(None)) if hold.until is not None and hold.until <= now]
        for hold in due:
            _end(connection, HOLDS, hold.id, actor.name, hold.until or now)
            _record(engine, connection, "hold_ended", hold, actor=actor, channel="schedule")
    return due


def add_skip(
    engine: Engine, *, runbook: str, schedule: str, day: date, at: datetime | None, reason: str, actor: Actor, channel: Channel
) -> Skip:
    """Leave out the occurrences that serve a day, or the one at a moment, on the record."""
    now = engine.clock.now()
    made = Skip(
        id=event_id(now, secrets.token_bytes(10)),
        runbook=runbook,
        schedule=schedule,
        day=day,
        at=at.astimezone(UTC) if at else None,
        reason=engine.redactor.text(reason.strip())[:REASON_LENGTH],
        actor=actor.name,
        made_at=now,
    )
    times = {"day": day.isoformat(), "at": _iso(made.at)}
    with engine.database.transaction() as connection:
        connection.execute(
            insert(SKIPS).values(**{**vars(made), **times, "made_at": now.isoformat()}, ended_at=None, ended_by=None)
        )
        _record(engine, connection, "skip_asked", made, actor=actor, channel=channel, body=times)
    return made


def lift_skip(engine: Engine, wanted: Skip, *, reason: str, actor: Actor, channel: Channel) -> bool:
    """Take a skip back, on the record; False when somebody was quicker."""
    with engine.database.transaction() as connection:
        if not _end(connection, SKIPS, wanted.id, actor.name, engine.clock.now()):
            return False
        _record(engine, connection, "skip_lifted", wanted, actor=actor, channel=channel, reason=reason)
    return True


def open_holds(connection: Connection, now: datetime) -> list[Hold]:
    """Holds in force, the oldest first."""
    return [hold for hold in _holds(connection, HOLDS.c.ended_at.is_(None)) if hold.over(now)]


def open_skips(connection: Connection, today: date) -> list[Skip]:
    """Skips of today and later that nobody took back, by day."""
    query = select(SKIPS).where(SKIPS.c.ended_at.is_(None), SKIPS.c.day >= today.isoformat()).order_by(SKIPS.c.day, SKIPS.c.id)
    return [_skip(row) for row in connection.execute(query)]


def hold_over(connection: Connection, runbook: str, schedule: str, moments: Iterable[datetime]) -> Hold | None:
    """The hold that was, or is, in force for a schedule at one of these moments."""
    times = tuple(moments)
    found = (h for h in _holds(connection, HOLDS.c.runbook.in_((EVERYTHING, runbook))) if h.covers(runbook, schedule))
    return next((hold for hold in found if any(hold.over(moment) for moment in times)), None)


def skip_over(connection: Connection, runbook: str, schedule: str, at: datetime, slot: date) -> Skip | None:
    """The skip that leaves out an occurrence."""
    query = select(SKIPS).where(SKIPS.c.ended_at.is_(None), SKIPS.c.runbook == runbook).order_by(SKIPS.c.id)
    return next((s for row in connection.execute(query) if (s := _skip(row)).covers(runbook, schedule, at, slot)), None)


def remind_later(connection: Connection, hold: Hold, now: datetime) -> None:
    """Move the next reminder of an open hold beyond now."""
    nxt = now + timedelta(days=hold.remind_days or 1)
    connection.execute(update(HOLDS).where(HOLDS.c.id == hold.id).values(remind_at=nxt.isoformat()))


def _holds(connection: Connection, *where: Any) -> list[Hold]:
    return [_hold(row) for row in connection.execute(select(HOLDS).where(*where).order_by(HOLDS.c.id))]


def _hold(row: Any) -> Hold:
    texts = {name: getattr(row, name) for name in ("id", "runbook", "schedule", "reason", "actor", "remind_days")}
    return Hold(
        **texts,
        since=datetime.fromisoformat(row.since),
        until=_time(row.until),
        remind_at=_time(row.remind_at),
        ended_at=_time(row.ended_at),
    )


def _skip(row: Any) -> Skip:
    texts = {name: getattr(row, name) for name in ("id", "runbook", "schedule", "reason", "actor")}
    return Skip(**texts, day=date.fromisoformat(row.day), at=_time(row.at), made_at=datetime.fromisoformat(row.made_at))


def _end(connection: Connection, table: Any, row: str, by: str, at: datetime) -> bool:
    ended = update(table).where(table.c.id == row, table.c.ended_at.is_(None)).values(ended_at=at.isoformat(), ended_by=by)
    return connection.execute(ended).rowcount == 1


def _record(
    engine: Engine,
    connection: Connection,
    outcome: str,
    what: Hold | Skip,
    *,
    actor: Actor,
    channel: Channel,
    reason: str | None = None,
    body: dict[str, Any] | None = None,
) -> None:
    draft = Draft(
        kind="noted",
        runbook=what.runbook,
        actor=actor.name,
        actor_kind=actor.kind,
        assurance=actor.assurance,
        channel=channel,
        reason=what.reason if reason is None else engine.redactor.text(reason),
        outcome=outcome,
        slot=what.day.isoformat() if isinstance(what, Skip) else "",
        body={"id": what.id, "schedule": what.schedule, "by": what.actor, **(body or {})},
    )
    engine.ledger.append(connection, draft)


def _iso(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment is not None else None


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
