"""Periods as people write them: `2026-10`, `2026-10-05`, `2026`, `FY2026`, `2026H1` (April to September), and `A..B` of two."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from temanashi.calendars import Month
from temanashi.errors import InputError

__all__ = ["BadPeriod", "Period", "period_of"]

_SHAPE = re.compile(r"([0-9]{4})(?:-([0-9]{2}))?(?:-([0-9]{2}))?", re.ASCII)
_FISCAL = re.compile(r"(?:FY([0-9]{4})|([0-9]{4})H([12]))", re.ASCII | re.IGNORECASE)


class BadPeriod(InputError):
    """What was written is no period."""

    key = "audit.bad-period"

    def __init__(self, written: str) -> None:
        super().__init__(written=written)


class Period(NamedTuple):
    """Two days, both included; `bounds` cuts them in a time zone."""

    first: date
    last: date

    def __str__(self) -> str:
        """`2026-10-01..2026-10-31`."""
        return f"{self.first.isoformat()}..{self.last.isoformat()}"

    def bounds(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """The first moment, and the first one after; both in UTC."""
        start = datetime.combine(self.first, time.min, tzinfo=zone)
        end = datetime.combine(self.last + timedelta(days=1), time.min, tzinfo=zone)
        return start.astimezone(UTC), end.astimezone(UTC)


def period_of(text: str) -> Period:
    """The period that a text means; raises BadPeriod."""
    start, dots, end = (part.strip() for part in text.strip().partition(".."))
    try:
        first = _days(start)
        last = _days(end) if dots else first
    except ValueError as error:
        raise BadPeriod(text) from error
    if last.last < first.first or last.last.year > date.max.year - 1:
        raise BadPeriod(text)
    return Period(first.first, last.last)


def _days(text: str) -> Period:
    if (fiscal := _FISCAL.fullmatch(text)) is not None:
        start = Month(int(fiscal[1] or fiscal[2]), 4).shift(6 if fiscal[3] == "2" else 0)
        return Period(start.first, start.shift(5 if fiscal[3] else 11).last)
    found = _SHAPE.fullmatch(text)
    if found is None:
        raise ValueError(text)
    year, month, day = (int(part) if part else 0 for part in found.groups())
    if day:
        return Period(date(year, month, day), date(year, month, day))
    if month:
        own = Month(year, month)
        return Period(own.first, own.last)
    return Period(date(year, 1, 1), date(year, 12, 31))
