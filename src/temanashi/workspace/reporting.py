"""The month's report of an installation: its published tasks and calendar, its records, and the checkpoints beside the database."""

from __future__ import annotations

from sqlalchemy import Connection

from temanashi.books import proposed_tasks
from temanashi.calendars import BusinessCalendar, Month
from temanashi.ledger.checkpoints import CHECKPOINTS, latest_checkpoint
from temanashi.reports import CheckpointSeen, MonthlyReport, monthly_report
from temanashi.workspace.opening import Installation
from temanashi.workspace.publishing import PublishedWorkspace

__all__ = ["current_month", "month_report"]


def current_month(installation: Installation) -> Month:
    """The month of today in the workspace's time zone."""
    return Month.of(installation.clock.now().astimezone(installation.settings.zone).date())


def month_report(
    installation: Installation, connection: Connection, published: PublishedWorkspace | None, month: Month
) -> MonthlyReport:
    """The report, read in the caller's snapshot."""
    settings = installation.settings
    last = latest_checkpoint(settings.state_dir / CHECKPOINTS)
    return monthly_report(
        installation.ledger,
        connection,
        month,
        tasks=proposed_tasks(published.runbooks.values()) if published else (),
        now=installation.clock.now(),
        zone=settings.zone,
        goal=settings.goal,
        calendar=published.calendar if published else BusinessCalendar(),
        company=settings.company,
        checkpoints=[CheckpointSeen(number=last.number, seq=last.seq, at=last.at)] if last else [],
    )
