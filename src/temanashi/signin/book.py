"""The database, the ledger and the clock of sign-in, together; and how an event of it is recorded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection

from temanashi.clock import Clock
from temanashi.ledger.database import Database
from temanashi.ledger.ledger import Ledger
from temanashi.ledger.records import Draft
from temanashi.people import Actor, Channel

__all__ = ["Book", "Event"]

Event = Literal[
    "signed-in",
    "signed-out",
    "sign-in-failed",
    "sign-in-locked",
    "password-changed",
    "user-added",
    "user-disabled",
    "user-enabled",
    "user-unlocked",
    "sessions-ended",
    "role-asked",
    "role-given",
    "role-taken",
    "role-declined",
    "token-made",
    "token-revoked",
    "access-refused",
    "link-allowed",
    "account-linked",
]
"""What a `noted` record of sign-in says as its outcome."""


@dataclass(frozen=True, kw_only=True)
class Book:
    """What sign-in acts with."""

    database: Database
    ledger: Ledger
    clock: Clock

    def now(self) -> datetime:
        """The time now, aware, in UTC."""
        return self.clock.now()

    def note(self, connection: Connection, event: Event, *, actor: Actor, channel: Channel, reason: str = "", **body: Any) -> None:
        """Append one record, in the transaction of what it tells of."""
        draft = Draft(
            kind="noted",
            actor=actor.name,
            actor_kind=actor.kind,
            assurance=actor.assurance,
            channel=channel,
            outcome=event,
            reason=reason,
            body={name: value for name, value in {**body, "account": actor.account}.items() if value not in ("", None)},
        )
        self.ledger.append(connection, draft)
