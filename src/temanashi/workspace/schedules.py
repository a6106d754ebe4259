"""Schedules that will start what they promise: a cron expression that Prefect reads too, a time zone, and complete parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from temanashi.problems import Problem
from temanashi.runbooks.inputs import BadInputs, validate_inputs
from temanashi.runbooks.model import Runbook
from temanashi.text import Phrase, phrase

__all__ = ["cron_flaw", "schedule_problems"]

FIELDS: tuple[tuple[str, int, int], ...] = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
NAMES = {"month": {name: n for n, name in enumerate(MONTHS, 1)}, "weekday": {name: n for n, name in enumerate(WEEKDAYS)}}
PART = re.compile(r"(?:\*|(?P<low>[0-9]{1,2}|[a-z]{3})(?:-(?P<high>[0-9]{1,2}|[a-z]{3}))?)(?:/(?P<step>[0-9]{1,2}))?", re.ASCII)
LONGEST = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}


def schedule_problems(runbook: Runbook) -> Iterator[Problem]:
    """What is wrong with the schedules of a runbook."""
    for index, schedule in enumerate(runbook.schedules):
        if (flaw := cron_flaw(schedule.cron)) is not None:
            yield Problem(("schedules", index, "cron"), flaw)
        if schedule.timezone is not None and not _is_zone(schedule.timezone):
            yield Problem(("schedules", index, "timezone"), phrase("workspace.schedule-zone", zone=schedule.timezone))
        try:
            validate_inputs(runbook, schedule.parameters)
        except BadInputs as error:
            yield from (p.under("schedules", index, "parameters") for p in error.problems)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):  # an unknown zone is a KeyError
        return False
    return True


def cron_flaw(text: str) -> Phrase | None:
    """What is wrong with a cron expression of five fields; None for one that means the same to Prefect's croniter.

    Fields hold `*`, numbers, names of months and weekdays, ranges, lists and steps. A day that never comes is refused.
    """
    parts = text.split()
    if len(parts) != len(FIELDS):
        return phrase("workspace.cron-fields", cron=text, count=len(parts))
    values: dict[str, set[int]] = {}
    for part, (name, low, high) in zip(parts, FIELDS, strict=True):
        found = _values(part.lower(), name, low, high)
        if found is None:
            return phrase("workspace.cron-field", cron=text, part=part, low=low, high=high, field=phrase(f"workspace.cron-{name}"))
        values[name] = found
    # Even where a weekday is given too, which cron takes as "or": Prefect's croniter fails on such a day of the month.
    never = min(values["day"]) > max(LONGEST.get(month, 31) for month in values["month"])
    return phrase("workspace.cron-never", cron=text) if never else None


def _values(text: str, name: str, low: int, high: int) -> set[int] | None:
    found: set[int] = set()
    for part in text.split(","):
        match = PART.fullmatch(part)
        if match is None:
            return None
        first, last = _number(match["low"], name, low), _number(match["high"] or match["low"], name, high)
        step = int(match["step"] or 1)
        if first is None or last is None or not low <= first <= last <= high or not 1 <= step <= high:
            return None
        # croniter reads `5/15` as `5-59/15`; other crons do not, so it must be written out.
        if match["step"] and match["low"] and not match["high"]:
            return None
        found.update(range(first, last + 1, step))
    return found


def _number(text: str | None, name: str, default: int) -> int | None:
    if text is None:
        return default
    return int(text) if text.isdigit() else NAMES.get(name, {}).get(text)
