"""`/tema/report`: the monthly page, of `?month=2026-11` or of this month."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from temanashi.calendars import Month
from temanashi.pages.language import language_of
from temanashi.pages.site import Site
from temanashi.reports import render_html
from temanashi.workspace.reporting import current_month, month_report

__all__ = ["report"]

# The report is one file that also opens offline, so its style is inside it.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; frame-ancestors 'none'"


def report(site: Site) -> Callable[[Request], Response]:
    """The endpoint; raises BadMonth and LedgerError."""

    def answer(request: Request) -> Response:
        asked = request.query_params.get("month")
        month = Month.parse(asked) if asked else current_month(site.installation)
        lang = language_of(request, site.installation.settings.languages)
        with site.installation.database.reading() as connection:
            text = render_html(month_report(site.installation, connection, site.published(connection), month), lang)
        return HTMLResponse(
            text, headers={"content-security-policy": POLICY, "cache-control": "no-store", "content-language": lang}
        )

    return answer
