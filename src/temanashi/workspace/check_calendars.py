"""Calendars that checks name: one that there is not would be found out at night, as UNKNOWN."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from temanashi.calendars import SiteCalendars
from temanashi.problems import Problem, suggestion
from temanashi.runbooks.model import Runbook
from temanashi.runbooks.steps.values import is_template
from temanashi.text import phrase

__all__ = ["check_calendar_problems"]


def check_calendar_problems(runbook: Runbook, calendars: SiteCalendars) -> Iterator[Problem]:
    """Unknown names under `calendar` of a check and of the rows of its `by_time`."""
    for place, step in enumerate(runbook.data.get("steps") or ()):
        checks = step.get("checks") if isinstance(step, Mapping) else None
        for number, check in enumerate(checks or ()):
            at = ("steps", place, "checks", number)
            rows = [((), check), *((("by_time", row), item) for row, item in enumerate(check.get("by_time") or ()))]
            yield from (problem.under(*at, *below) for below, item in rows for problem in _alone(item, calendars))


def _alone(item: Mapping[str, Any], calendars: SiteCalendars) -> Iterator[Problem]:
    name = item.get("calendar")
    if isinstance(name, str) and name not in calendars.names and not is_template(name):
        message = phrase("workspace.schedule-calendar", name=name, known=list(calendars.names))
        yield Problem(("calendar",), message, suggestion(name, calendars.names))
