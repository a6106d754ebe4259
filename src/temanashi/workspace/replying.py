"""A person answers an inquiry; the answer is proposed for the FAQ, and the owner says what becomes of that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection

from temanashi.faq.asking_faults import AlreadyReplied, EmptyReply, NoProposal, NotHandedOver, UnknownEntry
from temanashi.faq.entries import Entry
from temanashi.faq.inquiries import Inquiry, inquiry_event
from temanashi.faq.masking import mask
from temanashi.workspace.inquiring import Asking, read_inquiry, tidy_text
from temanashi.workspace.opening import Installation

__all__ = ["Answering", "propose", "record_reply", "settle_proposal"]


@dataclass(frozen=True, kw_only=True)
class Answering:
    """What a person answers. `entry`: the entry that would have answered; `seconds`: by hand, where they say so."""

    text: str
    entry: str = ""
    seconds: int = 0


def record_reply(
    installation: Installation,
    connection: Connection,
    inquiry: Inquiry,
    answering: Answering,
    asking: Asking,
    *,
    entries: Mapping[str, Entry],
) -> Inquiry:
    """Record a person's answer; the first stands. Raises NotHandedOver, AlreadyReplied, EmptyReply, TooLong and UnknownEntry."""
    if inquiry.handed_at is None:
        raise NotHandedOver(inquiry.key)
    if inquiry.replied_at is not None:
        raise AlreadyReplied(inquiry.key, by=inquiry.replied_by)
    text = mask(tidy_text(answering.text)).text
    if not text:
        raise EmptyReply
    if answering.entry and answering.entry not in entries:
        raise UnknownEntry(answering.entry, known=entries)
    _note(installation, connection, inquiry, "replied", asking, {"reply": text, "entry": answering.entry}, answering.seconds)
    return read_inquiry(installation, connection, inquiry.key)


def propose(
    installation: Installation,
    connection: Connection,
    inquiry: Inquiry,
    kind: Literal["phrasing", "entry"],
    asking: Asking,
    *,
    entry: str,
    owner: str,
    topic: str = "",
) -> Inquiry:
    """Propose the question as a phrasing of an entry, or question and answer as a new one, for its owner to accept."""
    body = {"as": kind, "entry": entry, "topic": topic, "owner": owner}
    _note(installation, connection, inquiry, "proposed", asking, body)
    return read_inquiry(installation, connection, inquiry.key)


def settle_proposal(
    installation: Installation, connection: Connection, inquiry: Inquiry, asking: Asking, *, file: str = "", reason: str = ""
) -> Inquiry:
    """The owner took a proposal (`file`: where its draft stands), or declined it; raises NoProposal."""
    if inquiry.proposal is None or inquiry.proposal.state != "open":
        raise NoProposal(inquiry.key)
    body = {"file": file, "reason": " ".join(reason.split())[:500]}
    _note(installation, connection, inquiry, "accepted" if file else "declined", asking, body)
    return read_inquiry(installation, connection, inquiry.key)


def _note(
    installation: Installation,
    connection: Connection,
    inquiry: Inquiry,
    event: Any,
    asking: Asking,
    body: dict[str, Any],
    seconds: int = 0,
) -> None:
    draft = inquiry_event(inquiry.key, event, actor=asking.actor, channel=asking.channel, body=body, seconds=seconds)
    installation.ledger.append(connection, draft)
