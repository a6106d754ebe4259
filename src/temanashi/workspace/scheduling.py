"""The plan of an installation: its published schedules, and what persons hold or skip."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from temanashi.calendars import Month
from temanashi.errors import InputError
from temanashi.problems import suggestion
from temanashi.runbooks.occurrences import Occurrence
from temanashi.runbooks.planned import SchedulePlan, plan_schedules
from temanashi.runs.holds import Hold, Skip, open_holds, open_skips
from temanashi.text.local import Phrase
from temanashi.workspace.versions import PublishedWorkspace

__all__ = [
    "LONGEST_PLAN",
    "LeftOutByPersons",
    "PlanTooLong",
    "UnknownSchedule",
    "left_out_by_persons",
    "planned_schedules",
    "three_months",
]

LONGEST_PLAN = 400
"""Days of one plan."""


class PlanTooLong(InputError):
    """The last day is before the first one, or too far from it."""

    key = "workspace.plan-length"

    def __init__(self, first: date, last: date) -> None:
        super().__init__(first=first.isoformat(), last=last.isoformat(), limit=LONGEST_PLAN)


class UnknownSchedule(InputError):
    """No published runbook with that id."""

    key = "workspace.plan-unknown"

    def __init__(self, runbook: str, *, known: list[str]) -> None:
        super().__init__(runbook=runbook, close=suggestion(runbook, known) or ", ".join(known[:20]))


def three_months(today: date) -> tuple[date, date]:
    """From today to the end of the month after next."""
    return today, Month.of(today).shift(2).last


def planned_schedules(
    connection: Connection, published: PublishedWorkspace, first: date, last: date, *, now: datetime, runbook: str = ""
) -> SchedulePlan:
    """The plan of every published runbook, or of one; raises PlanTooLong and UnknownSchedule."""
    if not timedelta(0) <= last - first <= timedelta(days=LONGEST_PLAN):
        raise PlanTooLong(first, last)
    if runbook and runbook not in published.runbooks:
        raise UnknownSchedule(runbook, known=sorted(published.runbooks))
    chosen = [published.runbooks[runbook]] if runbook else published.runbooks.values()
    left_out = left_out_by_persons(connection, now, now.astimezone(published.zone).date())
    return plan_schedules(chosen, published.calendar, first, last, zone=published.zone, left_out=left_out)


@dataclass(frozen=True, slots=True)
class LeftOutByPersons:
    """Open holds and skips, as what they leave out of a plan."""

    holds: tuple[Hold, ...]
    skips: tuple[Skip, ...]

    def concerns(self, runbook: str, schedule: str) -> bool:
        """Whether anything of a schedule is held or skipped."""
        return any(h.covers(runbook, schedule) for h in self.holds) or any(s.runbook == runbook for s in self.skips)

    def why(self, runbook: str, occurrence: Occurrence) -> Phrase | None:
        """Why an occurrence is left out; None where it starts."""
        one = occurrence
        held = next((h.why for h in self.holds if h.covers(runbook, one.schedule) and h.over(one.at)), None)
        return held or next((s.why for s in self.skips if s.covers(runbook, one.schedule, one.at, one.slot)), None)


def left_out_by_persons(connection: Connection, now: datetime, today: date) -> LeftOutByPersons:
    """What persons hold now, and skip today and later."""
    # Two days back: 25:30 of the day before yesterday may still be ahead in another zone.
    return LeftOutByPersons(tuple(open_holds(connection, now)), tuple(open_skips(connection, today - timedelta(days=2))))
