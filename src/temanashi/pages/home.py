"""`/tema/`: what waits for somebody, how many hours are left, what ran, and what is wrong."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from temanashi.pages.language import language_of
from temanashi.pages.left_out import left_out_lately
from temanashi.pages.rendering import page
from temanashi.pages.site import Site
from temanashi.pages.visible import sees_everything, visible
from temanashi.reports.display import Display
from temanashi.reports.wording import Wording
from temanashi.runs.approvals.reading import approvals_waiting
from temanashi.runs.reading import recent_runs
from temanashi.runs.stopping import stopped
from temanashi.workspace.faults import errors_among, fault_line
from temanashi.workspace.reporting import current_month, month_report

__all__ = ["home"]

RECENT, WAITING, FAULTS = 20, 50, 20
LOOKED_AT = 300
"""Newest runs among which those of one person are sought."""


def home(site: Site) -> Callable[[Request], Response]:
    """The endpoint; raises LedgerError."""

    def answer(request: Request) -> Response:
        settings = site.installation.settings
        lang = language_of(request, settings.languages)
        with site.installation.database.reading() as connection:
            everything = sees_everything(request)
            waiting = visible(site, connection, request, recent_runs(connection, limit=WAITING, states=("waiting",)))
            recent = visible(site, connection, request, recent_runs(connection, limit=RECENT if everything else LOOKED_AT))[:RECENT]
            stop = stopped(connection)
            after = [view for view in approvals_waiting(site.installation.engine(), connection) if view.kind == "after"]
            published = site.published(connection)
            left_out = left_out_lately(connection, site.installation, published)
            report = month_report(site.installation, connection, published, current_month(site.installation))
        hours = Wording(report, Display(lang, settings.zone))
        faults = errors_among(published.faults) if published else []
        return page(
            site,
            request,
            "home.html.j2",
            everything=everything,
            waiting=[run for run in waiting if run.wait is not None],
            recent=recent,
            stop=stop,
            left_out=left_out,
            after=after,
            published=published,
            faults=[fault_line(fault, lang) for fault in faults[:FAULTS]],
            headline=hours.headline(),
            standing=hours.standing(),
        )

    return answer
