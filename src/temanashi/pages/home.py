"""`/tema/`: what waits for the reader, what they may run, what they asked for, and, for operations, what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from temanashi.pages.identity import signed_in
from temanashi.pages.language import language_of
from temanashi.pages.left_out import left_out_lately
from temanashi.pages.mine import my_runs, reader
from temanashi.pages.rendering import page
from temanashi.pages.site import Site
from temanashi.pages.telling_requests import tell_request
from temanashi.pages.visible import may_ask_for, sees_everything
from temanashi.pages.waiting import waits_for
from temanashi.reports.display import Display
from temanashi.reports.monthly import MonthlyReport
from temanashi.reports.wording import Wording
from temanashi.runbooks.model import Runbook
from temanashi.runs.approvals.reading import approval_of
from temanashi.runs.reading import recent_runs
from temanashi.runs.stopping import stopped
from temanashi.workspace.faults import errors_among, fault_line
from temanashi.workspace.handbook import search_runbooks
from temanashi.workspace.publishing import PublishedWorkspace
from temanashi.workspace.reporting import current_month, month_report

__all__ = ["home"]

RECENT, FAULTS, MINE, RUNBOOKS = 10, 20, 5, 8


def home(site: Site) -> Callable[[Request], Response]:
    """The endpoint; raises LedgerError."""

    def answer(request: Request) -> Response:
        settings = site.installation.settings
        show = Display(language_of(request, settings.languages), settings.zone)
        everything = sees_everything(request)
        with site.installation.database.reading() as connection:
            published = site.published(connection)
            report = month_report(site.installation, connection, published, current_month(site.installation))
            books, named = _runbooks(site, connection, request, published)
            data: dict[str, Any] = {
                "waits": waits_for(site, connection, request, published),
                "stop": stopped(connection),
                "asked": _asked(site, connection, request, show),
                "recent": recent_runs(connection, limit=RECENT) if everything else (),
                "left_out": left_out_lately(connection, site.installation, published) if everything else None,
            }
        hours = Wording(report, show)
        faults = errors_among(published.faults) if published and everything else []
        return page(
            site,
            request,
            "home.html.j2",
            everything=everything,
            reader=reader(request),
            published=published,
            books=books[:RUNBOOKS],
            more_books=len(books) - RUNBOOKS,
            named=named,
            may_start=_may_start(request),
            saved=_saved(report, {book.id for book in books}),
            headline=hours.headline(),
            standing=hours.standing(),
            faults=[fault_line(fault, show.lang) for fault in faults[:FAULTS]],
            **data,
        )

    return answer


def _may_start(request: Request) -> bool:
    session = signed_in(request)
    return session is None or session.may("start", "start-named")


def _runbooks(
    site: Site, connection: Connection, request: Request, published: PublishedWorkspace | None
) -> tuple[Sequence[Runbook], bool]:
    """What the reader may start; only those that name them where there are any, which the second value tells."""
    every = [r for r in published.runbooks.values() if may_ask_for(site, connection, request, r)] if published is not None else []
    named = [runbook for runbook in every if runbook.allow is not None] if signed_in(request) is not None else []
    return search_runbooks(named or every), bool(named)


def _asked(site: Site, connection: Connection, request: Request, show: Display) -> list[tuple[Any, str]]:
    if reader(request) is None:
        return []
    engine = site.installation.engine()
    found = islice(my_runs(site, connection, request), MINE)
    return [(run, tell_request(run, approval_of(engine, connection, run.id), show)) for run in found]


def _saved(report: MonthlyReport, runbooks: Collection[str]) -> int:
    """Seconds that runs of some runbooks saved this month."""
    return sum(task.sums.credited_seconds for task in report.figures.tasks if set(task.runbooks) & set(runbooks))
