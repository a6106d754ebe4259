"""`/tema/problems/ID/remedy`: from a problem to what fixes it, the address that alerts carry."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, select
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from temanashi.monitoring.model import Problem
from temanashi.monitoring.offered import remedy_of
from temanashi.monitoring.store import read_problems
from temanashi.monitoring.tables import PROBLEMS
from temanashi.pages.language import language_of
from temanashi.pages.site import Site
from temanashi.runs.tables import RUNS
from temanashi.text import Lang, LocalText
from temanashi.workspace.remedies import ticket_of
from temanashi.workspace.remedy_links import remedy_link

__all__ = ["remedy_page"]


def remedy_page(site: Site) -> Callable[[Request], Response]:
    """To the run that was asked for, to the form that asks for one, or to the problems where nothing is to be fixed any more."""

    def answer(request: Request) -> Response:
        lang = language_of(request, site.installation.settings.languages)
        with site.installation.database.reading() as connection:
            mine = (PROBLEMS.c.id == request.path_params["problem"],)
            found = next(iter(read_problems(connection, where=mine)), None)
            path = _path(site, connection, found, lang) if found is not None else ""
        root = request.scope.get("root_path", "")
        return RedirectResponse(f"{root}/{path or f'problems?lang={lang}'}", status_code=303)

    return answer


def _path(site: Site, connection: Connection, problem: Problem, lang: Lang) -> str:
    asked = select(RUNS.c.id).where(RUNS.c.ticket == ticket_of(problem.id), RUNS.c.ended_at.is_(None))
    run = connection.execute(asked.order_by(RUNS.c.requested_at.desc(), RUNS.c.id.desc()).limit(1)).scalar()
    if run is not None:
        return f"runs/{run}?lang={lang}"
    remedy, published = remedy_of(connection, problem), site.published(connection)
    if remedy is None or published is None or remedy.get("id") not in published.runbooks:
        return ""
    return remedy_link(remedy, problem.key.target, problem.title or LocalText(plain=problem.key.name), problem.reason, lang)
