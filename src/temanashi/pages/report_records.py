"""`/tema/report/records?month=&figure=&task=`: the records behind a number of the report."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from temanashi.books.explaining import FIGURES
from temanashi.calendars import Month
from temanashi.pages.language import language_of
from temanashi.pages.rendering import page
from temanashi.pages.site import Site
from temanashi.reports.display import Display
from temanashi.reports.explaining import behind, formula, name, nothing_behind
from temanashi.workspace.explaining import explain_month, with_times
from temanashi.workspace.reporting import current_month

__all__ = ["show_records"]

SHOWN = 300
"""Lines that the page lists; the terminal lists them all."""


def show_records(site: Site) -> Callable[[Request], Response]:
    """The page; raises BadMonth, UnknownFigure, UnknownTaskOfMonth and LedgerError."""

    def answer(request: Request) -> Response:
        installation, asked = site.installation, request.query_params.get("month", "")
        month = Month.parse(asked) if asked else current_month(installation)
        figure, task = request.query_params.get("figure", "") or "manual", request.query_params.get("task", "")
        show = Display(language_of(request, installation.settings.languages), installation.settings.zone)
        with installation.database.reading() as connection:
            published = site.published(connection)
            told = explain_month(installation, connection, published, month, figure, task)
            more = (max(len(told.lines) - SHOWN, 0), max(len(told.nothing) - SHOWN, 0))
            told = with_times(installation, connection, told, most=SHOWN)
        return page(
            site,
            request,
            "report_records.html.j2",
            told=told,
            sentences=formula(told, show),
            lines=list(zip(told.lines, behind(told, show), strict=True)),
            nothing=list(zip(told.nothing, nothing_behind(told, show), strict=True)),
            figures=[(each, name(each, show)) for each in FIGURES],
            more=more,
        )

    return answer
