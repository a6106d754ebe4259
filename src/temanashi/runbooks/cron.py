"""Cron expressions of five fields: what is wrong with one, and the days and times it means."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from temanashi.text.local import Phrase, phrase

__all__ = ["FIELDS", "Cron", "cron_flaw", "read_cron"]

FIELDS: tuple[tuple[str, int, int], ...] = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
NAMES = {"month": {name: n for n, name in enumerate(MONTHS, 1)}, "weekday": {name: n for n, name in enumerate(WEEKDAYS)}}
PART = re.compile(r"(?:\*|(?P<low>[0-9]{1,2}|[a-z]{3})(?:-(?P<high>[0-9]{1,2}|[a-z]{3}))?)(?:/(?P<step>[0-9]{1,2}))?", re.ASCII)
LONGEST = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}
ALL_DAYS, ALL_MONTHS, ALL_WEEKDAYS, WEEK = frozenset(range(1, 32)), frozenset(range(1, 13)), frozenset(range(7)), 7


@dataclass(frozen=True, slots=True)
class Cron:
    """The values of each field; weekdays from 0 = Sunday."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]

    def on(self, day: date) -> bool:
        """Whether it fires on a day. Where both days of the month and weekdays are given, one of them is enough (POSIX)."""
        if day.month not in self.months:
            return False
        of_month, of_week = day.day in self.days, day.isoweekday() % WEEK in self.weekdays
        if self.days != ALL_DAYS and self.weekdays != ALL_WEEKDAYS:
            return of_month or of_week
        return of_month and of_week

    def times(self) -> Iterator[tuple[int, int]]:
        """Hours and minutes of a day, in order."""
        return ((hour, minute) for hour in self.hours for minute in self.minutes)


def read_cron(text: str) -> Cron:
    """The values of an expression that `cron_flaw` finds nothing in."""
    values = _fields(text)
    minutes, hours, days, months, weekdays = (found or set() for found in values)
    return Cron(
        tuple(sorted(minutes)), tuple(sorted(hours)), frozenset(days), frozenset(months), frozenset(day % WEEK for day in weekdays)
    )


def cron_flaw(text: str) -> Phrase | None:
    """What is wrong with a cron expression of five fields; None for one that means the same to Prefect's croniter.

    Fields hold `*`, numbers, names of months and weekdays, ranges, lists and steps. A day that never comes is refused.
    """
    parts = text.split()
    if len(parts) != len(FIELDS):
        return phrase("workspace.cron-fields", cron=text, count=len(parts))
    values = _fields(text)
    for part, found, (name, low, high) in zip(parts, values, FIELDS, strict=True):
        if found is None:
            return phrase(
                "workspace.cron-field", cron=text, part=part.lower(), low=low, high=high, field=phrase(f"workspace.cron-{name}")
            )
    days, months = values[2] or {0}, values[3] or {0}
    # Even where a weekday is given too, which cron takes as "or": Prefect's croniter fails on such a day of the month.
    never = min(days) > max(LONGEST.get(month, 31) for month in months)
    return phrase("workspace.cron-never", cron=text) if never else None


def _fields(text: str) -> list[set[int] | None]:
    return [_values(part.lower(), name, low, high) for part, (name, low, high) in zip(text.split(), FIELDS, strict=True)]


def _values(text: str, name: str, low: int, high: int) -> set[int] | None:
    found: set[int] = set()
    for part in text.split(","):
        match = PART.fullmatch(part)
        if match is None:
            return None
        first, last = _number(match["low"], name, low), _number(match["high"] or match["low"], name, high)
        step = int(match["step"] or 1)
        if first is None or last is None or not low <= first <= last <= high or not 1 <= step <= high:
            return None
        # croniter reads `5/15` as `5-59/15`; other crons do not, so it must be written out.
        if match["step"] and match["low"] and not match["high"]:
            return None
        found.update(range(first, last + 1, step))
    return found


def _number(text: str | None, name: str, default: int) -> int | None:
    if text is None:
        return default
    return int(text) if text.isdigit() else NAMES.get(name, {}).get(text)
