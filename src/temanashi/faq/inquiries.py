"""Inquiries: what somebody asked, what was offered, what they said of it, what a person answered. One format for all ways in.

Everything stands in the ledger as records of kind `inquiry`, whose `slot` is the inquiry's number and whose `outcome` says what
happened. Nothing here is stored before it is masked: callers hand in masked texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal, cast, get_args

from temanashi.ledger.records import Draft, Record
from temanashi.people import Actor, Channel
from temanashi.text.local import LANGUAGES, Lang

__all__ = [
    "EVENTS",
    "VOTE_DAYS",
    "Event",
    "Inquiry",
    "InquiryState",
    "Kind",
    "Offered",
    "Proposal",
    "Vote",
    "after",
    "inquiries_of",
    "inquiry_event",
    "questioned",
]

Kind = Literal["answer", "candidates", "unknown"]
Vote = Literal["", "solved", "not_solved"]
Event = Literal["asked", "solved", "not_solved", "handed_over", "replied", "proposed", "accepted", "declined"]
EVENTS: tuple[Event, ...] = get_args(Event)
InquiryState = Literal["offered", "unknown", "solved", "not_solved", "waiting", "replied"]
VOTE_DAYS = 7
"""So long the asker may say, and say otherwise, whether an answer solved it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """An entry that was shown, in which language, and how sure the search was of it (0 to 1)."""

    entry: str
    lang: Lang
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What a person's answer is to become: a phrasing of an entry, or a new one. `state` says what its owner said."""

    kind: Literal["phrasing", "entry"]
    entry: str
    topic: str = ""
    owner: str = ""
    state: Literal["open", "accepted", "declined"] = "open"
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """One question and all that came of it. Texts are masked; times are aware UTC; `seconds` are by hand, if they said so."""

    key: str
    question: str
    lang: Lang
    asker: Actor
    channel: Channel
    asked_at: datetime
    beneficiary: str = ""
    kind: Kind
    confidence: float = 0.0
    method: str = ""
    index: str = ""
    offered: tuple[Offered, ...] = ()
    masked: tuple[str, ...] = ()
    vote: Vote = ""
    votes: int = 0
    voted_entry: str = ""
    voted_at: datetime | None = None
    to: str = ""
    details: str = ""
    handed_at: datetime | None = None
    reply: str = ""
    reply_entry: str = ""
    replied_by: str = ""
    replied_at: datetime | None = None
    seconds: int = 0
    proposal: Proposal | None = None

    @property
    def state(self) -> InquiryState:
        """Where it stands."""
        if self.replied_at is not None:
            return "replied"
        if self.handed_at is not None:
            return "waiting"
        return self.vote or ("unknown" if self.kind == "unknown" else "offered")

    @property
    def waiting(self) -> bool:
        """Whether a person still owes an answer."""
        return self.handed_at is not None and self.replied_at is None

    def open_to_vote(self, now: datetime) -> bool:
        """Whether the asker may say whether it is solved: something was offered, nobody else was asked, and not long ago."""
        return bool(self.offered) and self.handed_at is None and now - self.asked_at <= timedelta(days=VOTE_DAYS)


def inquiry_event(
    key: str, event: Event, *, actor: Actor, channel: Channel, body: Mapping[str, Any], beneficiary: str = "", seconds: int = 0
) -> Draft:
    """The record of one event of an inquiry."""
    return Draft(
        kind="inquiry",
        slot=key,
        outcome=event,
        actor=actor.name,
        actor_kind=actor.kind,
        assurance=actor.assurance,
        channel=channel,
        beneficiary=beneficiary,
        human_seconds=seconds,
        human_source="entered" if seconds else "",
        body=dict(body) | ({"account": actor.account} if actor.account else {}),
    )


def questioned(inquiry: Inquiry) -> Draft:
    """The record with which an inquiry begins."""
    offered = [{"entry": one.entry, "lang": one.lang, "confidence": round(one.confidence, 4)} for one in inquiry.offered]
    body = {
        "question": inquiry.question,
        "lang": inquiry.lang,
        "kind": inquiry.kind,
        "confidence": round(inquiry.confidence, 4),
        "method": inquiry.method,
        "index": inquiry.index,
        "offered": offered,
        "masked": list(inquiry.masked),
    }
    told = {"actor": inquiry.asker, "channel": inquiry.channel, "beneficiary": inquiry.beneficiary}
    return inquiry_event(inquiry.key, "asked", body=body, **told)  # type: ignore[arg-type]


def inquiries_of(records: Iterable[Record]) -> dict[str, Inquiry]:
    """The inquiries that records in the order of the ledger tell of, by their number."""
    return after({}, records)


def after(known: Mapping[str, Inquiry], records: Iterable[Record]) -> dict[str, Inquiry]:
    """What is known, with what further records tell. A record that cannot be read tells nothing."""
    found = dict(known)
    for record in records:
        if record.draft.kind != "inquiry" or record.draft.outcome not in EVENTS:
            continue
        before = found.get(record.draft.slot)
        now = _asked(record) if before is None else _next(before, record)
        if now is not None:
            found[record.draft.slot] = now
    return found


def _asked(record: Record) -> Inquiry | None:
    draft, body = record.draft, record.draft.body
    if draft.outcome != "asked":
        return None
    kind, offered = body.get("kind"), body.get("offered", ())
    return Inquiry(
        key=draft.slot,
        question=str(body.get("question", "")),
        lang=_lang(body.get("lang")),
        asker=_actor(record),
        channel=draft.channel,
        asked_at=record.recorded_at,
        beneficiary=draft.beneficiary,
        kind=kind if kind in {"answer", "candidates"} else "unknown",
        confidence=float(body.get("confidence", 0)),
        method=str(body.get("method", "")),
        index=str(body.get("index", "")),
        offered=tuple(
            Offered(entry=str(one["entry"]), lang=_lang(one.get("lang")), confidence=float(one.get("confidence", 0)))
            for one in offered
        ),
        masked=tuple(map(str, body.get("masked", ()))),
    )


def _next(one: Inquiry, record: Record) -> Inquiry:
    draft, body, at = record.draft, record.draft.body, record.recorded_at
    match draft.outcome:
        case "solved" | "not_solved":
            vote = cast("Vote", draft.outcome)
            return replace(one, vote=vote, votes=one.votes + 1, voted_entry=str(body.get("entry", "")), voted_at=at)
        case "handed_over" if one.handed_at is None:
            return replace(one, to=str(body.get("to", "")), details=str(body.get("details", "")), handed_at=at)
        case "replied" if one.replied_at is None:
            reply, entry = str(body.get("reply", "")), str(body.get("entry", ""))
            told = {"reply": reply, "reply_entry": entry, "replied_by": draft.actor, "replied_at": at}
            return replace(one, **told, seconds=draft.human_seconds)  # type: ignore[arg-type]
        case "proposed":
            kind = "phrasing" if body.get("as") == "phrasing" else "entry"
            names = {name: str(body.get(name, "")) for name in ("entry", "topic", "owner")}
            return replace(one, proposal=Proposal(kind=kind, by=draft.actor, **names))  # type: ignore[arg-type]
        case "accepted" | "declined" if one.proposal is not None:
            return replace(one, proposal=replace(one.proposal, state=cast("Any", draft.outcome)))
        case _:
            return one


def _actor(record: Record) -> Actor:
    draft = record.draft
    account = str(draft.body.get("account", ""))[:200]
    return Actor(name=draft.actor or "-", kind=draft.actor_kind, assurance=draft.assurance, account=account)


def _lang(value: object) -> Lang:
    return next((lang for lang in LANGUAGES if lang == value), LANGUAGES[0])
