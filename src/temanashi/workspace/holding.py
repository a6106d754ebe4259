"""What a person means by a name, an end or a day when they hold or skip schedules, checked before anything is written."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from temanashi.clock import duration_of
from temanashi.errors import InputError
from temanashi.problems import suggestion
from temanashi.runbooks.model import Runbook
from temanashi.runbooks.occurrences import Occurrence, next_occurrences, occurrences
from temanashi.runs.holds import Hold, NoSuchHold, Skip, open_holds, open_skips
from temanashi.workspace.first import runbook_named
from temanashi.workspace.versions import PublishedWorkspace

__all__ = [
    "BadDay",
    "BadUntil",
    "NothingPlanned",
    "UnknownSchedule",
    "day_from",
    "holds_named",
    "skip_target",
    "skips_named",
    "target_named",
    "until_from",
]

FORMS = ("%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M")
DAY_HOURS = 48


class UnknownSchedule(InputError):
    """The runbook has no schedule of that id."""

    key = "opening.unknown-schedule"

    def __init__(self, runbook: str, name: str, *, known: list[str]) -> None:
        super().__init__(runbook=runbook, name=name, close=suggestion(name, known) or ", ".join(known) or "-")


class BadUntil(InputError):
    """An end that cannot be read."""

    key = "opening.bad-until"

    def __init__(self, text: str) -> None:
        super().__init__(text=text)


class BadDay(InputError):
    """A day that is not written as 2026-11-20."""

    key = "opening.bad-day"

    def __init__(self, text: str) -> None:
        super().__init__(text=text)


class NothingPlanned(InputError):
    """Nothing would start then, so there is nothing to skip."""

    key = "opening.nothing-planned"

    def __init__(self, name: str, *, day: str, following: str) -> None:
        super().__init__(name=name, day=day, following=following)


def target_named(published: PublishedWorkspace, name: str) -> tuple[Runbook, str]:
    """`RUNBOOK` or `RUNBOOK/SCHEDULE`; raises UnknownRunbook, DisabledRunbook and UnknownSchedule."""
    runbook_id, slash, schedule = name.partition("/")
    runbook = runbook_named(published, runbook_id)
    known = [s.id for s in runbook.schedules]
    if slash and schedule not in known:
        raise UnknownSchedule(runbook.id, schedule, known=known)
    return runbook, schedule


def until_from(text: str, *, now: datetime, zone: ZoneInfo) -> datetime:
    """`2026-12-01` (all of that day), `2026-12-01 18:00`, or `30m`, `2h`, `3d` from now; raises BadUntil."""
    if (duration := duration_of(text)) is not None:
        return now + duration
    for form in FORMS:
        try:
            return datetime.strptime(text.strip(), form).replace(tzinfo=zone)
        except ValueError:
            continue
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise BadUntil(text) from None
    return datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone)


def day_from(text: str) -> date:
    """A day; raises BadDay."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise BadDay(text) from None


def skip_target(
    published: PublishedWorkspace, runbook: Runbook, schedule: str, day: date | None, *, now: datetime
) -> list[Occurrence]:
    """What a skip leaves out: all that a day is served by, or (without a day) the next one; raises NothingPlanned."""
    wanted = [s for s in runbook.schedules if schedule in {"", s.id}]
    ahead = [o for s in wanted for o in next_occurrences(s, published.calendar, now, 1, zone=published.zone)]
    following = min(ahead, key=lambda o: o.at, default=None)
    if day is None:
        found = [following] if following is not None else []
    else:
        start = datetime.combine(day, time.min, tzinfo=published.zone) - timedelta(days=1)
        end = start + timedelta(hours=2 * DAY_HOURS)
        every = [o for s in wanted for o in occurrences(s, published.calendar, start, end, zone=published.zone)]
        found = [o for o in every if o.slot == day and o.skipped is None and o.at > now]
    if not found:
        name = f"{runbook.id}/{schedule}" if schedule else runbook.id
        told = f"{following.at.astimezone(published.zone):%Y-%m-%d %H:%M}" if following is not None else "-"
        raise NothingPlanned(name, day=day.isoformat() if day is not None else "", following=told)
    return sorted(found, key=lambda o: o.at)


def holds_named(connection: Connection, name: str | None, *, now: datetime) -> list[Hold]:
    """Holds in force with that id or of exactly that name (None: of everything); raises NoSuchHold."""
    wanted = name or ""
    found = [hold for hold in open_holds(connection, now) if hold.name == wanted or (wanted and hold.id == wanted)]
    if not found:
        raise NoSuchHold(wanted or "--all")
    return found


def skips_named(connection: Connection, name: str, day: date | None, *, today: date) -> list[Skip]:
    """Skips to come of that name (and day); raises NoSuchHold."""
    found = [s for s in open_skips(connection, today) if s.name == name and day in {None, s.day}]
    if not found:
        raise NoSuchHold(f"{name} {day.isoformat()}" if day is not None else name)
    return found
