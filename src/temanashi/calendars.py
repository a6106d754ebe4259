"""Days and months in the workspace's time zone: business days of Japan, the slots of a calendar, fiscal years and halves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import total_ordering
from typing import Literal
from zoneinfo import ZoneInfo

import jpholiday
from pydantic import BaseModel, ConfigDict, Field, model_validator

from temanashi.errors import InputError
from temanashi.text.local import Phrase, phrase

__all__ = ["BadMonth", "BusinessCalendar", "CalendarName", "Month", "day_of", "slot_on", "slots"]

CalendarName = Literal["business_day", "day", "week", "month"]

MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])", re.ASCII)
YEAR_END = {(12, 31), (1, 1), (1, 2), (1, 3)}
FIRST_FISCAL_MONTH = 4
SECOND_HALF_MONTH = 10
SATURDAY = 5
DECEMBER = 12


class BadMonth(InputError):
    """A month that is not written as 2026-11."""

    key = "calendars.bad-month"

    def __init__(self, text: str) -> None:
        super().__init__(text=text)


@total_ordering
@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month. Fiscal year N runs from April N to March N+1; H1 is April-September, H2 October-March."""

    year: int
    month: int

    @classmethod
    def parse(cls, text: str) -> Month:
        """From `2026-11`; raises BadMonth."""
        match = MONTH.fullmatch(text.strip())
        if match is None or not date.min.year < int(match[1]) < date.max.year:
            raise BadMonth(text)
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of(cls, day: date) -> Month:
        """The month of a day."""
        return cls(day.year, day.month)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"

    def __lt__(self, other: Month) -> bool:
        return (self.year, self.month) < (other.year, other.month)

    def __contains__(self, day: date) -> bool:
        return (day.year, day.month) == (self.year, self.month)

    def shift(self, months: int) -> Month:
        """The month so many months later (earlier if negative)."""
        year, index = divmod(self.year * 12 + self.month - 1 + months, 12)
        return Month(year, index + 1)

    @property
    def next(self) -> Month:
        """The month after."""
        return self.shift(1)

    @property
    def previous(self) -> Month:
        """The month before."""
        return self.shift(-1)

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, self.month, 1)

    @property
    def last(self) -> date:
        """Its last day."""
        return self.next.first - timedelta(days=1)

    @property
    def fiscal_year(self) -> int:
        """The year in which its fiscal year began."""
        return self.year if self.month >= FIRST_FISCAL_MONTH else self.year - 1

    @property
    def half(self) -> Literal["H1", "H2"]:
        """Its half of the fiscal year: 上期 H1, 下期 H2."""
        return "H1" if FIRST_FISCAL_MONTH <= self.month < SECOND_HALF_MONTH else "H2"

    def days(self) -> Iterator[date]:
        """Every day in order."""
        return (self.first + timedelta(days=n) for n in range(self.last.day))


class BusinessCalendar(BaseModel):
    """Which days are business days: not a weekend, a national holiday of Japan (jpholiday), or 31 December to 3 January.

    `closed` and `opened` are the company's exceptions; a day in both is refused.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    closed: frozenset[date] = Field(default=frozenset(), description="Extra closed days")
    opened: frozenset[date] = Field(default=frozenset(), description="Days that are worked although the rule says closed")

    @model_validator(mode="after")
    def _one_answer_a_day(self) -> BusinessCalendar:
        if both := sorted(self.closed & self.opened):
            raise ValueError(f"both closed and opened: {both[0].isoformat()}")
        return self

    def why_closed(self, day: date) -> Phrase | None:
        """Why a day is not a business day; None on a business day."""
        if day in self.opened:
            return None
        if day in self.closed:
            return phrase("calendars.closed")
        if (day.month, day.day) in YEAR_END:
            return phrase("calendars.year-end")
        if name := jpholiday.is_holiday_name(day):
            return phrase("calendars.holiday", name=name)
        return phrase("calendars.weekend") if day.weekday() >= SATURDAY else None

    def is_business_day(self, day: date) -> bool:
        """Whether a day is a business day."""
        return self.why_closed(day) is None


def day_of(moment: datetime, zone: ZoneInfo) -> date:
    """The day of an aware moment in a time zone."""
    return moment.astimezone(zone).date()


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
