"""What is planned: every schedule of the published runbooks over some days, with what is moved or left out and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

from temanashi.calendars import SiteCalendars
from temanashi.runbooks.model import Runbook
from temanashi.runbooks.occurrences import Occurrence, calendar_of, moves, occurrences, zone_of
from temanashi.runbooks.schedule import Schedule, numbered
from temanashi.text.local import Phrase, phrase

__all__ = ["LeftOut", "Mark", "Planned", "PlannedDay", "SchedulePlan", "ScheduleRow", "plan_schedules"]


Mark = Literal["starts", "moved-here", "moved-away", "closed", "left-out"]
MIDNIGHT = time.min
AROUND, NIGHT = timedelta(days=62), timedelta(days=3)
"""What was moved is found on both of its days when they are no further apart; hours up to 47 are nearer."""


class LeftOut(Protocol):
    """What persons left out: held, or skipped once."""

    def concerns(self, runbook: str, schedule: str) -> bool:
        """Whether anything of a schedule is left out; most are not, and need not be looked at closer."""
        ...

    def why(self, runbook: str, occurrence: Occurrence) -> Phrase | None:
        """Why an occurrence is left out; None where it starts."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One line of a plan: an occurrence as it looks on a day. `why` says why nothing starts on that day (None: it does).

    What was moved stands twice: on the day that it serves, and as moved away on the day that it was meant for.
    """

    occurrence: Occurrence
    day: date
    mark: Mark
    why: Phrase | None

    @property
    def starts(self) -> bool:
        """Whether it starts."""
        return self.why is None

    @property
    def clock(self) -> str:
        """`08:30`, or `25:30` for half past one of the day after."""
        at, slot = self.occurrence.at, self.occurrence.slot
        return f"{(at.date() - slot).days * 24 + at.hour:02d}:{at.minute:02d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDay:
    """What a schedule does on one day."""

    day: date
    items: tuple[Planned, ...]

    @property
    def starts(self) -> int:
        """How many start."""
        return sum(item.starts for item in self.items)

    @property
    def first(self) -> datetime:
        """The moment of the first one."""
        return self.items[0].occurrence.at

    @property
    def last(self) -> datetime:
        """The moment of the last one."""
        return self.items[-1].occurrence.at

    @property
    def mark(self) -> Mark:
        """The mark that says most: what starts here, else why nothing does."""
        marks = {item.mark for item in self.items}
        order: tuple[Mark, ...] = ("moved-here", "starts", "left-out", "moved-away", "closed")
        return next(mark for mark in order if mark in marks)

    @property
    def why(self) -> tuple[Phrase, ...]:
        """The reasons of what does not start, each once."""
        found: dict[str, Phrase] = {item.why.model_dump_json(): item.why for item in self.items if item.why is not None}
        return tuple(found.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleRow:
    """A schedule of a runbook, and its days in order. `zone` is its own."""

    runbook: Runbook
    schedule: Schedule
    zone: ZoneInfo
    days: tuple[PlannedDay, ...]

    @property
    def items(self) -> Iterator[Planned]:
        """Every occurrence, in order of days."""
        return (item for day in self.days for item in day.items)


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulePlan:
    """Every active schedule from `first` to `last`, those days included; `closed` are the company's closed days among them.

    `off` are schedules that their file switches off.
    """

    first: date
    last: date
    zone: ZoneInfo
    rows: tuple[ScheduleRow, ...]
    closed: dict[date, Phrase]
    off: tuple[tuple[Runbook, Schedule], ...]

    @property
    def starts(self) -> int:
        """How many start."""
        return sum(day.starts for row in self.rows for day in row.days)

    def starting_days(self, *, after: datetime | None = None) -> list[tuple[ScheduleRow, PlannedDay]]:
        """What starts, a line for each schedule and day, in order of the first start; only what starts after a moment."""
        found = [
            (row, PlannedDay(day=day.day, items=items))
            for row in self.rows
            for day in row.days
            if (items := tuple(i for i in day.items if i.starts and (after is None or i.occurrence.at > after)))
        ]
        return sorted(found, key=lambda pair: (pair[1].first.timestamp(), pair[0].runbook.id, pair[0].schedule.id))


def plan_schedules(
    runbooks: Iterable[Runbook],
    calendars: SiteCalendars,
    first: date,
    last: date,
    *,
    zone: ZoneInfo,
    left_out: LeftOut | None = None,
) -> SchedulePlan:
    """The plan of some runbooks, in the order of their ids."""
    every = [(runbook, s) for runbook in sorted(runbooks, key=lambda r: r.id) for s in numbered(runbook.schedules)]
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return SchedulePlan(
        first=first,
        last=last,
        zone=zone,
        rows=tuple(_row(runbook, s, calendars, (first, last), zone, left_out) for runbook, s in every if s.active),
        closed={day: why for day in days if (why := calendars.why_closed(day)) is not None},
        off=tuple((runbook, s) for runbook, s in every if not s.active),
    )


def _row(
    runbook: Runbook,
    schedule: Schedule,
    calendars: SiteCalendars,
    days: tuple[date, date],
    zone: ZoneInfo,
    left_out: LeftOut | None,
) -> ScheduleRow:
    first, last = days
    own, calendar = zone_of(schedule, zone), calendar_of(schedule, calendars)
    around = AROUND if moves(schedule) else NIGHT
    begin, end = datetime.combine(first, MIDNIGHT, own) - around, datetime.combine(last, MIDNIGHT, own) + around
    found: dict[date, list[Planned]] = {}
    for occurrence in occurrences(schedule, calendars, begin, end, zone=zone):
        why = occurrence.skipped or (left_out.why(runbook.id, occurrence) if left_out is not None else None)
        closed = occurrence.skipped is not None and calendar is not None and not calendar.is_business_day(occurrence.nominal)
        for item in _told(occurrence, why, closed=closed):
            if first <= item.day <= last:
                found.setdefault(item.day, []).append(item)
    ordered = (PlannedDay(day=day, items=tuple(found[day])) for day in sorted(found))
    return ScheduleRow(runbook=runbook, schedule=schedule, zone=own, days=tuple(ordered))


def _told(occurrence: Occurrence, why: Phrase | None, *, closed: bool) -> Iterator[Planned]:
    slot, nominal = occurrence.slot, occurrence.nominal
    if why is None:
        yield Planned(occurrence=occurrence, day=slot, mark="starts" if slot == nominal else "moved-here", why=None)
        if slot != nominal:
            moved = phrase("schedules.moved", day=slot.isoformat())
            yield Planned(occurrence=occurrence, day=nominal, mark="moved-away", why=moved)
    elif slot != nominal:
        yield Planned(occurrence=occurrence, day=nominal, mark="moved-away", why=why)
    else:
        mark: Mark = "closed" if closed else "left-out"
        yield Planned(occurrence=occurrence, day=nominal, mark=mark, why=why)
