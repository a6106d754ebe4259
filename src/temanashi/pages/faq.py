"""`/tema/faq`: one box to ask in. Below it what the reader asked before, and what waits for their answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response

from temanashi.errors import InputError, TemanashiError
from temanashi.faq.engine import Hit
from temanashi.pages.faq_reader import FaqReader, faq_reader
from temanashi.pages.forms import read_body
from temanashi.pages.identity import actor_for, who
from temanashi.pages.language import language_of
from temanashi.pages.rendering import page
from temanashi.pages.site import Site
from temanashi.text import Lang, explain
from temanashi.workspace.demanding import today_of
from temanashi.workspace.inquiring import Asking, asker_names, fresh_number, record_question, searched, tidy_question, vote_on
from temanashi.workspace.inquiry_people import audience_of

__all__ = ["ask_on_page", "show_faq", "suggest_on_page"]

MINE, WAITING, SUGGESTED, TYPED = 20, 20, 5, 200


def show_faq(site: Site) -> Callable[..., Response]:
    """The page; `?q=` searches without recording anything. Raises LedgerError."""

    def answer(request: Request) -> Response:
        return _page(site, request, request.query_params.get("q", "")[:TYPED])

    return answer


def ask_on_page(site: Site) -> Callable[[Request], Awaitable[Response]]:
    """What was asked: recorded, and then the page of the inquiry. Raises LedgerError."""

    async def answer(request: Request) -> Response:
        typed = await read_body(request)
        if typed is None:
            return PlainTextResponse("413", status_code=413)
        return await run_in_threadpool(_asked, site, request, typed)

    return answer


def suggest_on_page(site: Site) -> Callable[[Request], Response]:
    """The nearest entries to what is being typed, as JSON; nothing is recorded. Raises LedgerError."""

    def answer(request: Request) -> Response:
        lang = language_of(request, site.installation.settings.languages)
        with site.installation.database.reading() as connection:
            reader = faq_reader(site, connection, request)
            hits = _suggested(site, connection, reader, request.query_params.get("q", "")[:TYPED], lang)
        found = [{"id": hit.entry.id, "question": hit.entry.text(hit.lang)[1].question} for hit in hits]
        return JSONResponse({"entries": found}, headers={"cache-control": "no-store"})

    return answer


def _suggested(site: Site, connection: object, reader: FaqReader, text: str, lang: Lang) -> tuple[Hit, ...]:
    try:
        question = tidy_question(text)
    except InputError:
        return ()
    may_see = audience_of(reader.actor, reader.people)
    return site.faq.engine(connection).suggest(question, lang=lang, may_see=may_see, limit=SUGGESTED)  # type: ignore[arg-type]


def _page(site: Site, request: Request, q: str, *, error: TemanashiError | None = None, number: str = "") -> Response:
    installation = site.installation
    lang = language_of(request, installation.settings.languages)
    with installation.database.reading() as connection:
        reader = faq_reader(site, connection, request)
        hits = _suggested(site, connection, reader, q, lang) if q and error is None else ()
        every = sorted(site.inquiries.read(installation.ledger, connection).values(), key=lambda one: one.asked_at, reverse=True)
    mine = [one for one in every if not asker_names(one).isdisjoint(reader.names)]
    waiting = [one for one in every if one.waiting and reader.answers(one)]
    proposals = [one for one in every if reader.accepts(one)]
    return page(
        site,
        request,
        "faq.html.j2",
        status=400 if error is not None else 200,
        scripts=True,
        q=q,
        searched=bool(q) and error is None,
        hits=[(hit.entry, hit.entry.text(hit.lang)[1].question) for hit in hits],
        mine=mine[:MINE],
        waiting=waiting[:WAITING],
        waiting_count=len(waiting),
        proposals=proposals[:WAITING],
        entries=len(reader.entries),
        owns=any(reader.owns(entry) for entry in reader.entries.values()) if reader.me else False,
        number=number or fresh_number(installation.clock.now()),
        trouble=explain(error, lang) if error is not None else None,
    )


def _asked(site: Site, request: Request, typed: Mapping[str, str]) -> Response:
    installation = site.installation
    lang = language_of(request, installation.settings.languages)
    question = typed.get("q", "")
    asking = Asking(actor=actor_for(request, who(request) or "-"), channel="page")
    try:
        with installation.database.reading() as connection:
            reader = faq_reader(site, connection, request)
            engine = site.faq.engine(connection)
        may_see, today = audience_of(reader.actor, reader.people), today_of(installation)
        found = searched(question, lambda text: engine.ask(text, lang=lang, may_see=may_see, today=today))
        chosen = reader.entry(typed["entry"]) if typed.get("entry") else None
        with installation.database.transaction() as connection:
            inquiry = record_question(
                installation, connection, found, asking, lang=lang, number=typed.get("number", ""), chosen=chosen
            )
            reader.check(inquiry)
            if chosen is not None and typed.get("action") == "solved":
                vote_on(installation, connection, reader.published, inquiry, "solved", asking, entry=chosen.id)
    except InputError as error:
        return _page(site, request, question[:TYPED], error=error, number=typed.get("number", "")[:40])
    more = urlencode({"lang": lang} | ({"entry": typed["entry"]} if typed.get("entry") else {}))
    return RedirectResponse(f"{request.scope.get('root_path', '')}/faq/inquiries/{inquiry.key}?{more}", status_code=303)
