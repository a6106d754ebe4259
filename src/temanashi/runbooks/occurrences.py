"""The occurrences of a schedule: when it starts, which day each serves, and why a day is left out. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from temanashi.calendars import (
    BusinessCalendar,
    Month,
    NoBusinessDay,
    SiteCalendars,
    add_business_days,
    blackout_over,
    nth_business_day,
    rolled,
)
from temanashi.calendars.arithmetic import LONGEST_CLOSURE
from temanashi.calendars.site import COMPANY
from temanashi.runbooks.cron import read_cron
from temanashi.runbooks.schedule import Days, Schedule
from temanashi.text.local import Phrase, phrase

__all__ = ["Occurrence", "calendar_of", "moves", "next_occurrences", "occurrences", "zone_of"]

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EVERY_DAY = Days(every="day")
TEN_YEARS, LONGEST_WINDOW = 3653, 366
NEAR = timedelta(days=2)
"""Local days and hours up to 47 are never further from a moment than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One start of a schedule.

    `at` is the moment (aware, in the schedule's zone); `slot` the day that it serves (25:30 is 01:30 of the next day);
    `nominal` the day that the rule means, before it was moved off a closed day; `skipped` why it does not happen (None: it does).
    """

    schedule: str
    at: datetime
    slot: date
    nominal: date
    skipped: Phrase | None = None

    @property
    def shifted_from(self) -> date | None:
        """The day off which it was moved, where it was."""
        return self.nominal if self.nominal != self.slot else None


def zone_of(schedule: Schedule, zone: ZoneInfo) -> ZoneInfo:
    """The time zone of a schedule: its own, else the workspace's."""
    return ZoneInfo(schedule.timezone) if schedule.timezone else zone


def calendar_of(schedule: Schedule, calendars: SiteCalendars) -> BusinessCalendar | None:
    """The calendar whose closed days it heeds; None where it heeds none. Raises UnknownCalendar."""
    if schedule.calendar is not None:
        return calendars.calendar(schedule.calendar)
    days = schedule.days
    counts = days is not None and (days.every == "business_day" or days.nth_business_day is not None or days.moved != 0)
    return calendars.calendar(COMPANY) if counts or schedule.on_closed is not None else None


def occurrences(
    schedule: Schedule, calendars: SiteCalendars, start: datetime, end: datetime, *, zone: ZoneInfo
) -> list[Occurrence]:
    """What a schedule does from `start` (inclusive) to `end` (exclusive), in order of time, with what is skipped and why.

    `start` and `end` are aware; `zone` is the workspace's, which the site's blackout windows and schedules without a zone use.
    A schedule that is not active has none. Of two at one moment only the first nominal one on its own day starts.
    Raises UnknownCalendar.
    """
    if not schedule.active:
        return []
    # In UTC: two local times of one zone are compared by their clock faces, which is wrong when the clock is set back.
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    every = [
        _blacked_out(found, schedule, calendars, zone)
        for found in _candidates(schedule, calendar_of(schedule, calendars), start, end, zone_of(schedule, zone))
        if start <= found.at < end and _in_force(schedule, found.slot)
    ]
    return _once_a_moment(every)


def next_occurrences(
    schedule: Schedule, calendars: SiteCalendars, after: datetime, count: int, *, zone: ZoneInfo, days: int = TEN_YEARS
) -> list[Occurrence]:
    """The next so many that do start, strictly after a moment; fewer where there are fewer in so many days."""
    found: list[Occurrence] = []
    begin, width = after + timedelta(microseconds=1), timedelta(days=8)
    limit = after + timedelta(days=days)
    if schedule.until is not None:
        limit = min(limit, datetime.combine(schedule.until, time.min, tzinfo=zone_of(schedule, zone)) + 2 * NEAR)
    while len(found) < count and begin < limit:
        end = min(begin + width, limit)
        found += [o for o in occurrences(schedule, calendars, begin, end, zone=zone) if o.skipped is None]
        begin, width = end, min(width * 2, timedelta(days=LONGEST_WINDOW))
    return found[:count]


def _in_force(schedule: Schedule, day: date) -> bool:
    return (schedule.start is None or schedule.start <= day) and (schedule.until is None or day <= schedule.until)


def _candidates(
    schedule: Schedule, calendar: BusinessCalendar | None, start: datetime, end: datetime, zone: ZoneInfo
) -> Iterator[Occurrence]:
    meant, times = _meaning(schedule, calendar)
    first, last = start.astimezone(zone).date() - NEAR, end.astimezone(zone).date() + NEAR
    reach = _reach(schedule)
    for nominal in _days(first - reach, last + reach):
        if not meant(nominal):
            continue
        slot, skipped = _placed(schedule, nominal, calendar)
        if not first <= slot <= last:
            continue
        for hour, minute in times:
            at = _moment(slot, hour, minute, zone)
            yield Occurrence(schedule=schedule.id, at=at, slot=slot, nominal=nominal, skipped=skipped)


def moves(schedule: Schedule) -> bool:
    """Whether it can start on another day than the one that its rule means."""
    return _reach(schedule) > timedelta(0)


def _reach(schedule: Schedule) -> timedelta:
    """No slot is further from its nominal day than this: a move off a closed day, and each business day before or after."""
    moves = abs(schedule.days.moved) if schedule.days is not None else 0
    return timedelta(days=LONGEST_CLOSURE * (moves + (schedule.on_closed in {"next", "previous"})))


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def _meaning(schedule: Schedule, calendar: BusinessCalendar | None) -> tuple[Callable[[date], bool], tuple[tuple[int, int], ...]]:
    """Which days it means, and at which hours (up to 47) and minutes."""
    if schedule.cron is None:
        return _rule(schedule.days or EVERY_DAY, calendar), schedule.clock_times
    cron = read_cron(schedule.cron)
    return cron.on, tuple(cron.times())


def _rule(days: Days, calendar: BusinessCalendar | None) -> Callable[[date], bool]:
    """Whether the rule means a day. Business days are counted once a month, not once a day."""
    chosen: dict[Month, frozenset[int]] = {}

    def meant(day: date) -> bool:
        if days.months is not None and day.month not in days.months:
            return False
        if days.weekday is not None:
            return WEEKDAYS[day.weekday()] in days.weekday
        month = Month.of(day)
        if month not in chosen:
            chosen[month] = _of_month(days, month, calendar)
        return day.day in chosen[month]

    return meant


def _of_month(days: Days, month: Month, calendar: BusinessCalendar | None) -> frozenset[int]:
    """The days of a month that are meant, weekdays apart."""
    if days.month_day is not None:
        return frozenset(n if n > 0 else month.last.day + 1 + n for n in days.month_day)
    if days.nth_business_day is not None and calendar is not None:
        found = (nth_business_day(month, n, calendar) for n in days.nth_business_day)
        return frozenset(day.day for day in found if day is not None)
    return frozenset(range(1, 32))


def _placed(schedule: Schedule, nominal: date, calendar: BusinessCalendar | None) -> tuple[date, Phrase | None]:
    """The day on which it starts, and why not."""
    if calendar is None:
        return nominal, None
    moved = schedule.days.moved if schedule.days is not None else 0
    day, closed = nominal, calendar.why_closed(nominal)
    try:
        if closed is not None and schedule.on_closed in {"next", "previous"}:
            day, closed = rolled(nominal, "next" if schedule.on_closed == "next" else "previous", calendar), None
        # Business days before or after a closed day are counted from the day itself, unless the file says what to do with it.
        if moved and (closed is None or schedule.on_closed is None):
            day, closed = add_business_days(day, moved, calendar), None
    except NoBusinessDay:
        return nominal, phrase("schedules.no-business-day", limit=LONGEST_CLOSURE)
    return day, closed


def _moment(day: date, hour: int, minute: int, zone: ZoneInfo) -> datetime:
    """A local time, hours up to 47. One that a clock change leaves out is read as before the change (RFC 5545, section 3.3.5)."""
    over, hour = divmod(hour, 24)
    local = datetime.combine(day + timedelta(days=over), time(hour, minute), tzinfo=zone)
    # Through UTC and back: the hour that does not exist becomes the one that the clock then shows.
    return datetime.fromtimestamp(local.timestamp(), tz=zone)


def _blacked_out(found: Occurrence, schedule: Schedule, calendars: SiteCalendars, zone: ZoneInfo) -> Occurrence:
    if found.skipped is not None:
        return found
    why = blackout_over(found.at, schedule.blackout, zone_of(schedule, zone)) or blackout_over(found.at, calendars.blackout, zone)
    return found if why is None else replace(found, skipped=why)


def _once_a_moment(every: list[Occurrence]) -> list[Occurrence]:
    """In order; where a day moved onto another one that starts anyway, only one starts."""
    taken: dict[datetime, date] = {}
    result = []
    # What stands on its own day comes first, then the earlier nominal day.
    for found in sorted(every, key=lambda o: (o.at, o.shifted_from is not None, o.nominal)):
        if found.skipped is None and found.at in taken:
            found = replace(found, skipped=phrase("schedules.together", day=taken[found.at].isoformat()))  # noqa: PLW2901
        elif found.skipped is None:
            taken[found.at] = found.nominal
        result.append(found)
    return result
