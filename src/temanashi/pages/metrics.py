"""`/tema/metrics`: the states of all checks for Prometheus."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from temanashi.monitoring.exposition import CONTENT_TYPE, exposition
from temanashi.monitoring.store import read_states
from temanashi.pages.site import Site

__all__ = ["metrics"]


def metrics(site: Site) -> Callable[[Request], Response]:
    """The endpoint; raises LedgerError."""

    def answer(_: Request) -> Response:
        with site.installation.database.reading() as connection:
            text = exposition(read_states(connection))
        return Response(text, headers={"content-type": CONTENT_TYPE, "cache-control": "no-store"})

    return answer
