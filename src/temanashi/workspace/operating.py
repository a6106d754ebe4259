"""What operations tell of a month in an installation: its incidents and alerts, figures of its systems, and the month's topic."""

from __future__ import annotations

from sqlalchemy import Connection

from temanashi.books import OperationsFigures, kpi_lines, operations_figures, read_measured, read_operations
from temanashi.calendars import Month
from temanashi.text import Lang
from temanashi.workspace.opening import Installation
from temanashi.workspace.operations_files import topic_of
from temanashi.workspace.publishing import PublishedWorkspace

__all__ = ["month_operations"]


def month_operations(
    installation: Installation, connection: Connection, published: PublishedWorkspace | None, month: Month, *, lang: Lang
) -> OperationsFigures:
    """The figures, read in the caller's snapshot. `topic` is Markdown; `text.markdown.as_html` makes it safe HTML."""
    zone, ledger = installation.settings.zone, installation.ledger
    wanted = published.kpi if published is not None else ()
    measured = read_measured(ledger, connection, month, (one.runbook for one in wanted), zone=zone) if wanted else []
    return operations_figures(
        read_operations(ledger, connection, month, zone=zone),
        month,
        zone=zone,
        kpi=kpi_lines(wanted, measured, month, zone=zone),
        topic=topic_of(published.files, month, lang) if published is not None else "",
    )
