"""`/tema/requests`: what the reader asked for, how it stands, and the way to end it."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Awaitable, Callable
from itertools import islice

from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from temanashi.errors import RunError
from temanashi.pages.forms import read_body
from temanashi.pages.identity import NAME_LENGTH, actor_for, given_name, remember, signed_in
from temanashi.pages.language import language_of
from temanashi.pages.mine import is_mine, my_runs, reader
from temanashi.pages.queued import my_queued, titled
from temanashi.pages.rendering import page
from temanashi.pages.site import Site
from temanashi.pages.telling_requests import tell_request
from temanashi.pages.visible import check_visible, may_ask_for
from temanashi.people import People
from temanashi.reports.display import Display
from temanashi.runs.approvals.reading import approval_of
from temanashi.runs.reading import RunView
from temanashi.runs.results import AlreadyEnded
from temanashi.runs.stopping import cancel
from temanashi.text import say

__all__ = ["NotYourRun", "cancel_run", "list_requests", "may_ask_again", "may_cancel"]

SHOWN = 30
MOST_PAGES = 100
REASON_LENGTH = 1000
OPEN = frozenset({"planned", "running", "waiting"})


class NotYourRun(RunError):
    """Somebody who may only end what is theirs wants to end what is not."""

    key = "staff.not-your-run"

    def __init__(self, run: str) -> None:
        super().__init__(run=run)


def list_requests(site: Site) -> Callable[[Request], Response]:
    """The page; `?open=1` shows what is not over, `?page=2` goes on. Raises LedgerError."""

    def answer(request: Request) -> Response:
        settings = site.installation.settings
        show = Display(language_of(request, settings.languages), settings.zone)
        open_only, number = request.query_params.get("open") == "1", _page_number(request)
        engine, start = site.installation.engine(), (_page_number(request) - 1) * SHOWN
        waiting = my_queued(site, request) if number == 1 else ()
        with site.installation.database.reading() as connection:
            found = list(islice(my_runs(site, connection, request, open_only=open_only), start, start + SHOWN + 1))
            askable = {run.runbook for run in found if may_ask_again(site, connection, request, run)}
            queued = titled(site, connection, waiting or ())
            told = [(run, tell_request(run, approval_of(engine, connection, run.id), show)) for run in found[:SHOWN]]
        return page(
            site,
            request,
            "requests.html.j2",
            told=told,
            queued=queued,
            unknown=waiting is None,
            now=site.installation.clock.now(),
            askable=askable,
            open_only=open_only,
            number=number,
            more=len(found) > SHOWN,
            reader=reader(request),
        )

    return answer


def may_ask_again(site: Site, connection: Connection, request: Request, run: RunView) -> bool:
    """Whether the reader may ask for the same once more: it is over, still published, and theirs to start."""
    published = site.published(connection)
    runbook = published.runbooks.get(run.runbook) if published is not None else None
    session = signed_in(request)
    starts = session is None or session.may("start", "start-named")
    over = run.state not in OPEN and run.mode == "live"
    return over and starts and runbook is not None and may_ask_for(site, connection, request, runbook)


def _page_number(request: Request) -> int:
    said = request.query_params.get("page", "")[:4]
    return min(max(int(said), 1), MOST_PAGES) if said.isdecimal() else 1


def may_cancel(run: RunView, request: Request, people: People) -> bool:
    """Whether the reader may end a run that is not over: it is theirs, or they steer."""
    if run.state not in OPEN or run.cancel_asked:
        return False
    session, me = signed_in(request), reader(request)
    if session is None or me is None:
        return True
    return session.may("steer", "manage") or (session.may("cancel-own") and is_mine(run, me, people))


def cancel_run(site: Site, show: Callable[..., Response]) -> Callable[[Request], Awaitable[Response]]:
    """End a run; `show` makes its page again where a reason is missing. Raises NoRun, NotYourRun and LedgerError."""

    async def answer(request: Request) -> Response:
        typed = await read_body(request)
        if typed is None:
            return PlainTextResponse("413", status_code=413)
        return await run_in_threadpool(_cancelled, site, show, request, typed)

    return answer


def _cancelled(site: Site, show: Callable[..., Response], request: Request, typed: dict[str, str]) -> Response:
    engine, lang = site.engine(), language_of(request, site.installation.settings.languages)
    with site.installation.database.reading() as connection:
        run = check_visible(site, connection, request)
        allowed = may_cancel(run, request, engine.directory(connection).people)
    name, reason = given_name(request, typed.get("name", "")), " ".join(typed.get("reason", "").split())
    if run.state not in OPEN or run.cancel_asked:
        return show(request, late=True, status=409)
    if not allowed:
        raise NotYourRun(run.id)
    if not name or len(name) > NAME_LENGTH or not reason or len(reason) > REASON_LENGTH:
        wrong = "staff.cancel-reason-missing" if name else "pages.form-name-missing"
        return show(request, cancelling=(reason[:REASON_LENGTH], say(wrong, lang)), status=400)
    try:
        over = cancel(engine, run.id, actor=actor_for(request, name), channel="page", reason=reason)
    except AlreadyEnded:
        return show(request, late=True, status=409)
    if over and run.state == "waiting":
        with contextlib.suppress(Exception):  # it is over; the watch tells Prefect within a minute
            _wake(site, run)
    back = RedirectResponse(f"{request.scope.get('root_path', '')}/runs/{run.id}?lang={lang}", status_code=303)
    remember(back, request, name)
    return back


def _wake(site: Site, run: RunView) -> None:
    try:
        site.links.wake(run)
    except Exception:
        logging.getLogger("temanashi.pages").exception("run %s was cancelled but Prefect not told", run.id)
        raise
