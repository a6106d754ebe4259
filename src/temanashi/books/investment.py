"""Investment: the hours that building and keeping up automation took, as `investment` records, and when they came back."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from fractions import Fraction
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from temanashi.books.tasks import Frozen
from temanashi.calendars import Month, day_of
from temanashi.errors import InputError
from temanashi.ledger.records import Draft, Record
from temanashi.people import Actor, Assurance, Channel
from temanashi.problems import suggestion
from temanashi.toil import Invested, Payback, payback

__all__ = [
    "PROGRAMME",
    "BadHours",
    "BadInvestmentDay",
    "Investment",
    "InvestmentPart",
    "NoSuchInvestment",
    "Spent",
    "UnknownRecipient",
    "WhyCancelled",
    "cancelled_investment",
    "invested_by_month",
    "investment_of",
    "new_investment",
    "payback_of",
]

PROGRAMME = "programme"
"""What stands for a runbook where the cost is shared by all: the framework itself, training, servers."""

InvestmentPart = Literal["build", "upkeep"]
MOST_SECONDS = 10_000 * 3600
EARLIEST = date(2000, 1, 1)
LONGEST_NOTE = 500


class BadHours(InputError):
    """Hours of an investment that cannot be: not a number, none, negative, or more than ten thousand."""

    key = "improvement.bad-hours"

    def __init__(self, hours: object) -> None:
        super().__init__(hours=str(hours))


class BadInvestmentDay(InputError):
    """A day of an investment that has not come yet, or is long gone."""

    key = "improvement.bad-day"

    def __init__(self, day: date, today: date) -> None:
        super().__init__(day=day.isoformat(), today=today.isoformat())


class UnknownRecipient(InputError):
    """Neither a published runbook nor the programme."""

    key = "improvement.unknown-runbook"

    def __init__(self, name: str, *, known: Collection[str]) -> None:
        super().__init__(name=name, close=suggestion(name, [*known, PROGRAMME]) or PROGRAMME)


class NoSuchInvestment(InputError):
    """No recorded investment has this number, or it was cancelled already."""

    key = "improvement.no-such"

    def __init__(self, number: int) -> None:
        super().__init__(number=number)


class WhyCancelled(InputError):
    """An investment is cancelled without a reason."""

    key = "improvement.no-reason"

    def __init__(self, number: int) -> None:
        super().__init__(number=number)


class _Terms(Frozen):
    """The body of an `investment` record."""

    recipient: str
    part: InvestmentPart
    seconds: int
    day: date
    person: str = ""
    note: str = ""


class Investment(Frozen):
    """Seconds that somebody spent on a runbook, or on the programme, on a day; `number` is its record's place in the ledger."""

    number: int
    recipient: str
    part: InvestmentPart
    seconds: int
    day: date
    person: str
    note: str = ""
    recorded_by: str
    recorded_at: datetime
    assurance: Assurance = "asserted"

    @property
    def shared(self) -> bool:
        """Whether it belongs to the programme as a whole."""
        return self.recipient == PROGRAMME


def new_investment(
    recipient: str,
    part: InvestmentPart,
    hours: float,
    *,
    known: Collection[str],
    actor: Actor,
    now: datetime,
    zone: ZoneInfo,
    day: date | None = None,
    person: str = "",
    note: str = "",
    channel: Channel = "cli",
) -> Draft:
    """A record of hours put into a runbook (one of `known`) or into the programme.

    `person` is who spent them, the actor by default. Raises BadHours, BadInvestmentDay and UnknownRecipient.
    """
    today = day_of(now, zone)
    on = day or today
    if recipient != PROGRAMME and recipient not in known:
        raise UnknownRecipient(recipient, known=known)
    if not math.isfinite(hours) or not 0 < hours * 3600 <= MOST_SECONDS:
        raise BadHours(hours)
    if not EARLIEST <= on <= today:
        raise BadInvestmentDay(on, today)
    terms = _Terms(
        recipient=recipient,
        part=part,
        seconds=max(1, math.floor(Fraction(str(hours)) * 3600 + Fraction(1, 2))),
        day=on,
        person=" ".join(person.split())[:200] or actor.name,
        note=" ".join(note.split())[:LONGEST_NOTE],
    )
    return Draft(
        kind="investment",
        runbook="" if recipient == PROGRAMME else recipient,
        actor=actor.name,
        actor_kind=actor.kind,
        assurance=actor.assurance,
        channel=channel,
        reason=terms.note,
        body=terms.model_dump(mode="json"),
    )


def cancelled_investment(number: int, found: Iterable[Investment], *, reason: str, actor: Actor, channel: Channel = "cli") -> Draft:
    """A record that an investment was entered by mistake; raises WhyCancelled and NoSuchInvestment."""
    if not reason.strip():
        raise WhyCancelled(number)
    one = next((one for one in found if one.number == number), None)
    if one is None:
        raise NoSuchInvestment(number)
    return Draft(
        kind="investment",
        outcome="cancelled",
        runbook="" if one.shared else one.recipient,
        actor=actor.name,
        actor_kind=actor.kind,
        assurance=actor.assurance,
        channel=channel,
        reason=" ".join(reason.split())[:LONGEST_NOTE],
        body={"cancels": number},
    )


def investment_of(records: Iterable[Record]) -> tuple[Investment, ...]:
    """Every investment that stands, by day and number; records of other kinds are passed over, cancelled ones left out."""
    own = list({r.seq: r for r in records if r.draft.kind == "investment"}.values())
    gone = {r.draft.body.get("cancels") for r in own if r.draft.outcome == "cancelled"}
    found = [_read(r) for r in own if r.draft.outcome != "cancelled" and r.seq not in gone]
    return tuple(sorted((one for one in found if one is not None), key=lambda one: (one.day, one.number)))


def _read(record: Record) -> Investment | None:
    try:
        terms = _Terms.model_validate(record.draft.body)
    except ValidationError:  # of a newer program: what cannot be read is not counted
        return None
    return Investment(
        number=record.seq,
        **terms.model_dump(),
        recorded_by=record.draft.actor,
        recorded_at=record.recorded_at,
        assurance=record.draft.assurance,
    )


class Spent(NamedTuple):
    """Seconds of a month that went into building and into upkeep."""

    build: int = 0
    upkeep: int = 0

    @property
    def whole(self) -> int:
        """Both together."""
        return self.build + self.upkeep


def invested_by_month(found: Iterable[Investment], *, recipient: str | None = None) -> dict[Month, Spent]:
    """Seconds by month, in order; of one runbook or of the programme where `recipient` says so."""
    sums: dict[Month, Spent] = {}
    for one in sorted(found, key=lambda one: one.day):
        if recipient is None or one.recipient == recipient:
            before = sums.get(Month.of(one.day), Spent())
            more = Spent(one.seconds, 0) if one.part == "build" else Spent(0, one.seconds)
            sums[Month.of(one.day)] = Spent(before.build + more.build, before.upkeep + more.upkeep)
    return sums


def payback_of(net: Mapping[Month, int], spent: Mapping[Month, Spent]) -> Payback:
    """When the hours came back; `net` is what each month's automation gave less people's time, in seconds.

    A month between the first and the last that neither names gave and took nothing.
    """
    named = {*net, *spent}
    if not named:
        return payback(())
    first, last = min(named), max(named)
    span = (last.year - first.year) * 12 + last.month - first.month
    months = [first.shift(n) for n in range(span + 1)]
    return payback(
        [
            Invested(month, net_operating=net.get(month, 0), maintenance=own.upkeep, investment=own.build)
            for month in months
            for own in (spent.get(month, Spent()),)
        ]
    )
