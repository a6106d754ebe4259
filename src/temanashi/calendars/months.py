"""Months, fiscal years and halves, and the day of a moment in a time zone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import total_ordering
from typing import Literal
from zoneinfo import ZoneInfo

from temanashi.errors import InputError

__all__ = ["BadMonth", "Month", "day_of"]

MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])", re.ASCII)
FIRST_FISCAL_MONTH = 4
SECOND_HALF_MONTH = 10


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


def day_of(moment: datetime, zone: ZoneInfo) -> date:
    """The day of an aware moment in a time zone."""
    return moment.astimezone(zone).date()
