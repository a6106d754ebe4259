"""Fill a new workspace with a sample year: its own folder, its own database, never one that holds anything else."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from temanashi.books import ProposedTask, SampleRef, Seconds, proposed_tasks, sign
from temanashi.calendars import BusinessCalendar, Month, nth_business_day
from temanashi.clock import Clock
from temanashi.errors import WorkspaceError
from temanashi.ledger.records import Draft, Record
from temanashi.people import Actor
from temanashi.runbooks.kinds import step_kinds
from temanashi.workspace.closing_months import approve_month, prepare_month
from temanashi.workspace.creating import init_workspace
from temanashi.workspace.demo.mark import marking
from temanashi.workspace.demo.tasks import MONTHS, TASKS, SampleTask
from temanashi.workspace.demo.texts import demo_texts
from temanashi.workspace.demo.year import PEOPLE, Moment, SampleYear
from temanashi.workspace.loading import load_workspace
from temanashi.workspace.opening import Installation, open_installation
from temanashi.workspace.publishing import current_version, publish

__all__ = ["DatabaseElsewhere", "DemoMade", "NotEmpty", "fill_demo"]

COMPANY = "見本証券（見本データ SAMPLE）"
SIGNING_DAY = 12
CLOSING_DAY = 3
GATE = "\n[tool.temanashi.gate]\nsign_in = false  # 見本はこのマシンだけで見られます / a sample is for this machine alone\n"


class DatabaseElsewhere(WorkspaceError):
    """`TEMA_DATABASE_URL` or a setting leads to a database that is not the demo's own."""

    key = "demo.database-elsewhere"


class NotEmpty(WorkspaceError):
    """The folder is a workspace, or its ledger holds records."""

    key = "demo.not-empty"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder=str(folder))


class DemoMade(NamedTuple):
    """The folder, how many records its ledger has, and the last full month."""

    folder: Path
    records: int
    month: Month


class _Passing:
    """A clock that is set to each moment of the year."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        """The moment."""
        return self.at

    def monotonic(self) -> float:
        """Seconds since some moment."""
        return self.at.timestamp()

    def sleep(self, seconds: float) -> None:
        """Time passes at once."""
        self.at += timedelta(seconds=seconds)


def fill_demo(
    folder: Path, *, seed: int, clock: Clock, environ: Mapping[str, str], note: Callable[[Month], None] = lambda _: None
) -> DemoMade:
    """Make the workspace and its ledger; equal seeds and moments give equal figures. `note` hears of each month.

    Raises NotEmpty, DatabaseElsewhere, InTheWay, CannotWrite and LedgerError; a folder that is something else is left as it is.
    """
    if environ.get("TEMA_DATABASE_URL"):
        raise DatabaseElsewhere
    if (folder / "pyproject.toml").exists() or (folder / ".tema").exists():
        raise NotEmpty(folder)
    until = clock.now()
    last = Month.of(until.date())
    first = last.shift(-MONTHS)
    init_workspace(folder, name=COMPANY, starter=demo_texts(first, last))
    with (folder / "pyproject.toml").open("a", encoding="utf-8") as settings:
        settings.write(GATE)
    passing = _Passing(until)
    with open_installation(folder, clock=passing) as opened:
        with opened.database.reading() as connection:
            if opened.ledger.head(connection).seq:
                raise NotEmpty(folder)
        zone = opened.settings.zone
        year = SampleYear(
            first=first,
            until=until,
            zone=zone,
            random=random.Random(seed),  # noqa: S311  (made-up data)
            business=BusinessCalendar(),
        )
        passing.at = datetime.combine(first.first, datetime.min.time(), tzinfo=zone)
        _append(opened, passing, [(passing.at, marking(seed, PEOPLE[1]))])
        publish(opened.database, opened.ledger, load_workspace(folder, kinds=step_kinds()), actor=PEOPLE[1], clock=passing)
        _year(opened, passing, year, last, note)
        with opened.database.reading() as connection:
            return DemoMade(folder, opened.ledger.head(connection).seq, last.previous)


def _append(opened: Installation, clock: _Passing, moments: list[Moment]) -> list[Record]:
    """Each record at its own moment, a day in one transaction."""
    written = []
    with opened.database.transaction() as connection:
        for at, draft in moments:
            clock.at = max(at, clock.at)
            written.append(opened.ledger.append(connection, draft))
    return written


def _year(opened: Installation, clock: _Passing, year: SampleYear, last: Month, note: Callable[[Month], None]) -> None:
    with opened.database.reading() as connection:
        published = current_version(connection, kinds=step_kinds())
    proposed = {task.task: task for task in proposed_tasks(published.runbooks.values() if published else ())}
    measured: dict[str, list[SampleRef]] = {}
    month = year.first
    while not last < month:
        note(month)
        for day in month.days():
            if month == year.first and day.day <= SIGNING_DAY and year.business.is_business_day(day):
                for task in TASKS:
                    if len(measured.setdefault(task.id, [])) < task.samples:
                        measured[task.id].append(_sample(_append(opened, clock, year.samples(task, day))))
            _append(opened, clock, year.day(day))
            if year.first < month < last and day == nth_business_day(month, CLOSING_DAY, year.business):
                _closed(opened, clock, month.previous)
            if month == year.first and day.day == SIGNING_DAY:
                told: dict[str, Any] = {"actor": PEOPLE[1], "now": clock.at, "zone": year.zone}
                drafts = [_signed(task, proposed[task.id], measured[task.id], **told) for task in TASKS if task.signed]
                _append(opened, clock, [(clock.at, draft) for draft in drafts])
        month = month.next


def _closed(opened: Installation, clock: _Passing, month: Month) -> None:
    """One person prepares the month, another approves it. The last full month stays open, as it would be at its end."""
    with opened.database.reading() as connection:
        published = current_version(connection, kinds=step_kinds())
    prepare_month(opened, published, month, actor=PEOPLE[0], channel="cli", note="見本")
    clock.sleep(3600)
    approve_month(opened, published, month, actor=PEOPLE[1], channel="cli", note="見本")


def _sample(records: list[Record]) -> SampleRef:
    """What a baseline keeps of a run by hand; its decision comes first, its end last."""
    end = records[-1]
    return SampleRef(run=end.draft.run, seq=end.seq, day=end.recorded_at.date(), seconds=records[0].draft.human_seconds)


def _signed(
    task: SampleTask, proposed: ProposedTask, samples: list[SampleRef], *, actor: Actor, now: datetime, zone: ZoneInfo
) -> Draft:
    """The minutes as measured, else as proposed."""
    seconds = Seconds.of_minutes(task.minutes, task.per_target, targets=task.targets)
    if samples:
        seconds = Seconds(setup=round(sum(sample.seconds for sample in samples) / len(samples)))
    return sign(proposed, seconds, actor=actor, now=now, zone=zone, samples=samples, note="見本")
