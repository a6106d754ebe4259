"""The month's report for a page: published tasks and calendar, the ledger's records, and the checkpoints beside the database."""

from __future__ import annotations

from sqlalchemy import Connection

from temanashi.books import proposed_tasks
from temanashi.calendars import BusinessCalendar, Month
from temanashi.ledger.checkpoints import Checkpoint, read_checkpoints
from temanashi.pages.site import Site
from temanashi.reports import CheckpointSeen, MonthlyReport, monthly_report

__all__ = ["current_month", "report_of"]


def current_month(site: Site) -> Month:
    """The month of today in the workspace's time zone."""
    installation = site.installation
    return Month.of(installation.clock.now().astimezone(installation.settings.zone).date())


def report_of(site: Site, connection: Connection, month: Month) -> MonthlyReport:
    """The report, read in the caller's snapshot."""
    installation, published = site.installation, site.published(connection)
    settings = installation.settings
    found = read_checkpoints(settings.state_dir / "checkpoints")
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
        checkpoints=[CheckpointSeen(number=c.number, seq=c.seq, at=c.at) for c in found if isinstance(c, Checkpoint)],
    )
