"""The morning sheet of an installation, read in one snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from sqlalchemy import Connection

from temanashi.calendars import BusinessCalendar
from temanashi.errors import InputError
from temanashi.reports.morning import DayMaterial, MorningSheet, merged, morning_sheet
from temanashi.reports.morning_changes import Since
from temanashi.reports.morning_words import BAD
from temanashi.runs.check_rows import CheckKey, RunCache, checked_runs_of
from temanashi.workspace.opening import Installation
from temanashi.workspace.sheet_marks import marks_at
from temanashi.workspace.sheet_material import day_material, on_sheet
from temanashi.workspace.versions import PublishedWorkspace

__all__ = ["BadDay", "day_named", "read_sheet", "today_of"]

FURTHEST_LAST = 10
"""Business days to look back for a sheet to compare with."""
FURTHEST_SINCE = 30
"""Business days after which it is enough to say: at least so many."""


class BadDay(InputError):
    """A day that is none, or that is still to come."""

    key = "sheet.bad-day"

    def __init__(self, given: str) -> None:
        super().__init__(given=given)


def today_of(installation: Installation) -> date:
    """The day in the workspace's time zone."""
    return installation.clock.now().astimezone(installation.settings.zone).date()


def day_named(installation: Installation, text: str) -> date:
    """The day that a text means, today for none; raises BadDay for one that is still to come."""
    today = today_of(installation)
    try:
        day = date.fromisoformat(text) if text else today
    except ValueError:
        raise BadDay(text) from None
    if day > today:
        raise BadDay(text)
    return day


def read_sheet(
    installation: Installation,
    connection: Connection,
    published: PublishedWorkspace | None,
    day: date,
    *,
    cache: RunCache | None = None,
) -> MorningSheet:
    """The sheet of a day as things stand now. Who is on what is told of today only: of another day it would be said too late."""
    calendar = published.calendar.company if published is not None else BusinessCalendar()
    runs: RunCache = {} if cache is None else cache
    today = day_material(installation, connection, published, day, cache=runs)
    before = next((found for found in _earlier(installation, connection, calendar, day, runs) if found.runs), None)
    since = {}
    if before is not None:
        then = merged(before.runs)
        lasting = {key for key, row in merged(today.runs).items() if row.word in BAD and key in then and then[key].word in BAD}
        since = _since(installation, connection, calendar, before.day, lasting, runs)
    if published is None or day != today_of(installation):
        return morning_sheet(today, before, since=since)
    return morning_sheet(today, before, since=since, mark=marks_at(connection, published, installation.clock.now()))


def _days_before(calendar: BusinessCalendar, day: date, most: int) -> Iterator[date]:
    """Business days before a day, the nearest first."""
    found = 0
    while found < most:
        day -= timedelta(days=1)
        if calendar.is_business_day(day):
            found += 1
            yield day


def _earlier(
    installation: Installation, connection: Connection, calendar: BusinessCalendar, day: date, cache: RunCache
) -> Iterator[DayMaterial]:
    """Business days before a day with their runs, the nearest first."""
    settings = installation.settings
    wanted = on_sheet(settings.checks.runbooks)
    for earlier in _days_before(calendar, day, FURTHEST_LAST):
        found = checked_runs_of(connection, earlier, zone=settings.zone, wanted=wanted, cache=cache)
        yield DayMaterial(day=earlier, runs=tuple(found))


def _since(
    installation: Installation,
    connection: Connection,
    calendar: BusinessCalendar,
    last: date,
    lasting: set[CheckKey],
    cache: RunCache,
) -> dict[CheckKey, Since]:
    """For how many business days in a row each of these was wrong, today and `last` included.

    A day on which its runbook was not run at all neither counts nor ends it. Only what is still wrong is read further back.
    """
    settings = installation.settings
    wanted = on_sheet(settings.checks.runbooks)
    days = dict.fromkeys(lasting, 2)
    open_ = set(lasting)
    for earlier in _days_before(calendar, last, FURTHEST_SINCE - 2):
        if not open_:
            break
        targets = frozenset(key.target for key in open_)
        runs = checked_runs_of(connection, earlier, zone=settings.zone, wanted=wanted, cache=cache, targets=targets)
        rows, ran = merged(runs), {run.runbook for run in runs}
        for key in list(open_):
            if key in rows and rows[key].word in BAD:
                days[key] += 1
            elif key.runbook in ran:
                open_.discard(key)
    return {key: Since(count, key in open_) for key, count in days.items()}
