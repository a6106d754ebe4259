"""Tags by which `tema run --submit` and our form tell who asked, how, for whom, why, and for which ticket."""

from __future__ import annotations

__all__ = ["ACTOR", "BENEFICIARY", "CHANNEL", "REASON", "TICKET"]

ACTOR, BENEFICIARY, CHANNEL, REASON, TICKET = "actor:", "for:", "channel:", "reason:", "ticket:"
