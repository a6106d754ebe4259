"""What the morning sheet of a day is made of: its runs, and the occasions on which something should have run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection

from temanashi.reports.morning import DayMaterial, Occasion
from temanashi.runbooks.model import Runbook
from temanashi.runbooks.occurrences import occurrences
from temanashi.runs.check_rows import RunCache, RunSeen, checked_runs_of
from temanashi.runs.expected import OccurrenceView, read_occurrences, stamp
from temanashi.runs.lateness import ON_TIME
from temanashi.text.local import LocalText, Phrase, phrase
from temanashi.workspace.opening import Installation
from temanashi.workspace.versions import PublishedWorkspace

__all__ = ["day_material", "on_sheet"]

MISSED = ("late", "missing", "overlap", "refused")
LEFT_OUT = ("held", "skipped", "superseded")


def on_sheet(chosen: Sequence[str] = ()) -> Callable[[str, Mapping[str, Any]], bool]:
    """Whether a runbook (id, its data) is on the sheet: one that was chosen; by default every routine one with checks."""

    def wanted(runbook: str, data: Mapping[str, Any]) -> bool:
        if chosen:
            return runbook in chosen
        return data.get("category") == "routine" and any("checks" in item for item in data.get("steps", ()))

    return wanted


def day_material(
    installation: Installation,
    connection: Connection,
    published: PublishedWorkspace | None,
    day: date,
    *,
    cache: RunCache | None = None,
) -> DayMaterial:
    """The day in the caller's snapshot."""
    settings, now = installation.settings, installation.clock.now()
    wanted = on_sheet(settings.checks.runbooks)
    runs = checked_runs_of(connection, day, zone=settings.zone, wanted=wanted, cache=cache)
    today = now.astimezone(settings.zone).date()
    lines = list(_occasions(connection, published, day, now, runs, wanted)) if published is not None else []
    return DayMaterial(
        day=day,
        runs=tuple(runs),
        missed=tuple(line for line in lines if line.state in MISSED),
        left_out=tuple(line for line in lines if line.state in {*LEFT_OUT, "made-up"}),
        ahead=tuple(line for line in lines if line.ahead),
        known=day >= today - timedelta(days=settings.purge_days),
    )


def _occasions(
    connection: Connection,
    published: PublishedWorkspace,
    day: date,
    now: datetime,
    runs: Sequence[RunSeen],
    wanted: Callable[[str, Mapping[str, Any]], bool],
) -> Iterator[Occasion]:
    """Everything that a schedule means for the day and that has not started. 25:30 belongs to the day before its morning."""
    start = datetime.combine(day, time.min, tzinfo=published.zone)
    end = start + timedelta(days=2)
    books = {name: book for name, book in published.runbooks.items() if wanted(name, book.data)}
    ran = {run.runbook for run in runs}
    seen = set()
    for row in read_occurrences(connection, since=start, until=end):
        seen.add(row.key)
        known = row.runbook in books or row.runbook in ran
        if row.slot == day and known and row.state != "started":
            title = books[row.runbook].title if row.runbook in books else LocalText(plain=row.runbook)
            state, reason = _state(row, now, runs, published)
            yield Occasion(runbook=row.runbook, title=title, schedule=row.schedule, at=row.at, state=state, reason=reason)
    yield from (
        one for one in _unwritten(published, books, day, now) if _key(one) not in seen and (one.ahead or one.runbook not in ran)
    )


def _unwritten(published: PublishedWorkspace, books: Mapping[str, Runbook], day: date, now: datetime) -> Iterator[Occasion]:
    """What schedules mean for the day, as far as the published version can say: nobody writes it down while nobody watches."""
    start = datetime.combine(day, time.min, tzinfo=published.zone)
    for book in books.values():
        for schedule in (schedule for schedule in book.schedules if schedule.active):
            first, last = max(start, published.published_at), start + timedelta(days=2)
            for one in occurrences(schedule, published.calendar, first, last, zone=published.zone):
                if one.skipped is None and one.slot == day:
                    late = one.at + ON_TIME <= now
                    reason = phrase("sheet.nobody-heard") if late else None
                    state = "missing" if late else "planned"
                    yield Occasion(runbook=book.id, title=book.title, schedule=schedule.id, at=one.at, state=state, reason=reason)


def _key(one: Occasion) -> tuple[str, str, str]:
    return one.runbook, one.schedule, stamp(one.at)


def _state(row: OccurrenceView, now: datetime, runs: Sequence[RunSeen], published: PublishedWorkspace) -> tuple[str, Phrase | None]:
    """What became of an occasion: a later run of the same runbook makes up for one that was missed."""
    state, reason = str(row.state), row.reason
    if state == "expected":
        if max(row.due, row.at + ON_TIME) > now:
            return "planned", None
        state, reason = "missing", phrase("sheet.nobody-heard")
    later = next((run for run in runs if run.runbook == row.runbook and run.requested_at >= row.at), None)
    if state in MISSED and later is not None:
        when = f"{later.requested_at.astimezone(published.zone):%H:%M}"
        return "made-up", phrase("sheet.made-up", when=when)
    return state, reason
