"""`/tema/runbooks/ID/run`: ask for a run. First the plan in sentences, with nothing touched; then the same form sends it off."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from itertools import groupby, islice
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from temanashi.changes import Plan
from temanashi.errors import ServerError, TemanashiError
from temanashi.pages.asking_again import earlier_run, since_then
from temanashi.pages.identifying import identified, ways_of
from temanashi.pages.identity import actor_for, remember, signed_in, who
from temanashi.pages.language import language_of
from temanashi.pages.rendering import page
from temanashi.pages.request_form import LINES, SUGGESTED, Asked, again_of, fields_of, inputs_of, prefilled, read_asked, tell_inputs
from temanashi.pages.runbooks import named
from temanashi.pages.site import Site
from temanashi.people.identity_check import tell_identity
from temanashi.problems import Problem
from temanashi.runbooks.calls import called_by
from temanashi.runbooks.inputs import BadInputs, validate_inputs
from temanashi.runbooks.model import Runbook
from temanashi.runbooks.telling import tell_approval
from temanashi.runs.reading import by_flow_run
from temanashi.runs.requests import RunRequest, dry_run, offers_for
from temanashi.text import explain
from temanashi.workspace.choosing import form_offers
from temanashi.workspace.publishing import PublishedWorkspace

__all__ = ["ask_run", "request_page", "started"]

BODY_LIMIT = 256 * 1024


def request_page(site: Site) -> Callable[[Request], Response]:
    """The form, empty or as the link fills it in; raises UnknownRunbook, DisabledRunbook, NothingPublished and LedgerError."""

    def answer(request: Request) -> Response:
        with site.installation.database.reading() as connection:
            published, runbook = named(site, connection, request)
            earlier = earlier_run(site, connection, request, runbook, request.query_params.get("again", ""))
        query = {name: request.query_params.getlist(name) for name in request.query_params}
        asked = prefilled(runbook, query, who(request))
        if earlier is not None:
            asked = replace(again_of(Asked(name=who(request)), earlier), again=earlier.id)
        return _form(site, request, published, runbook, asked, quiet=True)

    return answer


def ask_run(site: Site) -> Callable[[Request], Awaitable[Response]]:
    """What was typed: the form again, the plan, or a run; raises as above, and NotReachable where no server takes it."""

    async def answer(request: Request) -> Response:
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > BODY_LIMIT:
                return PlainTextResponse("413", status_code=413)
        typed = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=2000)
        if signed_in(request) is not None or "name" not in typed:
            typed["name"] = [who(request)]
        return await run_in_threadpool(_asked, site, request, typed)

    return answer


def _asked(site: Site, request: Request, typed: dict[str, list[str]]) -> Response:
    with site.installation.database.reading() as connection:
        published, runbook = named(site, connection, request)
        asked, action = read_asked(typed), typed.get("action", [""])[-1]
        earlier = earlier_run(site, connection, request, runbook, asked.again)
    asked = replace(asked, again=earlier.id if earlier is not None else "")
    if earlier is not None and not asked.values:
        asked = again_of(asked, earlier)
    asked = identified(published, runbook, request, asked)
    if action in {"edit", "refresh"}:
        return _form(site, request, published, runbook, asked, quiet=True)
    engine, wanted = site.installation.engine(), _wanted(request, published, runbook, asked)
    changed = bool(asked.version) and asked.version != published.digest
    try:
        inputs = validate_inputs(runbook, wanted.inputs, offers=offers_for(engine, wanted))
        if asked.problems:
            return _form(site, request, published, runbook, asked, status=400)
        if action != "run" or changed:
            return _plan(site, request, published, runbook, asked, dry_run(engine, wanted), changed=changed)
        about = {name: getattr(asked, name) for name in ("beneficiary", "ticket", "reason", "again")}
        about["identity_check"] = asked.identity if asked.beneficiary else ""
        given = {name: value for name, value in inputs.items() if value is not None}
        flow_run = site.links.submit(runbook.id, given, wanted.actor, about)
    except BadInputs as error:
        return _form(site, request, published, runbook, asked, problems=error.problems, status=400)
    except TemanashiError as error:
        return _form(site, request, published, runbook, asked, error=error, status=503 if isinstance(error, ServerError) else 409)
    lang = language_of(request, site.installation.settings.languages)
    root = request.scope.get("root_path", "")
    response = RedirectResponse(f"{root}/runbooks/{runbook.id}/started/{flow_run}?lang={lang}", status_code=303)
    remember(response, request, asked.name)
    return response


def _wanted(request: Request, published: PublishedWorkspace, runbook: Runbook, asked: Asked) -> RunRequest:
    return RunRequest(
        runbook=runbook,
        workspace_version=published.digest,
        inventory=published.inventory,
        inputs=inputs_of(runbook, asked),
        actor=actor_for(request, asked.name[:100] or "-"),
        channel="page",
        beneficiary=asked.beneficiary,
        ticket=asked.ticket,
        reason=asked.reason,
        identity_check=asked.identity,
        again=asked.again,
        called=called_by(runbook, published.runbooks),
    )


def _form(
    site: Site,
    request: Request,
    published: PublishedWorkspace,
    runbook: Runbook,
    asked: Asked | None,
    *,
    problems: Sequence[Problem] = (),
    error: TemanashiError | None = None,
    quiet: bool = False,
    status: int = 200,
) -> Response:
    """The form. `quiet` says nothing of what is not filled in yet."""
    installation = site.installation
    lang = language_of(request, installation.settings.languages)
    offers = form_offers(published, installation.settings, clock=installation.clock)
    fields = fields_of(runbook, asked, problems, offers, lang)
    wrong = {f.name: f.problem for f in fields if f.problem}
    strangers = [p.message.text(lang) for p in problems if p.loc and f"p.{p.loc[0]}" not in {f.name for f in fields}]
    if asked is not None and not quiet:
        wrong |= {name: problem.text(lang) for name, problem in asked.problems.items()}
    return page(
        site,
        request,
        "request.html.j2",
        status=status,
        runbook=runbook,
        fields=fields,
        asked=asked or Asked(name=who(request)),
        ways=ways_of(published, asked or Asked()),
        tell=lambda text: tell_identity(text, lang),
        names=[person.name for person in islice(published.people.people.values(), SUGGESTED)],
        wrong=wrong,
        strangers=strangers,
        trouble=explain(error, lang) if error is not None else None,
        depends=any(getattr(p, "choices_from", None) is not None for p in runbook.parameters)
        or any(field.shape in {"search", "found"} for field in fields),
    )


def _plan(
    site: Site, request: Request, published: PublishedWorkspace, runbook: Runbook, asked: Asked, plan: Plan, *, changed: bool
) -> Response:
    lang = language_of(request, site.installation.settings.languages)
    titles = {item.id: item.title.text(lang) if item.title else item.id for item in runbook.steps}
    steps = [(titles.get(step, step), list(changes)) for step, changes in groupby(plan.changes, key=lambda change: change.step)]
    offers = form_offers(published, site.installation.settings, clock=site.installation.clock)
    since = since_then(site, asked.again, plan) if asked.again else None
    response = page(
        site,
        request,
        "plan.html.j2",
        runbook=runbook,
        asked=asked,
        steps=steps,
        inputs=tell_inputs(runbook, plan.inputs, offers, lang),
        version=published.digest,
        lines=LINES,
        since=since,
        identity=tell_identity(asked.identity, lang) if asked.identity else "",
        changed=changed,
        reads=all(change.reads_only for change in plan.changes),
        approval=tell_approval(runbook.approve, published.people, lang) if runbook.approve else "",
    )
    remember(response, request, asked.name)
    return response


def started(site: Site) -> Callable[[Request], Response]:
    """Where a sent request waits until its run is there; raises LedgerError."""

    def answer(request: Request) -> Response:
        flow_run, lang = str(request.path_params["flow_run"]), language_of(request, site.installation.settings.languages)
        with site.installation.database.reading() as connection:
            run = by_flow_run(connection, flow_run)
        if run is not None:
            return RedirectResponse(f"{request.scope.get('root_path', '')}/runs/{run}?lang={lang}", status_code=303)
        told = site.links.refusal(flow_run)
        return page(site, request, "started.html.j2", runbook=request.path_params["runbook"], flow_run=flow_run, told=told)

    return answer
