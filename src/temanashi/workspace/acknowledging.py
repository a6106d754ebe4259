"""Acknowledging from a terminal or a page: what a person names and until when, and word to those who were alerted."""

from __future__ import annotations

from temanashi.monitoring.acknowledging import Acknowledgement, acknowledge, problems_named, withdraw
from temanashi.people import Actor, Channel
from temanashi.text import Phrase
from temanashi.workspace.checking import settle
from temanashi.workspace.holding import until_from
from temanashi.workspace.opening import Installation

__all__ = ["acknowledge_named", "withdraw_named"]


def acknowledge_named(
    installation: Installation, name: str, *, until: str, reason: str, actor: Actor, channel: Channel
) -> tuple[list[Acknowledgement], list[Phrase]]:
    """Acknowledge a problem, an outage or RUN/CHECK; what was made, and what went wrong with telling.

    Raises BadUntil, NoSuchProblem and AckNotAhead.
    """
    end = until_from(until, now=installation.clock.now(), zone=installation.settings.zone)
    with installation.database.transaction() as connection:
        made = acknowledge(
            connection,
            installation.ledger,
            problems_named(connection, name),
            until=end,
            reason=reason,
            actor=actor,
            channel=channel,
            clock=installation.clock,
        )
    return made, settle(installation).failures


def withdraw_named(
    installation: Installation, name: str, *, reason: str, actor: Actor, channel: Channel
) -> tuple[int, list[Phrase]]:
    """Take acknowledgements back; how many there were, and what went wrong with telling. Raises NoSuchProblem."""
    with installation.database.transaction() as connection:
        found = problems_named(connection, name)
        count = withdraw(
            connection, installation.ledger, found, reason=reason, actor=actor, channel=channel, clock=installation.clock
        )
    return count, settle(installation).failures
