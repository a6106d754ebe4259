"""`/tema/runs/ID`: the whole story of a run, and the form that answers the step it waits for."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from temanashi.pages.answers import Form, read_form
from temanashi.pages.approvals import Answered, approval_data, post_approval
from temanashi.pages.checklist import Typed, checklist_data, post_checklist
from temanashi.pages.forms import read_body
from temanashi.pages.identity import actor_for, signed_in, who
from temanashi.pages.language import language_of
from temanashi.pages.rendering import page
from temanashi.pages.requests import cancel_run, may_ask_again, may_cancel
from temanashi.pages.site import Site
from temanashi.pages.telling import facts_of, lines_of
from temanashi.pages.visible import check_visible
from temanashi.reports.display import Display
from temanashi.runs.approvals.store import FIRST, approvers_of
from temanashi.runs.decisions import decide
from temanashi.runs.reading import RunView
from temanashi.runs.results import NotWaiting

__all__ = ["approve_run", "decide_run", "end_run", "show_run", "work_on_run"]


def show_run(site: Site) -> Callable[[Request], Response]:
    """The page; raises NoRun and LedgerError."""
    return partial(_page, site)


def work_on_run(site: Site) -> Callable[[Request], Awaitable[Response]]:
    """What a person does on the checklist that the run waits for; raises NoRun, RunsStopped and LedgerError."""
    return post_checklist(site, partial(_page, site))


def approve_run(site: Site) -> Callable[[Request], Awaitable[Response]]:
    """What a person says of the plan that the run waits to have approved; raises NoRun, RunsStopped and LedgerError."""
    return post_approval(site, partial(_page, site))


def end_run(site: Site) -> Callable[[Request], Awaitable[Response]]:
    """The end of a run that is not over; raises NoRun, NotYourRun and LedgerError."""
    return cancel_run(site, partial(_page, site))


def decide_run(site: Site) -> Callable[[Request], Awaitable[Response]]:
    """What a person says of the step that the run waits for; raises NoRun, RunsStopped and LedgerError."""

    async def answer(request: Request) -> Response:
        typed = await read_body(request)
        if typed is None:
            return PlainTextResponse("413", status_code=413)
        return await run_in_threadpool(_decided, site, request, typed)

    return answer


def _decided(site: Site, request: Request, typed: dict[str, str]) -> Response:
    me = signed_in(request)
    run, form = _view(site, request), read_form(typed if me is None else {**typed, "name": me.actor.name})
    if run.wait is None or form.step != run.wait.step:
        return _page(site, request, late=True, status=409)
    if form.problems or form.verdict is None:
        return _page(site, request, form=form, status=400)
    try:
        decide(
            site.engine(),
            run.id,
            actor=actor_for(request, form.name),
            channel="page",
            verdict=form.verdict,
            note=form.note,
            human_seconds=form.human_seconds,
        )
    except NotWaiting:
        return _page(site, request, late=True, status=409)
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
        return check_visible(site, connection, request)


def _page(
    site: Site,
    request: Request,
    *,
    form: Form | None = None,
    typed: Typed | None = None,
    answered: Answered | None = None,
    cancelling: tuple[str, str] | None = None,
    late: bool = False,
    status: int = 200,
) -> Response:
    with site.installation.database.reading() as connection:
        run = check_visible(site, connection, request)
        published = site.published(connection) if _has_remedies(run) else None
        checklist = checklist_data(site, connection, run, who(request) or (typed.name if typed else ""), typed or Typed())
        approvers = approvers_of(site.installation.ledger, connection, run.id)
        cancellable = may_cancel(run, request, site.installation.engine().directory(connection).people)
        askable = may_ask_again(site, connection, request, run)
        approval = approval_data(site, connection, request, answered or Answered())
    live = run.state in {"planned", "running"} or (run.state == "waiting" and run.wait is None)
    rows = [row for step in run.steps for row in step.rows]
    data: dict[str, Any] = {"run": run, "form": form or Form(), "late": late, "live": live}
    data |= {"checklist": checklist, "approval": approval, "cancellable": cancellable, "cancelling": cancelling or ("", "")}
    data |= {"name": who(request), "askable": askable}
    done = sum(1 for row in rows if row.status is not None)
    settings = site.installation.settings
    lang = language_of(request, settings.languages)
    titles = {name: book.title for name, book in published.runbooks.items()} if published else {}
    told: dict[str, Any] = {
        "lines": lambda step: lines_of(step, lang, titles),
        "facts": facts_of(run, Display(lang, settings.zone), approvers=approvers),
    }
    on_it = {line.line.step for line in checklist["now"].lines} if checklist else set()
    if approval and approval["view"].step == FIRST:  # the plan is told above
        on_it = {step.step for step in run.steps}
    told["steps"] = [(number, step) for number, step in enumerate(run.steps, 1) if step.step not in on_it]
    return page(site, request, "run.html.j2", status=status, scripts=bool(checklist), done=done, total=len(rows), **data, **told)


def _has_remedies(run: RunView) -> bool:
    return any(detail.get("runbook") for step in run.steps for row in step.rows for detail in row.details)
