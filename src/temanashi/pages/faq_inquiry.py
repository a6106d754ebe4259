"""`/tema/faq/inquiries/NUMBER`: the answer, what comes nearest, or that nobody knows; the asker's word; a person's answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import urlencode

from sqlalchemy import Connection
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from temanashi.errors import InputError, TemanashiError
from temanashi.faq.asking_faults import NotForYou
from temanashi.faq.entries import Entry
from temanashi.faq.inquiries import Inquiry, Offered
from temanashi.pages.answers import seconds_of
from temanashi.pages.faq_reader import FaqReader, faq_reader
from temanashi.pages.faq_shown import told_entry
from temanashi.pages.forms import read_body
from temanashi.pages.identity import NAME_LENGTH, actor_for, given_name, remember, who
from temanashi.pages.language import language_of
from temanashi.pages.rendering import page
from temanashi.pages.site import Site
from temanashi.text import Lang, explain, say
from temanashi.workspace.inquiring import Asking, hand_over, read_inquiry, vote_on
from temanashi.workspace.inquiry_people import who_answers
from temanashi.workspace.proposing import accept_proposal, propose_reply
from temanashi.workspace.replying import Answering, record_reply, settle_proposal
from temanashi.workspace.telling_inquiries import tell_of_inquiries

__all__ = ["act_on_inquiry", "show_inquiry"]

EMPTY = {"details": "", "reply": "", "minutes": "", "name-problem": ""}
TELLING = frozenset({"hand-over", "reply"})


def show_inquiry(site: Site) -> Callable[[Request], Response]:
    """The page; raises NoSuchInquiry and LedgerError."""

    def answer(request: Request) -> Response:
        return _page(site, request, {})

    return answer


def act_on_inquiry(site: Site) -> Callable[[Request], Awaitable[Response]]:
    """What a button of the page does. Raises NoSuchInquiry and LedgerError."""

    async def answer(request: Request) -> Response:
        typed = await read_body(request)
        if typed is None:
            return PlainTextResponse("413", status_code=413)
        return await run_in_threadpool(_acted, site, request, typed)

    return answer


def _page(
    site: Site, request: Request, typed: Mapping[str, str], *, error: TemanashiError | None = None, field: str = ""
) -> Response:
    installation = site.installation
    lang = language_of(request, installation.settings.languages)
    with installation.database.reading() as connection:
        reader = faq_reader(site, connection, request)
        inquiry = reader.check(read_inquiry(installation, connection, request.path_params["number"]))
        shown = _shown(reader, inquiry, request.query_params.get("entry", ""))
    offered = [(one, reader.entries[one.entry]) for one in inquiry.offered if one.entry in reader.entries]
    return page(
        site,
        request,
        "inquiry.html.j2",
        status=400 if error is not None else 200,
        inquiry=inquiry,
        shown=told_entry(reader, shown[0], lang if lang in shown[0].texts else shown[1].lang, lang) if shown else None,
        offered=[(entry.id, entry.text(one.lang)[1].question) for one, entry in offered],
        withdrawn=bool(inquiry.offered) and not offered,
        asked=reader.asked(inquiry),
        open_to_vote=inquiry.open_to_vote(installation.clock.now()) and bool(offered),
        may_answer=inquiry.waiting and reader.answers(inquiry),
        may_accept=reader.accepts(inquiry),
        to=reader.named(who_answers(inquiry, reader.entries, installation.settings)),
        handed_to=reader.named(inquiry.to),
        entries=sorted(reader.entries),
        typed={"name": who(request), "entry-id": inquiry.offered[0].entry if offered else "", **EMPTY, **typed},
        trouble=explain(error, lang) if error is not None else None,
        field=field,
        here=reader.may_write,
    )


def _shown(reader: FaqReader, inquiry: Inquiry, wanted: str) -> tuple[Entry, Offered] | None:
    """The entry that the page shows whole: the one that was chosen, else the answer; nothing of what may not be seen (any more)."""
    by_id = {one.entry: one for one in inquiry.offered}
    name = wanted if wanted in by_id else inquiry.voted_entry or (inquiry.offered[0].entry if inquiry.kind == "answer" else "")
    return (reader.entries[name], by_id[name]) if name in reader.entries and name in by_id else None


def _acted(site: Site, request: Request, typed: Mapping[str, str]) -> Response:
    installation, action = site.installation, typed.get("action", "")
    lang = language_of(request, installation.settings.languages)
    name = given_name(request, typed.get("name", "") or who(request))
    asking = Asking(actor=actor_for(request, name[:NAME_LENGTH] or "-"), channel="page")
    try:
        if action in {"hand-over", "reply"} and (not name or len(name) > NAME_LENGTH):
            return _named_wrong(site, request, typed, name, lang)
        with installation.database.transaction() as connection:
            reader = faq_reader(site, connection, request)
            inquiry = reader.check(read_inquiry(installation, connection, request.path_params["number"]))
            _do(site, connection, reader, inquiry, typed, asking)
    except InputError as error:
        return _page(site, request, typed, error=error, field={"hand-over": "details", "reply": "reply"}.get(action, "main"))
    more = urlencode({"lang": lang} | ({"entry": typed["entry"]} if typed.get("entry") else {}))
    after = BackgroundTask(_tell, site) if action in TELLING else None
    back = RedirectResponse(f"{request.url.path}?{more}", status_code=303, background=after)
    if name:
        remember(back, request, name)
    return back


def _tell(site: Site) -> None:
    tell_of_inquiries(site.installation)


def _named_wrong(site: Site, request: Request, typed: Mapping[str, str], name: str, lang: Lang) -> Response:
    problem = say("pages.form-name-long" if name else "pages.form-name-missing", lang)
    return _page(site, request, {**typed, "name-problem": problem, "name": name[:NAME_LENGTH]}, error=None, field="name")


def _do(site: Site, connection: Connection, reader: FaqReader, inquiry: Inquiry, typed: Mapping[str, str], asking: Asking) -> None:
    """One button; raises what the deed raises."""
    installation, action = site.installation, typed.get("action", "")
    mine = action in {"solved", "not_solved", "hand-over"}
    if not (reader.asked(inquiry) if mine else reader.answers(inquiry) or reader.accepts(inquiry)):
        raise NotForYou(inquiry.key)
    match action:
        case "solved" | "not_solved":
            vote_on(installation, connection, reader.published, inquiry, action, asking, entry=typed.get("entry", ""))
        case "hand-over":
            every = reader.published.entries if reader.published is not None else {}
            to = who_answers(inquiry, every, installation.settings)
            hand_over(installation, connection, reader.published, inquiry, asking, to=to, details=typed.get("details", ""))
        case "reply":
            answering = Answering(
                text=typed.get("reply", ""),
                entry=typed.get("entry-id", "").strip(),
                seconds=seconds_of(typed.get("minutes", "") or "0") or 0,
            )
            after = record_reply(installation, connection, inquiry, answering, asking, entries=reader.entries)
            propose_reply(installation, connection, after, typed.get("propose", ""), typed.get("topic", ""), asking, reader.entries)
        case "accept":
            accept_proposal(installation, connection, inquiry, asking, reader.published)
        case "decline":
            settle_proposal(installation, connection, inquiry, asking, reason=typed.get("reason", ""))
        case _:
            raise NotForYou(inquiry.key)
