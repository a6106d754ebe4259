"""`runbooks/site/calendar.yaml`: the company's own calendar, calendars by name, and windows in which nothing starts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from temanashi.calendars.blackouts import Blackout
from temanashi.calendars.business import BusinessCalendar, Rule, refuse_both
from temanashi.errors import InputError
from temanashi.problems import suggestion
from temanashi.text.local import LocalText, phrase

__all__ = ["COMPANY", "RULES", "NamedCalendar", "SiteCalendars", "UnknownCalendar"]

COMPANY = "company"
"""The name of the calendar that the top of the file describes; schedules use it where they name none."""
RULES: tuple[Rule, ...] = get_args(Rule)
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*([-_][a-z0-9]+)*$", max_length=40)]


class UnknownCalendar(InputError):
    """A calendar that neither we nor the workspace's file names."""

    key = "calendars.unknown"

    def __init__(self, name: str, *, known: tuple[str, ...]) -> None:
        super().__init__(name=name, known=list(known), close=suggestion(name, known))


class NamedCalendar(BaseModel):
    """A calendar of its own: another one, and the days on which it differs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base: str = Field(default=COMPANY, description="every_day, weekends, japan, tse, company, or another name of this file")
    title: LocalText | None = None
    closed: frozenset[date] = Field(default=frozenset(), description="Extra closed days")
    opened: frozenset[date] = Field(default=frozenset(), description="Days that are worked although the base says closed")

    @model_validator(mode="after")
    def _one_answer_a_day(self) -> NamedCalendar:
        refuse_both(self.closed, self.opened)
        return self


class SiteCalendars(BusinessCalendar):
    """The file itself: what stands at its top is the calendar `company`."""

    calendars: Mapping[Name, NamedCalendar] = Field(default_factory=dict, description="Calendars by name")
    blackout: tuple[Blackout, ...] = Field(default=(), description="Times in which no schedule starts anything")

    @field_validator("calendars")
    @classmethod
    def _every_base_is_there(cls, value: Mapping[str, NamedCalendar]) -> Mapping[str, NamedCalendar]:
        known = (COMPANY, *RULES, *value)
        for name, calendar in value.items():
            if name in {COMPANY, *RULES}:
                raise ValueError(phrase("calendars.taken", calendar=name))
            if calendar.base not in known:
                close = suggestion(calendar.base, known)
                raise ValueError(
                    phrase("calendars.unknown-base", calendar=name, base=calendar.base, known=list(known), close=close)
                )
            chain = [name]
            while (base := value[chain[-1]].base) in value and base not in chain:
                chain.append(base)
            if base in chain:
                raise ValueError(phrase("calendars.circle", calendar=name, chain=[*chain, base]))
        return value

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that a schedule may use."""
        return (COMPANY, *RULES, *self.calendars)

    @property
    def company(self) -> BusinessCalendar:
        """The company's own calendar."""
        return BusinessCalendar(base=self.base, closed=self.closed, opened=self.opened)

    def calendar(self, name: str) -> BusinessCalendar:
        """The calendar of that name, its bases worked in; raises UnknownCalendar."""
        rule = next((known for known in RULES if known == name), None)
        if rule is not None:
            return BusinessCalendar(base=rule)
        if name == COMPANY:
            return self.company
        if name not in self.calendars:
            raise UnknownCalendar(name, known=self.names)
        own = self.calendars[name]
        base = self.calendar(own.base)
        return BusinessCalendar(
            base=base.base, closed=(base.closed - own.opened) | own.closed, opened=(base.opened - own.closed) | own.opened
        )
