"""Times of a business day as this trade writes them: `25:30` is half past one in the morning after it."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, WithJsonSchema

from temanashi.text.local import phrase

__all__ = ["DayTime", "minutes_of", "moment_of"]

_CLOCK = re.compile(r"([0-9]{1,2}):([0-5][0-9])", re.ASCII)
_LAST_HOUR = 47


def _clock(value: Any) -> Any:
    match = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if match is None or int(match[1]) > _LAST_HOUR:
        raise ValueError(phrase("schedules.not-clock", value=str(value)))
    return value


DayTime = Annotated[
    str,
    BeforeValidator(_clock),
    WithJsonSchema({"type": "string", "pattern": r"^([0-3]?\d|4[0-7]):[0-5]\d$", "examples": ["08:30", "25:30"]}),
]
"""`08:30`, or up to `47:59` for the day after."""


def minutes_of(text: str) -> int:
    """Minutes from the beginning of the day: 510 for `08:30`, 1530 for `25:30`."""
    hours, _, minutes = text.partition(":")
    return 60 * int(hours) + int(minutes)


def moment_of(day: date, text: str, zone: ZoneInfo) -> datetime:
    """The aware moment at which the clocks of a zone show that time of a day, or of the day after it."""
    whole, minutes = divmod(minutes_of(text), 24 * 60)
    return datetime.combine(day + timedelta(days=whole), time(minutes // 60, minutes % 60), zone)
