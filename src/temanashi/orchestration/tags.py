"""Tags by which `tema run --submit` and our form tell who asked, how, for whom, why, and so on."""

from __future__ import annotations

__all__ = ["ACTOR", "AGAIN", "BENEFICIARY", "CHANNEL", "IDENTITY", "REASON", "TICKET"]

ACTOR, BENEFICIARY, CHANNEL, REASON, TICKET = "actor:", "for:", "channel:", "reason:", "ticket:"
IDENTITY, AGAIN = "identity:", "again:"
