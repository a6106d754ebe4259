"""A mailbox of past inquiries (mbox, RFC 4155): a mail that begins a thread asks, the first reply to it answers."""

from __future__ import annotations

import mailbox
import re
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path

from temanashi.faq.mining.inquiries import PastInquiry
from temanashi.text import phrase
from temanashi.workspace.faq_past import NoInquiries, PastFile, PastFlaw
from temanashi.workspace.importing.tickets.reading import MAX_BYTES, BadTicketFile

__all__ = ["is_mailbox", "read_mailbox"]

_ID = re.compile(r"<[^<>\s]{1,300}>")
_REPLY = re.compile(r"\s*(?:re|aw|返信)\s*[:：]", re.IGNORECASE)


def is_mailbox(file: Path) -> bool:
    """Whether a file begins as a mailbox does; one that cannot be read is none."""
    try:
        with file.open("rb") as stream:
            return stream.read(5) == b"From "
    except OSError:
        return False


def read_mailbox(file: Path, *, told: Callable[[int], None]) -> PastFile:
    """The questions of a mailbox; raises BadTicketFile and NoInquiries. Minutes are not known of mails."""
    if file.stat().st_size > MAX_BYTES:
        raise BadTicketFile(file.name, problem=phrase("demand.too-large", limit=MAX_BYTES // 1_000_000))
    found = PastFile(source=file.name)
    asked: dict[str, PastInquiry] = {}
    answers: dict[str, str] = {}
    box = mailbox.mbox(file, create=False)
    try:
        for number, key in enumerate(box.iterkeys(), 1):
            _take(message_from_bytes(box.get_bytes(key), policy=policy.default), f"#{number}", asked, answers, found)
            told(number)
    finally:
        box.close()
    found.inquiries = [_answered(inquiry, answers.get(key, "")) for key, inquiry in asked.items()]
    if not found.inquiries and not found.flaws:
        raise NoInquiries(file.name)
    return found


def _take(message: EmailMessage, place: str, asked: dict[str, PastInquiry], answers: dict[str, str], found: PastFile) -> None:
    try:
        subject, sender = str(message["subject"] or ""), str(message["from"] or "")
        own = next(iter(_ID.findall(str(message["message-id"] or ""))), place)
        parents = _ID.findall(f"{message['references'] or ''} {message['in-reply-to'] or ''}")
        body = _body(message)
    except (LookupError, UnicodeError, ValueError, AttributeError, TypeError):
        # The parser is forgiving, but a header or charset that a program made up can still break it.
        found.flaws.append(PastFlaw(place, phrase("mining.bad-mail"), lost=True))
        return
    known = next((parent for parent in parents if parent in asked), None)
    if known is not None:
        answers.setdefault(known, body)
        return
    if _REPLY.match(subject):
        return  # an answer to something that is not in this file
    if not subject.strip() and not body.strip():
        found.flaws.append(PastFlaw(place, phrase("mining.no-question"), lost=True))
        return
    name = re.sub(r"<[^>]*>|[\"']", " ", sender).strip()
    people = (name,) if name and "@" not in name else ()
    asked[own] = PastInquiry(place=place, title=subject, body=body, people=people)


def _body(message: EmailMessage) -> str:
    part = message.get_body(preferencelist=("plain", "html"))
    if part is None:
        return ""
    text = str(part.get_content())
    if part.get_content_type() == "text/html":
        reader = _Words()
        reader.feed(text)
        reader.close()
        return "".join(reader.parts)
    return text


class _Words(HTMLParser):
    """What a reader of the page sees, with its lines."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002  (the parser's signature)
        self._unseen += tag in {"style", "script", "title"}
        if tag in {"br", "p", "div", "tr", "li"}:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._unseen = max(0, self._unseen - (tag in {"style", "script", "title"}))

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(data)


def _answered(inquiry: PastInquiry, answer: str) -> PastInquiry:
    return PastInquiry(
        place=inquiry.place, title=inquiry.title, body=inquiry.body, answer=answer, minutes=None, people=inquiry.people
    )
