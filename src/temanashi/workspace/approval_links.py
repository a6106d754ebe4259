"""Links in a letter that lead one approver to one plan: signed by the gate, good once, and never a decision by themselves."""

from __future__ import annotations

import binascii
import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from typing import Literal, NamedTuple, get_args

from sqlalchemy import Column, Connection, MetaData, Table, Text, select
from sqlalchemy.dialects import postgresql, sqlite

from temanashi.errors import InputError
from temanashi.ledger.checkpoints import KEYS
from temanashi.runs.approvals.reading import ApprovalView
from temanashi.settings import Settings
from temanashi.workspace.signatures import GATE, signatures_of

__all__ = ["USED_LINKS", "ApprovalLink", "BadLink", "LinkUsed", "Verb", "is_used", "link_for", "mark_used", "read_link"]

DOMAIN = b"temanashi/approval-link/1\n"
"""A link is no decision: what signs one cannot be taken for the other."""

LONGEST = 1000
Verb = Literal["approved", "refused"]
USED_LINKS = Table(
    "used_links", MetaData(), Column("digest", Text, primary_key=True), *(Column(name, Text) for name in ("run", "used_at"))
)


class BadLink(InputError):
    """Not a link of ours: cut off by a mail program, or made up."""

    key = "mail.bad-link"


class LinkUsed(InputError):
    """A link works once. Data: run."""

    key = "mail.link-used"

    def __init__(self, run: str) -> None:
        super().__init__(run=run)


class ApprovalLink(NamedTuple):
    """Which request, whose word, about which plan, and until when (ISO)."""

    run: str
    step: str
    number: int
    person: str
    digest: str
    verdict: Verb
    until: str

    def fits(self, view: ApprovalView) -> bool:
        """Whether this very request, with this very plan, is what waits."""
        return (self.run, self.step, self.number, self.digest) == (view.run, view.step, view.number, view.digest)

    def over(self, now: datetime) -> bool:
        """Whether its time has passed."""
        return now >= datetime.fromisoformat(self.until)


def link_for(settings: Settings, view: ApprovalView, person: str, verdict: Verb) -> str:
    """The last part of the address; empty where nobody signs in, or where the gate's private key is not."""
    signatures = signatures_of(settings, sign=True)
    if signatures is None or signatures.sign is None or not (settings.state_dir / KEYS / f"{GATE}.pem").exists():
        return ""
    link = ApprovalLink(view.run, view.step, view.number, person, view.digest, verdict, view.until.isoformat())
    said = json.dumps(link, separators=(",", ":")).encode()
    return f"{_text(said)}.{_text(bytes.fromhex(signatures.sign(DOMAIN + said)))}"


def read_link(settings: Settings, token: str) -> ApprovalLink:
    """What a link says; raises BadLink for one that the gate did not sign."""
    said, _, mark = token.partition(".")
    signatures = signatures_of(settings, sign=False)
    if signatures is None or len(token) > LONGEST:
        raise BadLink
    try:
        body, signature = _bytes(said), _bytes(mark).hex()
    except (binascii.Error, ValueError) as error:
        raise BadLink from error
    if not signatures.holds(DOMAIN + body, signature):
        raise BadLink
    link = ApprovalLink(*json.loads(body))
    if link.verdict not in get_args(Verb):
        raise BadLink
    return link


def is_used(connection: Connection, token: str) -> bool:
    """Whether somebody decided by it."""
    return connection.scalar(select(USED_LINKS.c.run).where(USED_LINKS.c.digest == _digest(token))) is not None


def mark_used(connection: Connection, token: str, run: str, *, now: datetime) -> None:
    """It works no more; raises LinkUsed for one that was used. Somebody who uses it at this moment is waited for."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    row = dialect.insert(USED_LINKS).values(digest=_digest(token), run=run, used_at=now.isoformat())
    if connection.scalar(row.on_conflict_do_nothing().returning(USED_LINKS.c.digest)) is None:
        raise LinkUsed(run)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    """Only as we write it: the same link spelled otherwise would be another one, good once more."""
    data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if _text(data) != text:
        raise ValueError
    return data
