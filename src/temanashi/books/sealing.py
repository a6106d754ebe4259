"""What two people must do before something counts, as records say it: who each of them is, and whether the gate signed it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from temanashi.books.closing_faults import CloserNotAPerson, TextTooLong
from temanashi.ledger.records import Draft, Kind, Record
from temanashi.people import Actor, Channel, People
from temanashi.runs.signatures import Signatures, signed_body

__all__ = ["TEXT_LENGTH", "Hand", "Proof", "signed_draft"]

TEXT_LENGTH = 2000


@dataclass(frozen=True, kw_only=True)
class Hand:
    """Somebody who acts on a month: who they are, from where, and what signs it (None: nobody signs in here)."""

    actor: Actor
    channel: Channel
    people: People
    signatures: Signatures | None = None

    @property
    def identities(self) -> frozenset[str]:
        """Everybody who acts when this actor does."""
        return self.people.identities(self.actor)


@dataclass(frozen=True, kw_only=True)
class Proof:
    """How records are believed: whose signature counts (None: none is asked for), and which names are one person."""

    signatures: Signatures | None = None
    people: People = field(default_factory=People)

    def holds(self, record: Record, *, about: str, step: str) -> bool:
        """Whether a person wrote this, and the gate signed it where people sign in."""
        draft = record.draft
        if draft.actor_kind != "person":
            return False
        return self.signatures is None or self.signatures.prove(about, step, draft.outcome, draft.actor, draft.body)

    def identities(self, record: Record) -> frozenset[str]:
        """Who a record's author is: as was written down then, and as the name is known now."""
        told = record.draft.body.get("identities")
        then = (each for each in told if isinstance(each, str)) if isinstance(told, list) else ()
        return frozenset({*then, self.people.identity(record.draft.actor)})

    def two_people(self, first: Record, second: Record) -> bool:
        """Whether two records are of different persons."""
        return not self.identities(first) & self.identities(second)


def signed_draft(
    kind: Kind, hand: Hand, *, about: str, step: str, outcome: str, body: Mapping[str, Any], reason: str = "", **more: Any
) -> Draft:
    """A record by a person, signed where people sign in. Raises CloserNotAPerson, TextTooLong, NotVerified and CannotSign."""
    if hand.actor.kind != "person":
        raise CloserNotAPerson(hand.actor.name)
    if len(reason) > TEXT_LENGTH:
        raise TextTooLong(TEXT_LENGTH)
    known = hand.people.known(hand.actor)
    told = {**body, "identities": sorted(hand.identities), "account": hand.actor.account}
    return Draft(
        kind=kind,
        actor=known.name,
        actor_kind=known.kind,
        assurance=known.assurance,
        channel=hand.channel,
        outcome=outcome,
        step=step,
        reason=reason,
        body=signed_body(hand.signatures, run=about, step=step, outcome=outcome, actor=known, body=told),
        **more,
    )
