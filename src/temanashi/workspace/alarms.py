"""Alarms for what did not run: told once a schedule, and once more when it runs again, or somebody decided that it need not."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from temanashi.notices import Notice, Notifier
from temanashi.people import Actor
from temanashi.runs.engine import Engine
from temanashi.runs.expected import OccurrenceState, OccurrenceView, read_occurrences, stamp
from temanashi.runs.holds import end_due_holds, open_holds, remind_later
from temanashi.runs.schedule_tables import OCCURRENCES
from temanashi.text import Lang, Phrase, phrase, say
from temanashi.workspace.versions import PublishedWorkspace

__all__ = ["Alarmed", "open_alarms", "raise_alarms", "remind_of_holds"]

SYSTEM = Actor(name="temanashi", kind="system")
BAD: tuple[OccurrenceState, ...] = ("late", "missing")
CALM = ("started", "held", "skipped")
MOST_LINES = 20
MOST_SINGLE = 3
"""When more schedules fail at once it is one problem, an outage, and one notice."""


@dataclass
class Alarmed:
    """Names of schedules: alarms that were raised and that are over; and what went wrong with telling."""

    raised: list[str] = field(default_factory=list)
    recovered: list[str] = field(default_factory=list)
    failures: list[Phrase] = field(default_factory=list)


def open_alarms(connection: Connection) -> list[OccurrenceView]:
    """Occurrences that did not run, of schedules that have not run since."""
    return read_occurrences(connection, where=(OCCURRENCES.c.alarm.is_not(None), OCCURRENCES.c.recovered_at.is_(None)))


def raise_alarms(engine: Engine, notifier: Notifier, published: PublishedWorkspace | None, *, lang: Lang) -> Alarmed:
    """Tell what is new, resolve what is over; telling that failed is tried again by the next look. Raises LedgerError."""
    result = Alarmed()
    _resolve(engine, notifier, published, result)  # first, so that what is both new and over is told before it is taken back
    with engine.database.transaction() as connection:
        _mark(connection, result)
    with engine.database.reading() as connection:
        untold = [row for row in open_alarms(connection) if not row.told]
    by_alarm: dict[str, list[OccurrenceView]] = defaultdict(list)
    for row in untold:
        by_alarm[row.alarm].append(row)
    for alarm, rows in by_alarm.items():
        delivery = notifier.send(_notice(alarm, rows, engine, lang))
        result.failures += delivery.failures
        if delivery.status != "failed":
            with engine.database.transaction() as connection:
                told = update(OCCURRENCES).where(OCCURRENCES.c.alarm == alarm, OCCURRENCES.c.told_at.is_(None))
                connection.execute(told.values(told_at=stamp(engine.clock.now())))
    return result


def _mark(connection: Connection, result: Alarmed) -> None:
    """Give each occurrence that did not run the alarm that it belongs to: its schedule's open one, or a new one."""
    fresh = [
        *read_occurrences(connection, states=BAD, where=(OCCURRENCES.c.alarm.is_(None), OCCURRENCES.c.recovered_at.is_(None))),
        *_blocked(connection),
    ]
    known = {row.name: row.alarm for row in open_alarms(connection)}
    new = sorted({row.name for row in fresh} - set(known))
    first = min((row.at for row in fresh if row.name in new), default=None)
    for row in fresh:
        many = len(new) > MOST_SINGLE and first is not None
        alarm = known.get(row.name) or (f"expected:{stamp(first)}" if many and first is not None else f"expected:{row.name}")
        where = (OCCURRENCES.c.runbook == row.runbook) & (OCCURRENCES.c.schedule == row.schedule)
        connection.execute(update(OCCURRENCES).where(where, OCCURRENCES.c.at == stamp(row.at)).values(alarm=alarm))
    result.raised += new


def _blocked(connection: Connection) -> list[OccurrenceView]:
    """Occurrences skipped because a run was not over, where the one before was skipped for the same reason: something is stuck."""
    where = (OCCURRENCES.c.alarm.is_(None), OCCURRENCES.c.recovered_at.is_(None))
    found = read_occurrences(connection, states=("overlap",), where=where)
    return [row for row in found if _before(connection, row) == "overlap"]


def _before(connection: Connection, row: OccurrenceView) -> str | None:
    same = (OCCURRENCES.c.runbook == row.runbook) & (OCCURRENCES.c.schedule == row.schedule)
    query = select(OCCURRENCES.c.state).where(same, OCCURRENCES.c.at < stamp(row.at)).order_by(OCCURRENCES.c.at.desc()).limit(1)
    return connection.execute(query).scalar()


def _resolve(engine: Engine, notifier: Notifier, published: PublishedWorkspace | None, result: Alarmed) -> None:
    """An alarm is over when each of its schedules ran (or was held, or skipped by a person) later, or is gone."""
    with engine.database.reading() as connection:
        by_alarm: dict[str, list[OccurrenceView]] = defaultdict(list)
        for row in open_alarms(connection):
            by_alarm[row.alarm].append(row)
        over = [
            alarm
            for alarm, rows in by_alarm.items()
            if all(row.state == "started" or _calm_since(connection, row) or not _planned(published, row) for row in rows)
        ]
    for alarm in over:
        told = any(row.told for row in by_alarm[alarm])
        with engine.database.transaction() as connection:
            ended = update(OCCURRENCES).where(OCCURRENCES.c.alarm == alarm, OCCURRENCES.c.recovered_at.is_(None))
            values = {"recovered_at": stamp(engine.clock.now())}
            connection.execute(ended.values(values))
        if told:
            result.failures += notifier.resolve(alarm).failures
        result.recovered += sorted({row.name for row in by_alarm[alarm]})


def _calm_since(connection: Connection, row: OccurrenceView) -> bool:
    same = (OCCURRENCES.c.runbook == row.runbook) & (OCCURRENCES.c.schedule == row.schedule)
    query = select(func.max(OCCURRENCES.c.at)).where(same, OCCURRENCES.c.at > stamp(row.at), OCCURRENCES.c.state.in_(CALM))
    return connection.execute(query).scalar() is not None


def _planned(published: PublishedWorkspace | None, row: OccurrenceView) -> bool:
    runbook = published.runbooks.get(row.runbook) if published is not None else None
    return runbook is not None and any(s.id == row.schedule and s.active for s in runbook.schedules)


def _notice(alarm: str, rows: list[OccurrenceView], engine: Engine, lang: Lang) -> Notice:
    names = sorted({row.name for row in rows})
    title = say("opening.missed-title", lang, name=names[0], count=len(rows))
    if len(names) > 1:
        title = say("opening.missed-title-many", lang, count=len(rows), schedules=len(names))
    lines = [_line(row, engine, lang) for row in rows[:MOST_LINES]]
    more = [say("opening.missed-more", lang, count=len(rows) - MOST_LINES)] if len(rows) > MOST_LINES else []
    return Notice(key=alarm, title=title, body="\n".join([*lines, *more, say("opening.missed-next", lang)]))


def _line(row: OccurrenceView, engine: Engine, lang: Lang) -> str:
    when = f"{row.at.astimezone(engine.zone):%Y-%m-%d %H:%M}"
    return " ".join(part for part in (when, row.name, row.reason.text(lang) if row.reason else "") if part)


def remind_of_holds(engine: Engine, notifier: Notifier, *, lang: Lang) -> list[Phrase]:
    """Write down holds that ended, and remind of those without an end; what went wrong with telling. Raises LedgerError."""
    for ended in end_due_holds(engine, actor=SYSTEM):
        notifier.resolve(f"hold:{ended.id}")
    now: datetime = engine.clock.now()
    failures: list[Phrase] = []
    with engine.database.reading() as connection:
        due = [hold for hold in open_holds(connection, now) if hold.remind_at is not None and hold.remind_at <= now]
    for hold in due:
        name = hold.name or phrase("opening.hold-everything")
        since = f"{hold.since.astimezone(engine.zone):%Y-%m-%d %H:%M}"
        title = say("opening.hold-title", lang, name=name)
        body = say("opening.hold-body", lang, name=name, actor=hold.actor, reason=hold.reason, since=since, id=hold.id)
        delivery = notifier.send(Notice(key=f"hold:{hold.id}:{stamp(hold.remind_at or now)}", title=title, body=body))
        failures += delivery.failures
        if delivery.status != "failed":
            with engine.database.transaction() as connection:
                remind_later(connection, hold, now)
    return failures
