"""`/tema/roadmap`: policy, ideal, goals, approach, measures and tasks on one sheet, and how much of it is done."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from temanashi.pages.rendering import page
from temanashi.pages.site import Site
from temanashi.workspace.improving import roadmap_now

__all__ = ["show_roadmap"]


def show_roadmap(site: Site) -> Callable[[Request], Response]:
    """The page; raises LedgerError."""

    def answer(request: Request) -> Response:
        with site.installation.database.reading() as connection:
            figures = roadmap_now(site.installation, connection, site.published(connection))
        return page(site, request, "roadmap.html.j2", figures=figures)

    return answer
