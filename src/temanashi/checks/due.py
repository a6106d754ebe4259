"""Which business day a job belongs to at a moment, and until when it must have ended: pure arithmetic."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from temanashi.calendars import BusinessCalendar, add_business_days, minutes_of, moment_of, rolled

__all__ = ["Due", "dated", "due_at", "is_dated"]

_DAY = 24 * 60
# A day whose deadline lies beyond midnight is looked at for six hours after the deadline; then the next one begins.
_AFTERWARDS = 6 * 60
_PLACEHOLDER = re.compile(r"%([Yymdj%])")


class Due(NamedTuple):
    """The business day, when its job may begin at the earliest, when it must have ended, and when the next job may begin. Aware."""

    day: date
    starts: datetime
    deadline: datetime
    ends: datetime


def due_at(
    now: datetime,
    *,
    by: str,
    business_day: Literal["today", "previous"],
    earliest: str | None,
    calendar: BusinessCalendar,
    zone: ZoneInfo,
) -> Due:
    """The job that matters at `now`; raises NoBusinessDay.

    `25:30` is on the day after the job's business day. With `previous`, `08:30` is on the business day after the job's.
    """
    minutes, local = minutes_of(by), now.astimezone(zone)
    beyond = minutes >= _DAY
    if business_day == "previous":
        day = add_business_days(local.date(), -1, calendar)
        last = day if beyond else add_business_days(day, 1, calendar)
        first = minutes - _DAY if beyond else minutes
    else:
        turn = timedelta(minutes=minutes - _DAY + _AFTERWARDS) if beyond else timedelta()
        day = rolled((local - turn).date(), "previous", calendar)
        last = day
        first = minutes - _DAY if beyond else 0
    if earliest is not None:
        first = minutes_of(earliest)
    following = add_business_days(day, 1, calendar)
    return Due(day, _moment(day, first, zone), _moment(last, minutes, zone), _moment(following, first, zone))


def _moment(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    return moment_of(day, f"{minutes // 60}:{minutes % 60:02}", zone)


def is_dated(text: str) -> bool:
    """Whether a text names the day: `%d` or `%j` are in it."""
    return any(sign in {"d", "j"} for sign in _PLACEHOLDER.findall(text))


def dated(text: str, day: date) -> str:
    """A text with `%Y %y %m %d %j` filled in for a day; `%%` is `%`, and anything else stays."""
    return _PLACEHOLDER.sub(lambda match: "%" if match[1] == "%" else day.strftime(match[0]), text)
