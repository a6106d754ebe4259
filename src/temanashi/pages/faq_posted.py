"""`/tema/api/ask`: where a program asks the FAQ, with a token of scope `ask`: a chat, a portal. The same records as on the pages.

A token of a person shows what that person may see; one that is nobody's shows what is for everyone, and may say `for` whom it asks.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from temanashi.faq.asking_faults import NoSuchInquiry
from temanashi.faq.inquiries import Inquiry
from temanashi.pages.posting import Door, Posted, Refused, posted
from temanashi.pages.site import Site
from temanashi.people import Actor, People
from temanashi.problems import problems_of
from temanashi.signin.roles import with_given
from temanashi.text import Lang, say
from temanashi.workspace.asking import Asked, ask, hand_over_here, told_inquiry
from temanashi.workspace.inquiring import Asking, is_asker, read_inquiry, tidy_question, vote_on
from temanashi.workspace.inquiry_people import audience_of
from temanashi.workspace.telling_inquiries import tell_of_inquiries

__all__ = ["ASK_PATH", "MOST_BYTES", "ask_posted", "hand_over_posted", "state_posted", "suggest_posted", "vote_posted"]

ASK_PATH = "/api/ask"
MOST_BYTES = 64 * 1024
DOOR = Door(area="ask", right="ask", most=MOST_BYTES)
Number = Annotated[str, Field(min_length=1, max_length=40)]
_Model = TypeVar("_Model", bound=BaseModel)


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True)


class Question(_Closed):
    """A question. `for` is whom a program asks for; the same `number` again is the same inquiry."""

    question: str
    lang: Lang | None = None
    beneficiary: Annotated[str, Field(max_length=100)] = Field(default="", alias="for")
    number: Annotated[str, Field(max_length=40)] = ""
    hand_over: bool = False
    details: str = ""


class Typed(_Closed):
    """What is being typed."""

    text: str
    lang: Lang | None = None


class Voted(_Closed):
    """What the asker says of an answer."""

    number: Number
    vote: Literal["solved", "not_solved"]
    entry: Annotated[str, Field(max_length=80)] = ""


class Handed(_Closed):
    """That a person should answer."""

    number: Number
    details: str = ""


class Wanted(_Closed):
    """An inquiry to look at."""

    number: Number


def ask_posted(site: Site) -> Callable[[Request], Awaitable[Response]]:
    """Ask: 201 with the reply."""

    def answered(given: Posted) -> Response:
        told = _read(Question, given)
        lang = told.lang or given.lang
        asking = Asking(actor=given.sender.actor, channel="api", beneficiary=" ".join(told.beneficiary.split()))
        with site.installation.database.reading() as connection:
            published = site.published(connection)
        # Whom it is asked for is only said: what is not for everyone is shown to nobody by that.
        seen_by = given.sender.actor if not asking.beneficiary else None
        asked = ask(
            site.installation, site.faq, told.question, asking, lang=lang, seen_by=seen_by, number=told.number, published=published
        )
        if not is_asker(asked.inquiry, given.sender.actor, asked.people):
            raise NoSuchInquiry(asked.inquiry.key)
        if told.hand_over and asked.inquiry.kind != "answer":
            asked = hand_over_here(site.installation, asked, asking, details=told.details, published=published)
            tell_of_inquiries(site.installation)
        return _answer(site, asked, lang, status=201)

    return posted(site, DOOR, answered)


def suggest_posted(site: Site) -> Callable[[Request], Awaitable[Response]]:
    """The nearest entries while somebody types; nothing is recorded."""

    def answered(given: Posted) -> Response:
        told = _read(Typed, given)
        text = tidy_question(told.text)
        with site.installation.database.reading() as connection:
            published = site.published(connection)
            people = with_given(connection, published.people) if published is not None else People()
            engine = site.faq.engine(connection)
        hits = engine.suggest(text, lang=told.lang or given.lang, may_see=audience_of(given.sender.actor, people))
        found = [{"id": hit.entry.id, "question": hit.entry.text(hit.lang)[1].question} for hit in hits]
        return JSONResponse({"entries": found}, headers={"cache-control": "no-store"})

    return posted(site, DOOR, answered)


def vote_posted(site: Site) -> Callable[[Request], Awaitable[Response]]:
    """The asker's word, told by the token that asked."""

    def answered(given: Posted) -> Response:
        told = _read(Voted, given)
        with site.installation.database.transaction() as connection:
            asked = _own(site, connection, told.number, given.sender.actor)
            asking = Asking(actor=given.sender.actor, channel="api")
            published = site.published(connection)
            after = vote_on(site.installation, connection, published, asked.inquiry, told.vote, asking, entry=told.entry)
        return _answer(site, Asked(inquiry=after, entries=asked.entries, people=asked.people), given.lang)

    return posted(site, DOOR, answered)


def hand_over_posted(site: Site) -> Callable[[Request], Awaitable[Response]]:
    """Have a person answer."""

    def answered(given: Posted) -> Response:
        told = _read(Handed, given)
        with site.installation.database.reading() as connection:
            asked = _own(site, connection, told.number, given.sender.actor)
        asking = Asking(actor=given.sender.actor, channel="api")
        asked = hand_over_here(site.installation, asked, asking, details=told.details)
        tell_of_inquiries(site.installation)
        return _answer(site, asked, given.lang)

    return posted(site, DOOR, answered)


def state_posted(site: Site) -> Callable[[Request], Awaitable[Response]]:
    """How an inquiry stands, with a person's answer where there is one."""

    def answered(given: Posted) -> Response:
        told = _read(Wanted, given)
        with site.installation.database.reading() as connection:
            asked = _own(site, connection, told.number, given.sender.actor)
        return _answer(site, asked, given.lang)

    return posted(site, DOOR, answered)


def _own(site: Site, connection: Connection, number: str, actor: Actor) -> Asked:
    """An inquiry of the sender's own; raises NoSuchInquiry."""
    inquiry: Inquiry = read_inquiry(site.installation, connection, number)
    people = site.installation.engine().directory(connection).people
    if not is_asker(inquiry, actor, people):
        raise NoSuchInquiry(number)
    published = site.published(connection)
    may_see = audience_of(actor if not inquiry.beneficiary else None, people)
    every = published.entries if published is not None else {}
    return Asked(inquiry=inquiry, entries={name: one for name, one in every.items() if may_see(one)}, people=people)


def _answer(site: Site, asked: Asked, lang: Lang, *, status: int = 200) -> Response:
    told = told_inquiry(asked, site.installation.settings, lang)
    return JSONResponse(told, status_code=status, headers={"cache-control": "no-store"})


def _read(model: type[_Model], given: Posted) -> _Model:
    try:
        return model.model_validate_json(given.body)
    except ValidationError as error:
        if any(item["type"] == "json_invalid" for item in error.errors(include_url=False)):
            raise Refused(_said(400, "bad-json", given.lang)) from None
        problems = [{"field": one.field, "message": one.message.text(given.lang)} for one in problems_of(error, model=model)]
        raise Refused(_said(422, "bad-fields", given.lang, problems=problems)) from None


def _said(status: int, name: str, lang: Lang, **more: Any) -> Response:
    key = f"ask.posted-{name}"
    told = {"error": key, "message": say(key, lang), "next": say(f"{key}.next", lang), **more}
    return JSONResponse(told, status_code=status, headers={"cache-control": "no-store"})
