"""The slots of demand: which day, week or month a piece of work serves."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal

from temanashi.calendars.business import BusinessCalendar
from temanashi.calendars.months import Month

__all__ = ["CalendarName", "slot_on", "slots"]

CalendarName = Literal["business_day", "day", "week", "month"]


def slot_on(calendar: CalendarName, day: date, business: BusinessCalendar) -> date | None:
    """The slot that work done on a day serves, by its first day (a week is its Monday); None on a non-business day."""
    if calendar == "business_day":
        return day if business.is_business_day(day) else None
    if calendar == "week":
        return day - timedelta(days=day.weekday())
    return Month.of(day).first if calendar == "month" else day


def slots(calendar: CalendarName, month: Month, business: BusinessCalendar) -> tuple[date, ...]:
    """The slots whose first day is in a month, in order. A week across two months is of the month of its Monday."""
    return tuple(day for day in month.days() if slot_on(calendar, day, business) == day)
