"""Hours put into automation, and the roadmap, of an installation: read and written in the caller's transaction."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection

from temanashi.books import (
    Investment,
    InvestmentPart,
    RoadmapFigures,
    cancelled_investment,
    investment_of,
    new_investment,
    read_investment,
    roadmap_figures,
)
from temanashi.people import Actor, Channel
from temanashi.workspace.demanding import today_of
from temanashi.workspace.opening import Installation
from temanashi.workspace.publishing import PublishedWorkspace

__all__ = ["cancel_investment", "read_investments", "record_investment", "roadmap_now"]


def read_investments(installation: Installation, connection: Connection) -> tuple[Investment, ...]:
    """Every investment that stands."""
    return investment_of(read_investment(installation.ledger, connection))


def record_investment(
    installation: Installation,
    connection: Connection,
    published: PublishedWorkspace | None,
    recipient: str,
    part: InvestmentPart,
    hours: float,
    *,
    actor: Actor,
    day: date | None = None,
    person: str = "",
    note: str = "",
    channel: Channel = "cli",
) -> Investment:
    """Record hours put into a published runbook or the programme; raises BadHours, BadInvestmentDay and UnknownRecipient."""
    draft = new_investment(
        recipient,
        part,
        hours,
        known=sorted(published.runbooks) if published is not None else (),
        actor=actor,
        now=installation.clock.now(),
        zone=installation.settings.zone,
        day=day,
        person=person,
        note=note,
        channel=channel,
    )
    return investment_of([installation.ledger.append(connection, draft)])[0]


def cancel_investment(
    installation: Installation, connection: Connection, number: int, *, reason: str, actor: Actor, channel: Channel = "cli"
) -> Investment:
    """Record that an investment was a mistake; raises WhyCancelled and NoSuchInvestment."""
    found = read_investments(installation, connection)
    draft = cancelled_investment(number, found, reason=reason, actor=actor, channel=channel)
    installation.ledger.append(connection, draft)
    return next(one for one in found if one.number == number)


def roadmap_now(installation: Installation, connection: Connection, published: PublishedWorkspace | None) -> RoadmapFigures | None:
    """The published roadmap as it stands today; None without one."""
    if published is None or published.roadmap is None:
        return None
    return roadmap_figures(
        published.roadmap,
        today=today_of(installation),
        calendar=published.calendar,
        invested=read_investments(installation, connection),
    )
