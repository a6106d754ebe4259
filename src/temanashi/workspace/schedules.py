"""Schedules that will start what they promise: readable times, known calendars and zones, and complete parameters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from temanashi.calendars import SiteCalendars
from temanashi.problems import Problem, suggestion
from temanashi.runbooks.cron import cron_flaw
from temanashi.runbooks.inputs import BadInputs, validate_inputs
from temanashi.runbooks.model import Runbook
from temanashi.runbooks.offering import Offers
from temanashi.runbooks.schedule import Schedule
from temanashi.text import phrase

__all__ = ["schedule_problems", "timing_problems"]


def schedule_problems(runbook: Runbook, calendars: SiteCalendars, offers: Offers | None = None) -> Iterator[Problem]:
    """What is wrong with the schedules of a runbook."""
    ids = Counter(schedule.id for schedule in runbook.schedules)
    for index, schedule in enumerate(runbook.schedules):
        at = ("schedules", index)
        if ids[schedule.id] > 1:
            yield Problem((*at, "id"), phrase("workspace.schedule-id", name=schedule.id))
        yield from (p.under(*at) for p in timing_problems(schedule, calendars))
        try:
            validate_inputs(runbook, schedule.parameters, offers=offers)
        except BadInputs as error:
            yield from (p.under(*at, "parameters") for p in error.problems)


def timing_problems(schedule: Schedule, calendars: SiteCalendars) -> Iterator[Problem]:
    """A time that cannot be read, a zone or a calendar that there is not."""
    if schedule.cron is not None and (flaw := cron_flaw(schedule.cron)) is not None:
        yield Problem(("cron",), flaw)
    if schedule.timezone is not None and not _is_zone(schedule.timezone):
        yield Problem(("timezone",), phrase("workspace.schedule-zone", zone=schedule.timezone))
    if schedule.calendar is not None and schedule.calendar not in calendars.names:
        message = phrase("workspace.schedule-calendar", name=schedule.calendar, known=list(calendars.names))
        yield Problem(("calendar",), message, suggestion(schedule.calendar, calendars.names))


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):  # an unknown zone is a KeyError
        return False
    return True
