"""Blackout windows: times in which nothing starts by itself, whatever the schedules say."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from temanashi.text.local import LocalText, Phrase, phrase

__all__ = ["Blackout", "blackout_over"]


def _day_or_moment(value: Any) -> Any:
    """A date, or a local time `2026-12-30 17:00`; numbers, offsets and seconds are not what people write here."""
    if isinstance(value, (date, datetime)):
        return value
    for form in ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"):
        try:
            found = datetime.strptime(str(value), form)  # noqa: DTZ007  (local to the schedule's zone)
        except ValueError:
            continue
        return found if "%H" in form else found.date()
    raise ValueError(phrase("calendars.not-moment", value=str(value)))


Edge = Annotated[
    date | datetime,
    BeforeValidator(_day_or_moment),
    WithJsonSchema({"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2})?$"}),
]


class Blackout(BaseModel):
    """From a day or local time to a day (inclusive) or local time (exclusive), and why."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    start: Edge = Field(alias="from", description='First day, or local time "2026-12-30 17:00"')
    end: Edge = Field(alias="to", description="Last day (all of it), or the local time at which it ends")
    reason: LocalText = Field(description="What a reader of the plan sees")

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Blackout:
        if not self.first < self.after:
            raise ValueError(phrase("calendars.blackout-order", start=str(self.start), end=str(self.end)))
        return self

    @property
    def first(self) -> datetime:
        """The local time at which it begins."""
        return self.start if isinstance(self.start, datetime) else datetime.combine(self.start, time.min)

    @property
    def after(self) -> datetime:
        """The local time at which it is over."""
        return self.end if isinstance(self.end, datetime) else datetime.combine(self.end + timedelta(days=1), time.min)

    def covers(self, moment: datetime, zone: ZoneInfo) -> bool:
        """Whether an aware moment is inside, its edges read in a time zone."""
        return self.first.replace(tzinfo=zone) <= moment < self.after.replace(tzinfo=zone)


def blackout_over(moment: datetime, blackouts: Iterable[Blackout], zone: ZoneInfo) -> Phrase | None:
    """Why nothing starts at an aware moment; None where no window covers it."""
    found = next((b for b in blackouts if b.covers(moment, zone)), None)
    return None if found is None else phrase("calendars.blackout", reason=found.reason)
