"""`/tema/runs/ID`: the whole story of a run, and the form that answers the step it waits for."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from temanashi.pages.answers import Form, read_form
from temanashi.pages.language import language_of
from temanashi.pages.rendering import page
from temanashi.pages.site import Site
from temanashi.pages.telling import facts_of, lines_of
from temanashi.people import Actor
from temanashi.reports.display import Display
from temanashi.runs.decisions import decide
from temanashi.runs.reading import RunView, run_view
from temanashi.runs.results import NotWaiting

__all__ = ["decide_run", "show_run"]

BODY_LIMIT = 64 * 1024


def show_run(site: Site) -> Callable[[Request], Response]:
    """The page; raises NoRun and LedgerError."""

    def answer(request: Request) -> Response:
        run = _view(site, request)
        return _page(site, request, run, Form())

    return answer


def decide_run(site: Site) -> Callable[[Request], Awaitable[Response]]:
    """What a person says of the step that the run waits for; raises NoRun, RunsStopped and LedgerError."""

    async def answer(request: Request) -> Response:
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > BODY_LIMIT:
                return PlainTextResponse("413", status_code=413)
        typed = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
        return await run_in_threadpool(_decided, site, request, {name: values[-1] for name, values in typed.items()})

    return answer


def _decided(site: Site, request: Request, typed: dict[str, str]) -> Response:
    run, form = _view(site, request), read_form(typed)
    if run.wait is None or form.step != run.wait.step:
        return _page(site, request, run, Form(), late=True, status=409)
    if form.problems or form.verdict is None:
        return _page(site, request, run, form, status=400)
    try:
        decide(
            site.installation.engine(),
            run.id,
            actor=Actor(name=form.name),
            channel="page",
            verdict=form.verdict,
            note=form.note,
            human_seconds=form.human_seconds,
        )
    except NotWaiting:
        return _page(site, request, _view(site, request), Form(), late=True, status=409)
    with contextlib.suppress(Exception):  # the decision stands; the watch wakes the run within a minute
        _wake(site, run)
    lang = request.query_params.get("lang")
    return RedirectResponse(request.url.path + (f"?lang={lang}" if lang in {"ja", "en"} else ""), status_code=303)


def _wake(site: Site, run: RunView) -> None:
    try:
        site.links.wake(run)
    except Exception:
        logging.getLogger("temanashi.pages").exception("run %s was decided but not woken", run.id)
        raise


def _view(site: Site, request: Request) -> RunView:
    with site.installation.database.reading() as connection:
        return run_view(connection, request.path_params["run"])


def _page(site: Site, request: Request, run: RunView, form: Form, *, late: bool = False, status: int = 200) -> Response:
    live = run.state in {"planned", "running"} or (run.state == "waiting" and run.wait is None)
    rows = [row for step in run.steps for row in step.rows]
    data: dict[str, Any] = {"run": run, "form": form, "late": late, "live": live}
    done = sum(1 for row in rows if row.status is not None)
    settings = site.installation.settings
    lang = language_of(request, settings.languages)
    told = {"lines": lambda step: lines_of(step, lang), "facts": facts_of(run, Display(lang, settings.zone))}
    return page(site, request, "run.html.j2", status=status, done=done, total=len(rows), **data, **told)
