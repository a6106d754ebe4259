"""`runbooks/site/maintenance.yaml`: maintenance that comes again, by the rules and calendars of schedules. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from temanashi.calendars import SiteCalendars
from temanashi.clock import duration_of
from temanashi.monitoring.maintenance import Window
from temanashi.runbooks.occurrences import next_occurrences, occurrences
from temanashi.runbooks.schedule import Days, Duration, OnClosed, Schedule, Times
from temanashi.text.local import LocalText, phrase

__all__ = ["LONGEST", "NO_RECURRING", "MaintenanceFile", "Recurring", "RecurringWindow"]

LONGEST = timedelta(days=14)
AHEAD_DAYS = 400
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+([-_][a-z0-9]+)*$", max_length=60)]
Pattern = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class RecurringWindow(BaseModel):
    """Maintenance that comes again: when it begins and how long it lasts, what it covers, why, and who is responsible.

    `hosts` or `systems` says where, `checks` narrows to some checks there; with `checks` alone they are meant on every host.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    id: Name = Field(description="Name of the window, unique in the file")
    hosts: str | None = Field(
        default=None, min_length=1, description="Names, `web*`, group:, tag:, system:, site:, as in `targets`"
    )
    systems: tuple[Pattern, ...] = Field(default=(), description="Systems of the inventory, in place of `hosts`")
    checks: tuple[Pattern, ...] = Field(
        default=(), description="Only these: `CHECK`, `RUNBOOK/CHECK` or `RUNBOOK/STEP/CHECK`; `*` stands for anything"
    )
    at: Times = Field(description='When it begins, "23:00" or a list; "25:30" is 01:30 of the next day')
    length: Duration = Field(description="How long it lasts, over midnight too: `90m`, `6h`, `2d`")
    days: Days | None = Field(default=None, description="every_day (default), business_day, or a mapping as in schedules")
    calendar: str | None = Field(default=None, description="Closed days of this calendar are left out")
    on_closed: OnClosed | None = Field(default=None, description="On a closed day: skip (default), next or previous")
    timezone: str | None = Field(default=None, description="IANA name; the workspace's by default")
    start: date | None = Field(default=None, alias="from", description="First day on which it may begin")
    until: date | None = Field(default=None, description="Last day on which it may begin")
    active: bool = True
    reason: LocalText = Field(description="What a reader of the problems sees")
    owner: str = Field(min_length=1, max_length=100, description="Who is responsible for it")

    @model_validator(mode="after")
    def _one_place(self) -> RecurringWindow:
        if self.hosts is not None and self.systems:
            raise ValueError(phrase("monitoring.window-hosts-and-systems"))
        if self.hosts is None and not self.systems and not self.checks:
            raise ValueError(phrase("monitoring.window-covers-nothing"))
        if self.duration > LONGEST:
            raise ValueError(phrase("monitoring.window-long", length=self.length, days=LONGEST.days))
        return self

    @model_validator(mode="after")
    def _readable_timing(self) -> RecurringWindow:
        _ = self.timing  # its own rules: `from` before `until`, no two answers a day
        return self

    @property
    def timing(self) -> Schedule:
        """When it begins, as a schedule."""
        return Schedule(
            id=f"w-{self.id}",
            at=self.at,
            days=self.days,
            calendar=self.calendar,
            on_closed=self.on_closed,
            timezone=self.timezone,
            start=self.start,
            until=self.until,
            active=self.active,
        )

    @property
    def duration(self) -> timedelta:
        """How long it lasts."""
        return duration_of(self.length) or timedelta(0)

    @property
    def selector(self) -> str:
        """The hosts, as an expression."""
        if self.systems:
            return ",".join(f"system:{name}" for name in self.systems)
        return self.hosts or "all"

    def beginning(self, at: datetime) -> Window:
        """The window that begins at a moment."""
        return Window(
            id=self.id,
            selector=self.selector,
            runbook="",
            checks=self.checks,
            since=at,
            until=(at.astimezone(UTC) + self.duration).astimezone(at.tzinfo),  # a clock that is set back makes it no longer
            reason=self.reason,
            actor=self.owner,
            made_at=at,
            recurring=True,
        )


class MaintenanceFile(BaseModel):
    """The file itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    windows: tuple[RecurringWindow, ...] = Field(default=(), max_length=500, description="Maintenance that comes again")


@dataclass(frozen=True, kw_only=True)
class Recurring:
    """The rules of a workspace with its calendars and its time zone. Blackouts keep schedules from starting, not maintenance.

    `ended`: when single occurrences were ended early or taken back, by their names (`Window.occurrence`).
    """

    windows: tuple[RecurringWindow, ...] = ()
    calendars: SiteCalendars = field(default_factory=SiteCalendars)
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    ended: Mapping[str, datetime] = field(default_factory=dict)

    def over(self, at: datetime) -> list[Window]:
        """What is in force at an aware moment; the one that ends last of each rule."""
        return [found[-1] for rule in self.windows if (found := list(self._covering(rule, at)))]

    def ahead(self, now: datetime) -> list[Window]:
        """What is in force, or else begins next, of each rule; by its begin."""
        found = [window for rule in self.windows if (window := self._next(rule, now)) is not None]
        return sorted(found, key=lambda window: (window.since, window.id))

    def of_rule(self, name: str, now: datetime) -> list[Window]:
        """What would be ended now: what is in force of a rule, else what begins next; nothing of a rule that is idle or unknown."""
        rule = next((rule for rule in self.windows if rule.id == name), None)
        if rule is None:
            return []
        following = self._next(rule, now)
        return list(self._covering(rule, now)) or ([following] if following else [])

    def idle(self, now: datetime) -> list[str]:
        """Rules that are not in force and do not begin in a year: switched off, over, or never on an open day."""
        coming = {window.id for window in self.ahead(now)}
        return [rule.id for rule in self.windows if rule.id not in coming]

    def _covering(self, rule: RecurringWindow, at: datetime) -> Iterator[Window]:
        """Windows of a rule that cover a moment, the latest last."""
        first, last = at - rule.duration, at + timedelta(microseconds=1)
        for one in occurrences(rule.timing, self._calendars, first, last, zone=self.zone):
            if one.skipped is None and (window := self._beginning(rule, one.at)).over(at):
                yield window

    def _next(self, rule: RecurringWindow, now: datetime) -> Window | None:
        if current := list(self._covering(rule, now)):
            return current[-1]
        if not rule.active:
            return None
        taken_back = sum(name.startswith(f"{rule.id}@") for name in self.ended)
        following = next_occurrences(rule.timing, self._calendars, now, 1 + taken_back, zone=self.zone, days=AHEAD_DAYS)
        found = (self._beginning(rule, one.at) for one in following)
        return next((window for window in found if window.ended_at is None), None)

    def _beginning(self, rule: RecurringWindow, at: datetime) -> Window:
        window = rule.beginning(at)
        return replace(window, ended_at=self.ended.get(window.occurrence))

    @property
    def _calendars(self) -> SiteCalendars:
        return self.calendars.model_copy(update={"blackout": ()})


NO_RECURRING = Recurring()
"""No rules at all."""
