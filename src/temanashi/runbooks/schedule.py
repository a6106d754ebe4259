"""When a runbook starts by itself: the schedules of its YAML file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    PositiveInt,
    StrictInt,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import CoreSchema

from temanashi.calendars import Blackout, DayTime
from temanashi.clock import duration_of
from temanashi.text.local import LocalText, phrase

__all__ = ["At", "Days", "Duration", "Missed", "OnClosed", "Schedule", "Times", "numbered"]

OnClosed = Literal["skip", "next", "previous"]
Missed = Literal["skip", "last", "all"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
ScheduleId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*([-_][a-z0-9]+)*$", max_length=60)]
RARE_DAYS = range(29, 32)
FURTHEST = 15
"""Every month of Japan has so many business days, from both ends."""


def _listed(value: Any) -> Any:
    return value if isinstance(value, (list, tuple)) else (value,)


class _OneOrMore:
    """For editors: one value, or a list of them."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        listed = handler.resolve_ref_schema(handler(core))
        return {"anyOf": [listed["items"], {"type": "array", "items": listed["items"], "minItems": 1}]}


At = DayTime


def _duration(value: Any) -> Any:
    if not isinstance(value, str) or duration_of(value) is None:
        raise ValueError(phrase("schedules.not-duration", value=str(value)))
    return value


Duration = Annotated[
    str, BeforeValidator(_duration), WithJsonSchema({"type": "string", "pattern": r"^[0-9]{1,5}[mhd]$", "examples": ["2h", "30m"]})
]
MonthNumber = Annotated[int, Field(ge=1, le=12)]
Times = Annotated[tuple[At, ...], BeforeValidator(_listed), Field(min_length=1, max_length=100), _OneOrMore()]
Numbers = Annotated[tuple[StrictInt, ...], BeforeValidator(_listed), Field(min_length=1), _OneOrMore()]
Months = Annotated[tuple[MonthNumber, ...], BeforeValidator(_listed), Field(min_length=1), _OneOrMore()]
Weekdays = Annotated[tuple[Weekday, ...], BeforeValidator(_listed), Field(min_length=1), _OneOrMore()]


class Days(BaseModel):
    """On which days: one of `every`, `weekday`, `nth_business_day` and `month_day`, or so many business days before or after it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    every: Literal["day", "business_day"] | None = None
    weekday: Weekdays | None = Field(default=None, description="`mon`, or a list")
    nth_business_day: Numbers | None = Field(default=None, description="Of the month: 1 is the first, -1 the last; or a list")
    month_day: Numbers | None = Field(
        default=None, description="1 to 28, or -1 for the last day of the month, -2 for the one before; or a list"
    )
    months: Months | None = Field(default=None, description="Only in these months")
    before: PositiveInt | None = Field(default=None, le=10, description="So many business days before that day")
    after: PositiveInt | None = Field(default=None, le=10, description="So many business days after that day")

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """For editors: a word, or a mapping."""
        return {"anyOf": [{"enum": ["every_day", "business_day"]}, handler.resolve_ref_schema(handler(core))]}

    @model_validator(mode="before")
    @classmethod
    def _from_word(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"every": {"every_day": "day"}.get(value, value)}
        return value

    @model_validator(mode="after")
    def _one_rule(self) -> Days:
        given = [name for name in ("every", "weekday", "nth_business_day", "month_day") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(phrase("schedules.days-one", given=given))
        if self.before and self.after:
            raise ValueError(phrase("schedules.before-and-after"))
        if self.every and (self.before or self.after):
            raise ValueError(phrase("schedules.before-every"))
        for nth in self.nth_business_day or ():
            if not 1 <= abs(nth) <= FURTHEST:
                raise ValueError(phrase("schedules.nth", value=nth, limit=FURTHEST))
        for day in self.month_day or ():
            if not (1 <= day < RARE_DAYS.start or -RARE_DAYS.start < day < 0):
                raise ValueError(phrase("schedules.month-day", value=day))
        return self

    @property
    def moved(self) -> int:
        """Business days from the day that the rule means: negative before it."""
        return (self.after or 0) - (self.before or 0)


class Schedule(BaseModel):
    """When a runbook starts by itself, with its own parameters: `cron`, or `at` on `days`."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    id: ScheduleId = Field(
        default="", description="Keep it when you edit: what was held or switched off stays so. 1, 2, ... by default"
    )
    title: LocalText | None = None
    cron: str | None = Field(default=None, description='Five fields, e.g. "0 8 * * 1-5"')
    at: Times | None = Field(
        default=None, description='"08:30", or a list; "25:30" is 01:30 of the next day and counts for this one'
    )
    days: Days | None = Field(default=None, description="With `at`: every_day (default), business_day, or a mapping")
    calendar: str | None = Field(
        default=None, description="every_day, weekends, japan, tse, company or a name of calendar.yaml; closed days are left out"
    )
    on_closed: OnClosed | None = Field(
        default=None, description="On a closed day: skip (default), or move to the next or previous one"
    )
    blackout: tuple[Blackout, ...] = Field(default=(), description="Times in which this schedule starts nothing")
    start: date | None = Field(default=None, alias="from", description="First day")
    until: date | None = Field(default=None, description="Last day")
    timezone: str | None = Field(default=None, description="IANA name; the workspace's by default")
    parameters: dict[str, Any] = Field(default_factory=dict)
    missed: Missed = Field(
        default="skip", description="What could not start in time, after an outage: `skip`, start the `last` one, or `all`"
    )
    max_lateness: Duration | None = Field(
        default=None, description="How late one may start: `30m`, `2h`, `1d`. Default: 10m with `skip`, 1d with `last` and `all`"
    )
    active: bool = True

    @model_validator(mode="after")
    def _one_way(self) -> Schedule:
        if (self.cron is None) == (self.at is None):
            raise ValueError(phrase("schedules.cron-or-at"))
        if self.days is not None and self.at is None:
            raise ValueError(phrase("schedules.days-without-at"))
        if self.start is not None and self.until is not None and self.until < self.start:
            raise ValueError(phrase("schedules.from-until", start=self.start.isoformat(), until=self.until.isoformat()))
        return self

    @property
    def clock_times(self) -> tuple[tuple[int, int], ...]:
        """Hours (up to 47) and minutes of `at`, in order."""
        found = {(int(hour), int(minute)) for hour, minute in (text.split(":") for text in self.at or ())}
        return tuple(sorted(found))

    @property
    def lateness(self) -> timedelta | None:
        """How late one may start, where the file says it."""
        return duration_of(self.max_lateness) if self.max_lateness else None

    @property
    def excludes(self) -> bool:
        """Whether anything can keep an occurrence of its cron from happening, or moves it."""
        return bool(self.calendar or self.on_closed or self.blackout or self.start or self.until)


def numbered(schedules: Sequence[Schedule]) -> tuple[Schedule, ...]:
    """The schedules, each with an id: its own, or its number from 1."""
    return tuple(s if s.id else s.model_copy(update={"id": str(number)}) for number, s in enumerate(schedules, 1))
