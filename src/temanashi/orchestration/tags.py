"""Tags by which `tema run --submit` tells who asked, how, and for which ticket."""

from __future__ import annotations

__all__ = ["ACTOR", "CHANNEL", "TICKET"]

ACTOR, CHANNEL, TICKET = "actor:", "channel:", "ticket:"
