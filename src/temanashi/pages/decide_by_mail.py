"""`/tema/decide/LINK`: where a link of a letter leads. Opening it decides nothing; its one button does, once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from temanashi.errors import InputError, RunError, TemanashiError
from temanashi.pages.approvals import NOTE_LENGTH, wake_decided
from temanashi.pages.forms import read_body
from temanashi.pages.identity import signed_in
from temanashi.pages.language import language_of
from temanashi.pages.rendering import page
from temanashi.pages.site import Site
from temanashi.runs.approvals.reading import ApprovalView, approval_of, why_not
from temanashi.runs.decisions import decide
from temanashi.runs.results import NoRun, NotWaiting, RunsStopped
from temanashi.text import explain, say
from temanashi.workspace.approval_links import ApprovalLink, LinkUsed, is_used, mark_used, read_link

__all__ = ["decide_by_link", "show_link"]

LINES = 200


class LinkOfSomebodyElse(InputError):
    """The link is another approver's. Data: actor, who is signed in."""

    key = "mail.link-of-somebody-else"

    def __init__(self, actor: str) -> None:
        super().__init__(actor=actor)


class LinkOver(RunError):
    """The plan was decided, has changed, or its time is over. Data: run."""

    key = "mail.link-over"

    def __init__(self, run: str) -> None:
        super().__init__(run=run)


def show_link(site: Site) -> Callable[[Request], Response]:
    """The plan, and the one button; raises BadLink, LinkUsed, LinkOfSomebodyElse and LinkOver."""

    def answer(request: Request) -> Response:
        with site.installation.database.reading() as connection:
            link, view = _checked(site, connection, request)
            me = signed_in(request)
            keeps = why_not(site.installation.engine(), connection, view, me.actor) if me is not None else None
        return _page(site, request, link, view, keeps=keeps)

    return answer


def decide_by_link(site: Site) -> Callable[[Request], Awaitable[Response]]:
    """What the link is for, with a comment; the same checks, and the same raises."""

    async def answer(request: Request) -> Response:
        typed = await read_body(request)
        if typed is None:
            return PlainTextResponse("413", status_code=413)
        return await run_in_threadpool(_decided, site, request, typed)

    return answer


def _checked(site: Site, connection: Connection, request: Request) -> tuple[ApprovalLink, ApprovalView]:
    """The link and the request that it is for, where it is the reader's, unused, and still fits."""
    installation, me, token = site.installation, signed_in(request), request.path_params["link"]
    link, engine = read_link(installation.settings, token), installation.engine()
    if me is None or f"person:{link.person}" not in engine.directory(connection).people.identities(me.actor):
        raise LinkOfSomebodyElse(me.actor.name if me is not None else "-")
    if is_used(connection, token):
        raise LinkUsed(link.run)
    view = approval_of(engine, connection, link.run)
    if view is None or not link.fits(view) or link.over(installation.clock.now()):
        raise LinkOver(link.run)
    return link, view


def _decided(site: Site, request: Request, typed: dict[str, str]) -> Response:
    with site.installation.database.reading() as connection:
        link, view = _checked(site, connection, request)
    lang, note = language_of(request, site.installation.settings.languages), typed.get("note", "").strip()
    if len(note) > NOTE_LENGTH or (link.verdict == "refused" and not note):
        wrong = say("pages.form-note-long" if note else "pages.approval-note-missing", lang)
        return _page(site, request, link, view, note=note[:NOTE_LENGTH], wrong=wrong, status=400)
    me = signed_in(request)
    if me is None:
        raise LinkOfSomebodyElse("-")
    engine, used = (
        site.engine(),
        partial(mark_used, token=request.path_params["link"], run=link.run, now=site.installation.clock.now()),
    )
    said: dict[str, Any] = {"verdict": link.verdict, "note": note, "digest": link.digest}
    try:
        decide(engine, link.run, actor=me.actor, channel="page", **said, first=used)
    except NotWaiting as error:
        raise LinkOver(link.run) from error
    except (NoRun, RunsStopped, LinkUsed):
        raise
    except (InputError, RunError) as error:
        return _page(site, request, link, view, note=note, keeps=error, status=409)
    wake_decided(site, link.run)
    query = urlencode({"said": link.verdict, "run": link.run, "lang": lang})
    return RedirectResponse(f"{request.scope.get('root_path', '')}/approvals?{query}", status_code=303)


def _page(
    site: Site,
    request: Request,
    link: ApprovalLink,
    view: ApprovalView,
    *,
    note: str = "",
    wrong: str = "",
    keeps: TemanashiError | None = None,
    status: int = 200,
) -> Response:
    told = explain(keeps, language_of(request, site.installation.settings.languages)) if keeps is not None else None
    more = max(len(view.plan) - LINES, 0)
    about: dict[str, Any] = {
        "note": note,
        "wrong": wrong,
        "why_not": told,
        "verdict": link.verdict,
        "lines": view.plan[:LINES],
        "more": more,
    }
    return page(site, request, "decide.html.j2", status=status, view=view, link=request.path_params["link"], **about)
