"""Which days are business days: a rule, and a company's exceptions from it."""

from __future__ import annotations

from datetime import date
from typing import Literal

import jpholiday
from pydantic import BaseModel, ConfigDict, Field, model_validator

from temanashi.text.local import Phrase, phrase

__all__ = ["BusinessCalendar", "Rule", "refuse_both"]

Rule = Literal["every_day", "weekends", "japan", "tse"]

YEAR_END = {(12, 31), (1, 1), (1, 2), (1, 3)}
SATURDAY = 5


def refuse_both(closed: frozenset[date], opened: frozenset[date]) -> None:
    """Raise ValueError where a day is both closed and opened."""
    if both := sorted(closed & opened):
        raise ValueError(phrase("calendars.closed-and-opened", day=both[0].isoformat()))


class BusinessCalendar(BaseModel):
    """Which days are business days: a rule, and days that are `closed` or `opened` all the same.

    Rules: `every_day` closes nothing, `weekends` Saturdays and Sundays, `japan` those and the national holidays (jpholiday), `tse`
    those and 31 December to 3 January, as on the Tokyo Stock Exchange. A day both closed and opened is refused.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    base: Rule = Field(default="tse", description="The rule of most days: every_day, weekends, japan or tse")
    closed: frozenset[date] = Field(default=frozenset(), description="Extra closed days")
    opened: frozenset[date] = Field(default=frozenset(), description="Days that are worked although the rule says closed")

    @model_validator(mode="after")
    def _one_answer_a_day(self) -> BusinessCalendar:
        refuse_both(self.closed, self.opened)
        return self

    def why_closed(self, day: date) -> Phrase | None:
        """Why a day is not a business day; None on a business day."""
        if day in self.opened:
            return None
        if day in self.closed:
            return phrase("calendars.closed")
        if self.base == "every_day":
            return None
        if self.base == "tse" and (day.month, day.day) in YEAR_END:
            return phrase("calendars.year-end")
        if self.base != "weekends" and (name := jpholiday.is_holiday_name(day)):
            return phrase("calendars.holiday", name=name)
        return phrase("calendars.weekend") if day.weekday() >= SATURDAY else None

    def is_business_day(self, day: date) -> bool:
        """Whether a day is a business day."""
        return self.why_closed(day) is None
