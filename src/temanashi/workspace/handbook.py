"""All that there is to know of a published runbook: how it last went, what it costs by hand, when it starts, how it changed."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection

from temanashi.books.figures import TaskFigures
from temanashi.calendars import day_of
from temanashi.runbooks.model import Runbook
from temanashi.runbooks.occurrences import Occurrence, next_occurrences
from temanashi.runbooks.schedule import Schedule
from temanashi.runbooks.schedule_words import rule_in_words
from temanashi.runs.holds import open_holds, open_skips
from temanashi.runs.reading import RunView, last_run
from temanashi.text import Lang, Phrase
from temanashi.workspace.opening import Installation
from temanashi.workspace.publishing import PublishedWorkspace, stored_versions
from temanashi.workspace.reporting import current_month, month_report

__all__ = ["Edition", "RunbookFacts", "Starting", "editions", "runbook_facts", "search_runbooks"]

NEXT = 3
SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class Edition:
    """A published version in which the runbook changed; `text` is the difference of its file (unified diff, may be cut)."""

    number: int
    at: datetime
    author: str
    change: Literal["added", "changed", "removed"]
    text: str
    truncated: bool


@dataclass(frozen=True, kw_only=True)
class Starting:
    """A schedule and its next starts, without those that somebody left out; `held` is why it starts nothing now."""

    schedule: Schedule
    starts: tuple[Occurrence, ...]
    held: Phrase | None = None

    def rule(self, lang: Lang) -> str:
        """When it starts, in words, under its title where it has one."""
        words = rule_in_words(self.schedule, lang)
        return f"{self.schedule.title.text(lang)}: {words}" if self.schedule.title else words


@dataclass(frozen=True, kw_only=True)
class RunbookFacts:
    """One runbook. `task` holds this month's figures of the task that it serves, None before there are any."""

    runbook: Runbook
    last: RunView | None
    last_good: RunView | None
    task: TaskFigures | None
    schedules: tuple[Starting, ...]
    editions: tuple[Edition, ...]


def runbook_facts(
    installation: Installation, connection: Connection, published: PublishedWorkspace, runbook: Runbook
) -> RunbookFacts:
    """The facts of a published runbook, read in the caller's snapshot."""
    now = installation.clock.now()
    report = month_report(installation, connection, published, current_month(installation))
    return RunbookFacts(
        runbook=runbook,
        last=last_run(connection, runbook.id),
        last_good=last_run(connection, runbook.id, states=("done",)),
        task=next((task for task in report.figures.tasks if task.task == runbook.task), None),
        schedules=tuple(_starting(connection, published, runbook, schedule, now) for schedule in runbook.schedules),
        editions=editions(connection, runbook.id),
    )


def _starting(
    connection: Connection, published: PublishedWorkspace, runbook: Runbook, schedule: Schedule, now: datetime
) -> Starting:
    skips = open_skips(connection, day_of(now, published.zone))
    held = next((hold.why for hold in open_holds(connection, now) if hold.covers(runbook.id, schedule.id)), None)
    ahead = next_occurrences(schedule, published.calendar, now, NEXT + len(skips), zone=published.zone, days=400)
    left = [o for o in ahead if not any(skip.covers(runbook.id, schedule.id, o.at, o.slot) for skip in skips)]
    return Starting(schedule=schedule, starts=tuple(left[:NEXT]), held=held)


def editions(connection: Connection, runbook: str) -> tuple[Edition, ...]:
    """The published versions in which a runbook changed, the newest first."""
    found: list[Edition] = []
    before = None
    for version in reversed([v for v in stored_versions(connection) if v.state in {"live", "earlier"}]):
        known = version.runbooks.get(runbook)
        meant = known or before
        if meant is not None and (known and known.version) != (before and before.version):
            text = next((f for f in version.difference.files if f.file == meant.file), None)
            found.append(
                Edition(
                    number=version.number,
                    at=version.created_at,
                    author=version.author,
                    change="changed" if known and before else "added" if known else "removed",
                    text=text.text if text else "",
                    truncated=bool(text and text.truncated),
                )
            )
        before = known
    return tuple(reversed(found))[:SHOWN]


def search_runbooks(runbooks: Iterable[Runbook], *, words: str = "", category: str = "") -> list[Runbook]:
    """Those that hold every word (width and case do not matter), of one category where one is given; by title."""
    wanted = [_folded(word) for word in words.split()]
    return sorted(
        (r for r in runbooks if (not category or r.category == category) and all(word in _all(r) for word in wanted)),
        key=lambda r: (r.category, r.id),
    )


def _all(runbook: Runbook) -> str:
    texts = [text for local in (runbook.title, runbook.description) for text in (local.ja, local.en, local.plain) if text]
    return _folded("\n".join([runbook.id, runbook.owner, runbook.system, *texts]))


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
