"""The part of a run's page where others approve: the plan in sentences, what changed, who may until when, and the form."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from temanashi.errors import InputError, RunError
from temanashi.pages.forms import read_body
from temanashi.pages.identity import NAME_LENGTH, actor_for, forget, given_name, remember, who
from temanashi.pages.language import language_of
from temanashi.pages.site import Site
from temanashi.pages.visible import check_visible
from temanashi.runs.approvals.reading import approval_of, why_not
from temanashi.runs.approvals.store import FIRST
from temanashi.runs.decisions import Verb, decide
from temanashi.runs.reading import run_view
from temanashi.runs.results import NoRun, NotWaiting, RunsStopped
from temanashi.text import explain, say

__all__ = ["NOTE_LENGTH", "Answered", "approval_data", "post_approval", "wake_decided"]

NOTE_LENGTH = 2000
LINES = 200
"""Changes of a plan that the page lists; the rest is counted."""


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What was typed, kept as it was; `field` and `problem` say what is wrong with it."""

    name: str = ""
    note: str = ""
    field: str = ""
    problem: str = ""
    following: str = ""


def approval_data(site: Site, connection: Connection, request: Request, typed: Answered) -> dict[str, Any] | None:
    """What the template shows; None for a run that waits for no approval."""
    engine = site.engine()
    view = approval_of(engine, connection, request.path_params["run"])
    if view is None:
        return None
    name = who(request)
    lang = language_of(request, site.installation.settings.languages)
    reason = why_not(engine, connection, view, actor_for(request, name)) if name and not typed.problem else None
    told = explain(reason, lang) if reason is not None else None
    shown = {"name": typed.name or name, "lines": view.plan[:LINES], "more": max(len(view.plan) - LINES, 0)}
    return {"view": view, "typed": typed, "why_not": told, "midway": view.step != FIRST, **shown}


def post_approval(site: Site, show: Callable[..., Response]) -> Callable[[Request], Awaitable[Response]]:
    """An approval or a refusal; `show` makes the run's page again. Raises NoRun, RunsStopped and LedgerError."""

    async def answer(request: Request) -> Response:
        typed = await read_body(request)
        if typed is None:
            return PlainTextResponse("413", status_code=413)
        return await run_in_threadpool(_answered, site, show, request, typed)

    return answer


def _answered(site: Site, show: Callable[..., Response], request: Request, typed: Mapping[str, str]) -> Response:
    with site.installation.database.reading() as connection:
        check_visible(site, connection, request)
    back = _back(request, typed)
    if typed.get("verb") == "forget":
        forget(back, request)
        return back
    lang = language_of(request, site.installation.settings.languages)
    name, note = given_name(request, typed.get("name", "")), typed.get("note", "").strip()
    verdict: Verb | None = "approved" if typed.get("verb") == "approve" else "refused" if typed.get("verb") == "refuse" else None
    if (wrong := _problem(name, note, verdict)) is not None:
        field, key = wrong
        said = Answered(name=name, note=note, field=field, problem=say(key, lang))
        return show(request, answered=said, status=400)
    if verdict is None:
        return show(request, late=True, status=400)
    run, digest = request.path_params["run"], typed.get("digest", "-")
    try:
        decide(
            site.engine(),
            run,
            actor=actor_for(request, name),
            channel="page",
            verdict=verdict,
            note=note,
            digest=digest or "-",
        )
    except NotWaiting:
        return show(request, late=True, status=409)
    except (NoRun, RunsStopped):
        raise
    except (InputError, RunError) as error:
        told = explain(error, lang)
        said = Answered(name=name, note=note, field="name", problem=told.what, following=told.next)
        return show(request, answered=said, status=409)
    wake_decided(site, run)
    remember(back, request, name)
    return back


def _problem(name: str, note: str, verdict: Verb | None) -> tuple[str, str] | None:
    if not name:
        return "name", "pages.form-name-missing"
    if len(name) > NAME_LENGTH:
        return "name", "pages.form-name-long"
    if len(note) > NOTE_LENGTH:
        return "note", "pages.form-note-long"
    if verdict == "refused" and not note:
        return "note", "pages.approval-note-missing"
    return None


def _back(request: Request, typed: Mapping[str, str]) -> Response:
    """To the run's page, or to the inbox where the answer came from."""
    lang = request.query_params.get("lang")
    if typed.get("back") == "approvals":
        said = "approved" if typed.get("verb") == "approve" else "refused"
        query = {"said": said, "run": request.path_params["run"], **({"lang": lang} if lang in {"ja", "en"} else {})}
        return RedirectResponse(f"{request.scope.get('root_path', '')}/approvals?{urlencode(query)}", status_code=303)
    path = request.url.path.removesuffix("/approval")
    return RedirectResponse(path + (f"?lang={lang}" if lang in {"ja", "en"} else ""), status_code=303)


def wake_decided(site: Site, run: str) -> None:
    """The decision stands, whether or not Prefect hears of it: the watch wakes the run within a minute."""
    with site.installation.database.reading() as connection:
        view = run_view(connection, run)
    with contextlib.suppress(Exception):
        try:
            site.links.wake(view)
        except Exception:
            logging.getLogger("temanashi.pages").exception("run %s was decided but not woken", run)
            raise
