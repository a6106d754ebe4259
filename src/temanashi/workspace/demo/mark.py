"""The first record of a ledger of made-up data says that it is one; nothing else makes a ledger a sample."""

from __future__ import annotations

from sqlalchemy import Connection

from temanashi.ledger.ledger import Ledger
from temanashi.ledger.records import Draft
from temanashi.people import Actor

__all__ = ["is_sample", "marking"]

STEP, OUTCOME = "demo", "sample"


def marking(seed: int, actor: Actor) -> Draft:
    """The record with which such a ledger begins."""
    said = "見本 SAMPLE: every record of this ledger is made up (tema demo)"
    return Draft(
        kind="noted", step=STEP, outcome=OUTCOME, actor=actor.name, actor_kind=actor.kind, reason=said, body={"seed": seed}
    )


def is_sample(ledger: Ledger, connection: Connection) -> bool:
    """Whether a ledger began as a sample."""
    first = ledger.get(connection, 1)
    return first is not None and (first.draft.kind, first.draft.step, first.draft.outcome) == ("noted", STEP, OUTCOME)
