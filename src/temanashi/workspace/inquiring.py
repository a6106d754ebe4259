"""A question and what comes of it: asked, voted on, handed over. One way for pages, terminal, programs and forms."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from temanashi.faq.asking_faults import EmptyQuestion, NoSuchInquiry, TooLong, UnknownOffer, VoteClosed
from temanashi.faq.engine import Hit, Reply
from temanashi.faq.entries import Entry
from temanashi.faq.inquiries import Inquiry, Offered, Vote, inquiries_of, inquiry_event, questioned
from temanashi.faq.masking import Masked, mask
from temanashi.people import Actor, Channel, People, folded
from temanashi.text import Lang
from temanashi.workspace.inquiry_demand import count_inquiry, occasion_of, uncount_inquiry
from temanashi.workspace.opening import Installation
from temanashi.workspace.publishing import PublishedWorkspace

__all__ = [
    "NUMBER",
    "QUESTION_LENGTH",
    "TEXT_LENGTH",
    "Asking",
    "Searched",
    "asker_names",
    "fresh_number",
    "hand_over",
    "is_asker",
    "read_inquiry",
    "reader_names",
    "record_question",
    "searched",
    "tidy_question",
    "tidy_text",
    "vote_on",
]

QUESTION_LENGTH, TEXT_LENGTH = 2000, 8000
NUMBER = re.compile(r"inq-\d{8}-[0-9a-f]{8}")
"""The numbers that we give."""


@dataclass(frozen=True, kw_only=True)
class Asking:
    """Who does it, through which channel, and for whom (empty: for themselves)."""

    actor: Actor
    channel: Channel
    beneficiary: str = ""


def fresh_number(now: datetime) -> str:
    """A number for a new inquiry; a form that is sent twice carries the same one."""
    return f"inq-{now:%Y%m%d}-{secrets.token_hex(4)}"


def tidy_question(text: str) -> str:
    """A question on one line, as it is searched and recorded; raises EmptyQuestion and TooLong."""
    # What is far too long is not worth cleaning.
    if len(text) > QUESTION_LENGTH * 10:
        raise TooLong(length=len(text), most=QUESTION_LENGTH)
    tidy = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    if not tidy:
        raise EmptyQuestion
    if len(tidy) > QUESTION_LENGTH:
        raise TooLong(length=len(tidy), most=QUESTION_LENGTH)
    return tidy


def tidy_text(text: str) -> str:
    """A text of several lines without signs that are not seen; raises TooLong."""
    if len(text) > TEXT_LENGTH:
        raise TooLong(length=len(text), most=TEXT_LENGTH)
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(sign for sign in lines if sign.isprintable() or sign in "\n\t").strip()


@dataclass(frozen=True, kw_only=True)
class Searched:
    """A masked question and what there is to it."""

    question: Masked
    reply: Reply


def searched(question: str, search: Callable[[str], Reply]) -> Searched:
    """Look for an answer, before anything is written. Raises EmptyQuestion and TooLong.

    What looks like a secret or like a person's data is masked before anything else happens, the search included.
    """
    masked = mask(tidy_question(question))
    return Searched(question=masked, reply=search(masked.text))


def record_question(
    installation: Installation,
    connection: Connection,
    found: Searched,
    asking: Asking,
    *,
    lang: Lang,
    number: str = "",
    chosen: Entry | None = None,
) -> Inquiry:
    """Record a question and what was offered; the same number again is the same inquiry.

    `chosen` is an entry that the asker found on the way, while typing say; it was offered then too.
    """
    key = number if NUMBER.fullmatch(number) else fresh_number(installation.clock.now())
    if (before := _find(installation, connection, key)) is not None:
        return before
    reply = found.reply
    offered = [Offered(entry=hit.entry.id, lang=hit.lang, confidence=hit.confidence) for hit in _shown(reply)]
    if chosen is not None and chosen.id not in {one.entry for one in offered}:
        offered.append(Offered(entry=chosen.id, lang=chosen.text(lang)[0], confidence=0.0))
    inquiry = Inquiry(
        key=key,
        question=found.question.text,
        lang=lang,
        asker=asking.actor,
        channel=asking.channel,
        asked_at=installation.clock.now(),
        beneficiary=asking.beneficiary,
        kind="candidates" if chosen is not None and reply.kind == "unknown" else reply.kind,
        confidence=reply.confidence,
        method=reply.method,
        index=reply.index,
        offered=tuple(offered),
        masked=found.question.found,
    )
    record = installation.ledger.append(connection, questioned(inquiry))
    return replace(inquiry, asked_at=record.recorded_at)


def _shown(reply: Reply) -> tuple[Hit, ...]:
    return reply.hits if reply.kind != "unknown" else ()


def read_inquiry(installation: Installation, connection: Connection, number: str) -> Inquiry:
    """An inquiry as it stands; raises NoSuchInquiry."""
    found = _find(installation, connection, number)
    if found is None:
        raise NoSuchInquiry(number)
    return found


def _find(installation: Installation, connection: Connection, number: str) -> Inquiry | None:
    if not NUMBER.fullmatch(number):
        return None
    return inquiries_of(installation.ledger.records(connection, kinds=("inquiry",), slot=number)).get(number)


def is_asker(inquiry: Inquiry, actor: Actor | None, people: People) -> bool:
    """Whether somebody asked this, or it was asked for them. Who gave no name asked nothing."""
    return not asker_names(inquiry).isdisjoint(reader_names(actor, people))


def reader_names(actor: Actor | None, people: People) -> frozenset[str]:
    """Every folded name under which somebody may have asked; none of who gave no name."""
    if actor is None or actor.name in {"", "-"}:
        return frozenset()
    names = [name for name in (actor.name, actor.account) if name]
    return frozenset[str]().union({folded(actor.name)}, *(people.spellings(name) for name in names))


def asker_names(inquiry: Inquiry) -> frozenset[str]:
    """The folded names of who asked, and of whom it was asked for."""
    names = (inquiry.asker.name, inquiry.asker.account, inquiry.beneficiary)
    return frozenset(folded(name) for name in names if name)


def vote_on(
    installation: Installation,
    connection: Connection,
    published: PublishedWorkspace | None,
    inquiry: Inquiry,
    vote: Vote,
    asking: Asking,
    *,
    entry: str = "",
) -> Inquiry:
    """The asker says whether it is solved, and by which entry; saying the same again changes nothing.

    Solved is one occasion answered without a person; said otherwise later, that is taken back. Raises VoteClosed and UnknownOffer.
    """
    if not inquiry.open_to_vote(installation.clock.now()) or vote == "":
        raise VoteClosed(inquiry.key)
    entry = entry or inquiry.offered[0].entry
    if entry not in {one.entry for one in inquiry.offered}:
        raise UnknownOffer(inquiry.key, entry)
    if (inquiry.vote, inquiry.voted_entry) == (vote, entry):
        return inquiry
    task = ""
    if vote == "solved" and inquiry.vote != "solved":
        task = count_inquiry(installation, connection, published, inquiry, asking.actor, asking.channel)
    elif vote != "solved" and inquiry.vote == "solved":
        uncount_inquiry(installation, connection, published, inquiry, asking.actor, asking.channel)
    draft = inquiry_event(inquiry.key, vote, actor=asking.actor, channel=asking.channel, body={"entry": entry})
    # What figures credit: the task, and the occasion that no person had to answer.
    served = {"task": task, "step": occasion_of(inquiry)} if task else {}
    installation.ledger.append(connection, draft.model_copy(update=served))
    return read_inquiry(installation, connection, inquiry.key)


def hand_over(
    installation: Installation,
    connection: Connection,
    published: PublishedWorkspace | None,
    inquiry: Inquiry,
    asking: Asking,
    *,
    to: str,
    details: str = "",
) -> Inquiry:
    """Ask a person, with everything known so far; a second time it is no other. Raises TooLong."""
    if inquiry.handed_at is not None:
        return inquiry
    if inquiry.vote == "solved":
        uncount_inquiry(installation, connection, published, inquiry, asking.actor, asking.channel)
        inquiry = replace(inquiry, votes=inquiry.votes + 1)
    task = count_inquiry(installation, connection, published, inquiry, asking.actor, asking.channel)
    body = {"to": to, "details": mask(tidy_text(details)).text, "counted": task}
    draft = inquiry_event(inquiry.key, "handed_over", actor=asking.actor, channel=asking.channel, body=body)
    installation.ledger.append(connection, draft)
    return read_inquiry(installation, connection, inquiry.key)
