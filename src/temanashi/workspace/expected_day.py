"""One day of schedules as its readers see it: what ran, what did not and why, and what is still to come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import Connection

from temanashi.runbooks.occurrences import occurrences
from temanashi.runs.engine import Engine
from temanashi.runs.expected import OccurrenceState, OccurrenceView, read_occurrences
from temanashi.text.local import Phrase
from temanashi.workspace.versions import current_version

__all__ = ["DayLine", "did_not_run", "expected_on"]

BAD: tuple[OccurrenceState, ...] = ("late", "missing", "overlap", "refused")


@dataclass(frozen=True, kw_only=True)
class DayLine:
    """One occurrence; `state` is that of its row, or `planned` for one to come."""

    runbook: str
    schedule: str
    at: datetime
    slot: date
    state: str
    reason: Phrase | None = None
    run: str = ""
    result: str = ""

    @property
    def bad(self) -> bool:
        """Whether it should have run and did not."""
        return self.state in BAD


def expected_on(connection: Connection, engine: Engine, day: date) -> list[DayLine]:
    """Everything that starts, or should have, on a day of the workspace's time zone, in order of time; raises VersionAltered."""
    start = datetime.combine(day, time.min, tzinfo=engine.zone)
    end = datetime.combine(day + timedelta(days=1), time.min, tzinfo=engine.zone)
    known = [_line(row) for row in read_occurrences(connection, since=start, until=end)]
    seen = {(line.runbook, line.schedule, line.at) for line in known}
    ahead = [one for one in _planned(connection, engine, start, end) if (one.runbook, one.schedule, one.at) not in seen]
    return sorted([*known, *ahead], key=lambda line: (line.at, line.runbook, line.schedule))


def did_not_run(connection: Connection, since: datetime) -> list[OccurrenceView]:
    """What did not run since a moment and nobody wanted so, the newest first."""
    return read_occurrences(connection, since=since, states=BAD)[::-1]


def _line(row: OccurrenceView) -> DayLine:
    names = ("runbook", "schedule", "at", "slot", "state", "reason", "run", "result")
    return DayLine(**{name: getattr(row, name) for name in names})


def _planned(connection: Connection, engine: Engine, start: datetime, end: datetime) -> list[DayLine]:
    published = current_version(connection, kinds=engine.kinds)
    first = max(start, engine.clock.now())
    if published is None or first >= end:
        return []
    return [
        DayLine(runbook=runbook.id, schedule=schedule.id, at=one.at, slot=one.slot, state="planned")
        for runbook in published.runbooks.values()
        for schedule in runbook.schedules
        for one in occurrences(schedule, published.calendar, first, end, zone=published.zone)
        if one.skipped is None
    ]
