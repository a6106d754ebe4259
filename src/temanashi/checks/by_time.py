"""Thresholds by time of day: what is a good number of orders at 09:00 is an alarm at noon."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from temanashi.calendars import BusinessCalendar, DayTime, minutes_of
from temanashi.checks.thresholds import RangeText
from temanashi.text.local import phrase

if TYPE_CHECKING:
    from temanashi.checks.means import Means

__all__ = ["IN_FORCE", "TimeRow", "in_force", "row_at"]

IN_FORCE = "in_force"
"""The fact that says which ranges were chosen, and when: judging reads no clock."""

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = 24 * 60

DayWord = Literal["every_day", "business_day", "closed_day", "mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def _listed(value: Any) -> Any:
    return value if isinstance(value, (list, tuple)) else (value,)


_WORDS = {"enum": ["every_day", "business_day", "closed_day", *_WEEKDAYS]}
DayWords = Annotated[
    tuple[DayWord, ...],
    BeforeValidator(_listed),
    Field(min_length=1),
    WithJsonSchema({"anyOf": [_WORDS, {"type": "array", "items": _WORDS, "minItems": 1}]}),
]


class TimeRow(BaseModel):
    """Ranges for a time of day: `{from: "09:00", to: "15:30", days: business_day, warn: "100:", crit: "10:"}`.

    `25:30` belongs to the day before. Without warn and crit nothing is alerted in that time.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)

    from_: DayTime = Field(default="00:00", alias="from", description="From this local time (25:30 is the next morning)")
    to: DayTime = Field(default="24:00", description="Until before this local time")
    days: DayWords = Field(default=("every_day",), description="every_day, business_day, closed_day, mon to sun, or a list")
    calendar: str = Field(
        default="company", max_length=40, description="Whose business days: a name of calendar.yaml, or jpx rules"
    )
    warn: RangeText | None = Field(default=None, description="Range of good values in that time; outside is WARNING")
    crit: RangeText | None = Field(default=None, description="Range of bearable values in that time; outside is CRITICAL")

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> TimeRow:
        if minutes_of(self.from_) >= minutes_of(self.to):
            raise ValueError(phrase("checks.times-order", start=self.from_, end=self.to))
        return self

    def covers(self, local: datetime, calendar: BusinessCalendar) -> bool:
        """Whether a local time is in this row, as a time of its own day or of the day before."""
        minute = 60 * local.hour + local.minute
        return any(
            minutes_of(self.from_) <= minute + back * _DAY < minutes_of(self.to)
            and self._means(local.date() - timedelta(days=back), calendar)
            for back in (0, 1)
        )

    def _means(self, day: date, calendar: BusinessCalendar) -> bool:
        words = {"every_day", _WEEKDAYS[day.weekday()], "business_day" if calendar.is_business_day(day) else "closed_day"}
        return bool(words & set(self.days))


def row_at(rows: Sequence[TimeRow], moment: datetime, means: Means) -> int | None:
    """The first row that covers a moment, counted from 0; None where none does. Raises UnknownCalendar."""
    local = moment.astimezone(means.zone)
    return next((n for n, row in enumerate(rows) if row.covers(local, means.calendar(row.calendar))), None)


def in_force(rows: Sequence[TimeRow], moment: datetime, means: Means) -> dict[str, Any]:
    """The fact: the local moment, the row counted from 1 (0: none, the check's own ranges hold) and its ranges."""
    found = row_at(rows, moment, means)
    at = moment.astimezone(means.zone).isoformat(timespec="seconds")
    if found is None:
        return {"at": at, "row": 0}
    return {"at": at, "row": found + 1, "warn": rows[found].warn, "crit": rows[found].crit}
