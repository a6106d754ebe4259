"""The month's report of an installation: its published tasks and calendar, its records, and the checkpoints beside the database."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import Connection

from temanashi.books import proposed_tasks, roadmap_figures
from temanashi.books.closing import Closing
from temanashi.calendars import BusinessCalendar, Month
from temanashi.errors import InputError
from temanashi.ledger.checkpoints import CHECKPOINTS, latest_checkpoint
from temanashi.problems import suggestion
from temanashi.reports import CheckpointSeen, MonthlyReport, Workday, monthly_report
from temanashi.reports.closing_seen import ClosingSeen, closing_seen
from temanashi.workspace.closings import figures_now, posted, read_closings, restated_months, to_post
from temanashi.workspace.demo.mark import is_sample
from temanashi.workspace.improving import read_investments
from temanashi.workspace.next_steps import with_steps
from temanashi.workspace.opening import Installation
from temanashi.workspace.operating import month_operations
from temanashi.workspace.operations_files import topic_of
from temanashi.workspace.publishing import PublishedWorkspace

__all__ = ["UnknownTeam", "current_month", "month_report"]


class UnknownTeam(InputError):
    """No task of the month belongs to this owner."""

    key = "report.unknown-team"

    def __init__(self, team: str, *, known: Collection[str]) -> None:
        super().__init__(team=team, known=suggestion(team, known) or ", ".join(sorted(known)[:12]) or "-")


def current_month(installation: Installation) -> Month:
    """The month of today in the workspace's time zone."""
    return Month.of(installation.clock.now().astimezone(installation.settings.zone).date())


def month_report(
    installation: Installation, connection: Connection, published: PublishedWorkspace | None, month: Month, *, team: str = ""
) -> MonthlyReport:
    """The report, read in the caller's snapshot; with `team` of that owner's tasks alone. Raises UnknownTeam and LedgerError."""
    settings = installation.settings
    now, calendar = installation.clock.now(), published.calendar if published else BusinessCalendar()
    invested = read_investments(installation, connection)
    closed = read_closings(installation, connection)
    last = latest_checkpoint(settings.state_dir / CHECKPOINTS)
    made = monthly_report(
        installation.ledger,
        connection,
        month,
        tasks=proposed_tasks(published.runbooks.values()) if published else (),
        now=now,
        zone=settings.zone,
        goal=settings.goal,
        calendar=calendar,
        company=settings.company,
        checkpoints=[CheckpointSeen(number=last.number, seq=last.seq, at=last.at)] if last else [],
        workday=Workday(hours_per_day=settings.report.hours_per_day, days_per_month=settings.report.days_per_month),
        team=team,
        invested=invested,
        closed={name: closing.figures for name, closing in closed.items()},
    )
    if team and team not in made.teams:
        raise UnknownTeam(team, known=made.teams)
    made = made.model_copy(update={"sample": is_sample(installation.ledger, connection)})
    if team:  # what follows is of everybody
        return made
    plan = published.roadmap if published and not (published.roadmap and published.roadmap.sample) else None
    told = month_operations(installation, connection, published, month, lang=settings.language)
    texts = {lang: topic_of(published.files, month, lang) for lang in settings.languages} if published else {}
    return made.model_copy(
        update={
            "next_best": with_steps(installation, connection, published, made.next_best),
            "roadmap": plan and roadmap_figures(plan, today=made.figures.through, calendar=calendar, invested=invested),
            "operations": None if told.empty else told.model_copy(update={"topic": ""}),
            "topics": {lang: text for lang, text in texts.items() if text},
            "closing": _closing(installation, connection, published, month, closed),
        }
    )


def _closing(
    installation: Installation,
    connection: Connection,
    published: PublishedWorkspace | None,
    month: Month,
    closed: Mapping[str, Closing],
) -> ClosingSeen | None:
    """How the month was closed and what is different now; of an open one, what it posts about closed ones."""
    if not closed:
        return None
    own = closed.get(str(month))
    if own is not None:
        return closing_seen(own, figures_now(installation, connection, published, month))
    recent = restated_months(installation, connection, published, _since_last(closed))
    # Of a month that posted something, what it posted is known only beside its figures of now.
    different = {entry.month for entry in posted(closed) if entry.source == "restated"} - set(recent)
    recent |= {name: figures_now(installation, connection, published, Month.parse(name)) for name in sorted(different)}
    return closing_seen(None, posting=to_post(month, closed, recent))


def _since_last(closed: Mapping[str, Closing]) -> Mapping[str, Closing]:
    """The same closings, as if all had been sealed with the last one, which posted what was different until then.

    So only what was recorded since is read. Where an older month was closed last this does not hold, and nothing is spared.
    """
    last = closed[max(closed)]
    if last.checkpoint.seq < max(closing.checkpoint.seq for closing in closed.values()):
        return closed
    return {name: closing.model_copy(update={"checkpoint": last.checkpoint}) for name, closing in closed.items()}
