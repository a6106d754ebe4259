"""Arithmetic of business days: the nth of a month, the next and the one before, so many later."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal

from temanashi.calendars.business import BusinessCalendar
from temanashi.calendars.months import Month
from temanashi.errors import InputError

__all__ = ["LONGEST_CLOSURE", "NoBusinessDay", "add_business_days", "business_days_of", "nth_business_day", "rolled"]

LONGEST_CLOSURE = 31
"""Days without a business day after which we stop looking: a calendar that is closed for longer is a mistake."""


class NoBusinessDay(InputError):
    """A calendar has no business day where one is looked for."""

    key = "calendars.no-business-day"

    def __init__(self, day: date) -> None:
        super().__init__(day=day.isoformat(), limit=LONGEST_CLOSURE)


def business_days_of(month: Month, calendar: BusinessCalendar) -> tuple[date, ...]:
    """The business days of a month, in order."""
    return tuple(day for day in month.days() if calendar.is_business_day(day))


def nth_business_day(month: Month, nth: int, calendar: BusinessCalendar) -> date | None:
    """The nth business day of a month: 1 is the first, -1 the last; None where the month has fewer. `nth` is not 0."""
    days = business_days_of(month, calendar)
    return days[nth - 1 if nth > 0 else nth] if 0 < abs(nth) <= len(days) else None


def rolled(day: date, direction: Literal["next", "previous"], calendar: BusinessCalendar) -> date:
    """The day itself where it is a business day, else the nearest one in a direction; raises NoBusinessDay."""
    step = timedelta(days=1 if direction == "next" else -1)
    found = day
    for _ in range(LONGEST_CLOSURE + 1):
        if calendar.is_business_day(found):
            return found
        found += step
    raise NoBusinessDay(day)


def add_business_days(day: date, count: int, calendar: BusinessCalendar) -> date:
    """The business day so many after a day (before it if negative), which need not be one itself; raises NoBusinessDay."""
    direction: Literal["next", "previous"] = "next" if count > 0 else "previous"
    step = timedelta(days=1 if count > 0 else -1)
    for _ in range(abs(count)):
        day = rolled(day + step, direction, calendar)
    return day
