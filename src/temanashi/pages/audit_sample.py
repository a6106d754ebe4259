"""`/tema/audit/sample`: draw a sample on the record; `/tema/audit/samples/SEQ`: its sheet, drawn again each time it is shown."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, get_args

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from temanashi.audit.periods import BadPeriod
from temanashi.audit.samples import MOST_DRAWN
from temanashi.ledger.records import Kind
from temanashi.pages.forms import read_body
from temanashi.pages.identity import NAME_LENGTH, actor_for, given_name, remember, who
from temanashi.pages.language import language_of
from temanashi.pages.rendering import page
from temanashi.pages.site import Site
from temanashi.reports.audit_words import AuditWords
from temanashi.reports.display import Display
from temanashi.text import explain
from temanashi.workspace.sampling import draw_again, draw_sample

__all__ = ["audit_sample", "draw_on_page", "sample_form"]

FIELDS = ("period", "size", "seed", "kind", "runbook", "person", "system", "privileged", "emergency", "name")
KINDS: tuple[str, ...] = get_args(Kind)
LONGEST = 100


def sample_form(site: Site) -> Callable[[Request], Response]:
    """The empty form."""

    def answer(request: Request) -> Response:
        return _form(site, request, {"size": "25", "kind": "run_requested", "name": who(request)}, {})

    return answer


def draw_on_page(site: Site) -> Callable[[Request], Awaitable[Response]]:
    """Draw what was asked for; raises LedgerError."""

    async def answer(request: Request) -> Response:
        typed = await read_body(request)
        if typed is None:
            return PlainTextResponse("413", status_code=413)
        return await run_in_threadpool(_drawn, site, request, {name: typed.get(name, "").strip() for name in FIELDS})

    return answer


def _drawn(site: Site, request: Request, typed: dict[str, str]) -> Response:
    lang = language_of(request, site.installation.settings.languages)
    name, wrong = given_name(request, typed["name"]), {}
    if not name or len(name) > NAME_LENGTH:
        wrong["name"] = "pages.form-name-missing" if not name else "pages.form-name-long"
    size = int(typed["size"]) if typed["size"].isdecimal() and len(typed["size"]) < LONGEST else 0
    if not 1 <= size <= MOST_DRAWN:
        wrong["size"] = "audit.sample-size-wrong"
    if len(typed["seed"]) > LONGEST:
        wrong["seed"] = "audit.sample-seed-long"
    wanted: dict[str, Any] = {field: typed[field][:200] for field in ("period", "seed", "runbook", "person", "system")}
    wanted |= {"size": size, "kind": typed["kind"] if typed["kind"] in KINDS else "run_requested"}
    wanted |= {flag: bool(typed[flag]) for flag in ("privileged", "emergency")}
    if wrong:
        return _form(site, request, typed, wrong)
    try:
        drawn = draw_sample(site.installation, wanted, actor=actor_for(request, name), channel="page")
    except BadPeriod as error:
        return _form(site, request, typed, {}, period=" ".join(explain(error, lang)[::2]))
    answer = RedirectResponse(f"{request.scope.get('root_path', '')}/audit/samples/{drawn.seq}?lang={lang}", status_code=303)
    remember(answer, request, name)
    return answer


def _form(site: Site, request: Request, typed: dict[str, str], wrong: dict[str, str], *, period: str = "") -> Response:
    settings = site.installation.settings
    lang = language_of(request, settings.languages)
    words = AuditWords(Display(lang, settings.zone))
    told = {field: words.show_key(key) for field, key in wrong.items()} | ({"period": period} if period else {})
    given = {field: typed.get(field, "") for field in FIELDS}
    data: dict[str, Any] = {"typed": given, "wrong": told, "kinds": KINDS, "words": words, "most": MOST_DRAWN}
    return page(site, request, "audit_sample_form.html.j2", status=400 if told else 200, **data)


def audit_sample(site: Site) -> Callable[[Request], Response]:
    """The sheet; raises NoSample and LedgerError."""

    def answer(request: Request) -> Response:
        settings = site.installation.settings
        lang = language_of(request, settings.languages)
        drawn = draw_again(site.installation, request.path_params["seq"])
        words = AuditWords(Display(lang, settings.zone))
        return page(site, request, "audit_sample.html.j2", drawn=drawn, sample=drawn.sample, terms=drawn.sample.terms, words=words)

    return answer
