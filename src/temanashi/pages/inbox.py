"""`/tema/approvals`: every plan that waits for the reader's word, with what it would do, and those that wait for others."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from temanashi.pages.mine import reader
from temanashi.pages.rendering import page
from temanashi.pages.site import Site
from temanashi.pages.waiting import approvals_for

__all__ = ["show_inbox"]

LINES = 8
"""Sentences of a plan that are shown at once; the others are unfolded."""

LONGEST = 60
"""Sentences of one plan on this page; the run's own page lists more."""

MOST = 30
SAID = frozenset({"approved", "refused"})


def show_inbox(site: Site) -> Callable[[Request], Response]:
    """The page; raises LedgerError."""

    def answer(request: Request) -> Response:
        with site.installation.database.reading() as connection:
            inbox = approvals_for(site, connection, request)
        said = request.query_params.get("said", "")
        return page(
            site,
            request,
            "inbox.html.j2",
            mine=inbox.mine[:MOST],
            count=len(inbox.mine),
            elsewhere=inbox.others,
            known=reader(request) is not None,
            said=said if said in SAID else "",
            run=request.query_params.get("run", "") if said in SAID else "",
            first=LINES,
            most=LONGEST,
        )

    return answer
