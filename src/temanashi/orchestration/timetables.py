"""The schedules of a runbook as Prefect holds them, so that the next runs it shows are the ones that will be.

A cron that nothing excludes stays a cron. Everything else is a list of local times (RFC 5545, RDATE), long enough for months and
written anew by the watch before it ends. Prefect takes 6,500 characters.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.objects import DeploymentSchedule
from prefect.client.schemas.schedules import CronSchedule, RRuleSchedule

from temanashi.calendars import SiteCalendars
from temanashi.runbooks.cron import read_cron
from temanashi.runbooks.model import Runbook
from temanashi.runbooks.occurrences import Occurrence, next_occurrences, occurrences, zone_of
from temanashi.runbooks.planned import LeftOut
from temanashi.runbooks.schedule import Schedule, numbered

__all__ = ["LISTED", "Timetable", "slug_of", "timetables"]

LISTED = 390
"""Times of one list: 390 of 16 characters and their heads stay under Prefect's 6,500."""
ENOUGH = 100
FORM = "%Y%m%dT%H%M%S"
AHEAD = timedelta(days=100)
"""Prefect creates runs for so many days; what a list says later is compared when it is written anew."""
YEARS_AHEAD = timedelta(days=5 * 365)
CHANGES_AHEAD = 400
OVER = "20000101T000000"
"""Stands in a list without any time to come: Prefect takes no empty one, and what was switched off must not be forgotten."""


@dataclass(frozen=True, kw_only=True)
class Timetable:
    """A schedule of a runbook, and what is needed to tell its next times. `left_out` adds what persons held or skipped."""

    runbook: str
    schedule: Schedule
    calendars: SiteCalendars
    zone: ZoneInfo
    now: datetime
    left_out: LeftOut | None = None

    @property
    def slug(self) -> str:
        """Its name in Prefect."""
        return slug_of(self.runbook, self.schedule.id)

    @property
    def own_zone(self) -> ZoneInfo:
        """The zone of its local times."""
        return zone_of(self.schedule, self.zone)

    def next(self, count: int) -> list[datetime]:
        """The starts among the next so many occurrences, local."""
        found = next_occurrences(self.schedule, self.calendars, self.now, count, zone=self.zone)
        return [o.at for o in found if not self._is_left_out(o)]

    def until(self, end: datetime) -> list[datetime]:
        """The starts until a moment, local."""
        found = self._of(self.now + timedelta(microseconds=1), end)
        return [o.at for o in found if o.skipped is None and not self._is_left_out(o)]

    @property
    def is_plain(self) -> bool:
        """Whether Prefect's cron means the same: nothing excludes a time, and no clock change leaves one out."""
        if self.schedule.cron is None or self.schedule.excludes or self._dark() or self.left_out is not None:
            return False
        return not any(self._differs(self.schedule.cron, day) for day in self._changes())

    def _of(self, start: datetime, end: datetime) -> list[Occurrence]:
        return occurrences(self.schedule, self.calendars, start, end, zone=self.zone)

    def _is_left_out(self, occurrence: Occurrence) -> bool:
        return self.left_out is not None and self.left_out.why(self.runbook, occurrence) is not None

    def _dark(self) -> bool:
        return any(window.after.replace(tzinfo=self.zone) > self.now for window in self.calendars.blackout)

    def _changes(self) -> list[datetime]:
        """Local midnights of the days on which the clock goes forward."""
        midnight = self.now.astimezone(self.own_zone).replace(hour=0, minute=0, second=0, microsecond=0)
        days = [midnight + timedelta(days=n) for n in range(CHANGES_AHEAD)]
        return [a for a, b in pairwise(days) if _offset(a) < _offset(b)]

    def _differs(self, cron: str, day: datetime) -> bool:
        """Whether Prefect starts something else on that day: a time that the clock leaves out starts an hour early there."""
        read = read_cron(cron)
        times = [time(hour, minute, fold=1) for hour, minute in read.times()] if read.on(day.date()) else []
        theirs = {datetime.combine(day.date(), t, tzinfo=self.own_zone).astimezone(UTC) for t in times}
        return theirs != {o.at.astimezone(UTC) for o in self._of(day, day + timedelta(days=1)) if o.skipped is None}

    def for_prefect(self) -> CronSchedule | RRuleSchedule:
        """The schedule as Prefect is to hold it."""
        if self.is_plain:
            return CronSchedule(cron=self.schedule.cron or "", timezone=str(self.own_zone))
        times = [at.strftime(FORM) for at in self.next(LISTED)] or [OVER]
        return RRuleSchedule(rrule=f"DTSTART:{times[0]}\nRDATE:{','.join(times)}", timezone=str(self.own_zone))

    def wanted(self, *, active: bool) -> DeploymentScheduleCreate:
        """The schedule with its parameters, to create it anew."""
        return DeploymentScheduleCreate(
            schedule=self.for_prefect(), active=active, parameters=self.schedule.parameters, slug=self.slug
        )

    def is_held_by(self, found: DeploymentSchedule) -> bool:
        """Whether what Prefect holds still tells the truth, for long enough."""
        held = found.schedule
        if found.parameters != self.schedule.parameters:
            return False
        if self.is_plain:
            return held == self.for_prefect()
        if not isinstance(held, RRuleSchedule) or held.timezone != str(self.own_zone):
            return False
        ahead = [at for at in _listed(held.rrule, self.own_zone) if at > self.now]
        near = self.until(min([self.now + AHEAD, *(at + timedelta(seconds=1) for at in ahead[-1:])]))
        if near[: len(ahead)] != ahead[: len(near)]:
            return False
        lasting = len(ahead) >= ENOUGH or (bool(ahead) and ahead[-1] > self.now + YEARS_AHEAD)
        return lasting or ahead == self.next(LISTED)


def _offset(moment: datetime) -> timedelta:
    return moment.utcoffset() or timedelta()


def _listed(rrule: str, zone: ZoneInfo) -> list[datetime]:
    """The local times of a list of ours; none of a rule that somebody else wrote."""
    _, _, times = rrule.partition("\nRDATE:")
    try:
        return [datetime.strptime(text, FORM).replace(tzinfo=zone) for text in times.split(",")]
    except ValueError:
        return []


def slug_of(runbook: str, schedule: str) -> str:
    """The name of a schedule in Prefect: it outlives versions, and so does what a person switched off."""
    return f"{runbook}-{schedule}"


def timetables(
    runbook: Runbook, calendars: SiteCalendars, *, zone: ZoneInfo, now: datetime, left_out: LeftOut | None = None
) -> tuple[Timetable, ...]:
    """The active schedules of a runbook. One that the file switches off is not in Prefect at all."""
    return tuple(
        Timetable(
            runbook=runbook.id,
            schedule=schedule,
            calendars=calendars,
            zone=zone,
            now=now,
            left_out=left_out if left_out is not None and left_out.concerns(runbook.id, schedule.id) else None,
        )
        for schedule in numbered(runbook.schedules)
        if schedule.active
    )
