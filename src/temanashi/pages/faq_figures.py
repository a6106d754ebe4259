"""`/tema/faq/figures`: a month of questions in figures, beside the months before. Looking at pages is not among them."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from temanashi.calendars import BadMonth, Month
from temanashi.faq.inquiry_figures import inquiry_figures
from temanashi.pages.rendering import page
from temanashi.pages.site import Site
from temanashi.workspace.demanding import today_of
from temanashi.workspace.reporting import current_month

__all__ = ["show_figures"]

BEFORE = 5
"""Months that are shown before the one that was asked for."""

FIRST = Month(2000, 6)


def show_figures(site: Site) -> Callable[[Request], Response]:
    """The page; raises LedgerError."""

    def answer(request: Request) -> Response:
        installation = site.installation
        newest, today = current_month(installation), today_of(installation)
        try:
            month = max(min(Month.parse(request.query_params.get("month", "")), newest), FIRST)
        except BadMonth:
            month = newest
        with installation.database.reading() as connection:
            every = site.inquiries.read(installation.ledger, connection).values()
            published = site.published(connection)
        months = [month]
        while len(months) <= BEFORE:
            months.append(months[-1].previous)
        zone = installation.settings.zone
        lines = [(str(one), inquiry_figures(every, one.first, min(one.last, today), zone=zone)) for one in months]
        task = installation.settings.faq.task
        return page(
            site,
            request,
            "faq_figures.html.j2",
            figures=lines[0][1],
            month=str(month),
            lines=lines,
            earlier=str(month.previous),
            later=str(month.next) if month < newest else "",
            task=task,
            counted=published is not None and any(runbook.task == task for runbook in published.runbooks.values()),
        )

    return answer
