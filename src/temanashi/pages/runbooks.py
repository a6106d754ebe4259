"""`/tema/runbooks` and `/tema/runbooks/ID`: every runbook, and all that there is to know of one."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from temanashi.errors import RunError
from temanashi.pages.language import language_of
from temanashi.pages.rendering import page
from temanashi.pages.site import Site
from temanashi.pages.visible import may_ask_for, sees_everything
from temanashi.runbooks.model import Runbook
from temanashi.runbooks.telling import tell_approval, tell_rights, tell_steps
from temanashi.workspace.first import runbook_named
from temanashi.workspace.handbook import runbook_facts, search_runbooks
from temanashi.workspace.publishing import NothingPublished, PublishedWorkspace
from temanashi.workspace.reading import CATEGORIES

__all__ = ["NotYours", "list_runbooks", "named", "show_runbook"]

LONGEST_SEARCH = 100


class NotYours(RunError):
    """A runbook that is not there, or not for this reader: the two are told alike. Data: name."""

    key = "pages.not-yours"

    def __init__(self, name: str) -> None:
        super().__init__(name=name)


def list_runbooks(site: Site) -> Callable[[Request], Response]:
    """The endpoint; `?q=` searches, `?category=` chooses. Raises LedgerError."""

    def answer(request: Request) -> Response:
        words = request.query_params.get("q", "")[:LONGEST_SEARCH].strip()
        category = next((c for c in CATEGORIES if c == request.query_params.get("category")), "")
        with site.installation.database.reading() as connection:
            published = site.published(connection)
            every = list(published.runbooks.values()) if published is not None else []
            if not sees_everything(request):
                every = [one for one in every if may_ask_for(site, connection, request, one)]
        found = search_runbooks(every, words=words, category=category)
        by_category = [(c, group) for c in CATEGORIES if (group := [r for r in found if r.category == c])]
        return page(
            site,
            request,
            "runbooks.html.j2",
            published=published,
            groups=by_category,
            count=len(found),
            words=words,
            category=category,
            categories=CATEGORIES,
        )

    return answer


def show_runbook(site: Site) -> Callable[[Request], Response]:
    """The endpoint; raises NotYours, UnknownRunbook, DisabledRunbook, NothingPublished and LedgerError."""

    def answer(request: Request) -> Response:
        lang = language_of(request, site.installation.settings.languages)
        with site.installation.database.reading() as connection:
            published, runbook = named(site, connection, request)
            facts = runbook_facts(site.installation, connection, published, runbook)
        return page(
            site,
            request,
            "runbook.html.j2",
            runbook=runbook,
            facts=facts,
            steps=tell_steps(runbook, lang),
            rights=tell_rights(runbook, published.people, lang),
            approval=tell_approval(runbook.approve, published.people, lang),
        )

    return answer


def named(site: Site, connection: Connection, request: Request) -> tuple[PublishedWorkspace, Runbook]:
    """The published version and the runbook that the address names; raises as above."""
    published = site.published(connection)
    if published is None:
        raise NothingPublished
    name = request.path_params["runbook"]
    if sees_everything(request):
        return published, runbook_named(published, name)
    runbook = published.runbooks.get(name)
    if runbook is None or not may_ask_for(site, connection, request, runbook):
        raise NotYours(name)
    return published, runbook
