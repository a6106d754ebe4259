"""Demand: the occasions on which a person would have acted. Recorded or laid down by a calendar, never inferred from runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from operator import itemgetter
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

from temanashi.calendars import Month, day_of
from temanashi.errors import InputError
from temanashi.ledger.demanded import Asked, asked_of
from temanashi.ledger.records import Draft, Record
from temanashi.people import Actor, Channel

__all__ = [
    "RECORDERS",
    "Cancelled",
    "NoReason",
    "Recorder",
    "Register",
    "Requested",
    "cancelled_demand",
    "new_demand",
    "register_of",
    "registered",
]

Recorder = Literal["requests", "alerts", "tickets", "tally", "inquiries", "hand"]
"""What wrote an occasion down; `hand` is a person at the terminal."""

RECORDERS: tuple[Recorder, ...] = get_args(Recorder)


class NoReason(InputError):
    """Demand is cancelled without a reason."""

    key = "books.no-reason"

    def __init__(self, task: str, slot: str) -> None:
        super().__init__(task=task, slot=slot)


@dataclass(frozen=True, slots=True)
class Requested:
    """A recorded occasion: its key (ticket, alert, request), its day, and the targets it asks for (0: as signed).

    `by` recorded it at the moment `at`, as the record `seq`.
    """

    task: str
    slot: str
    day: date
    targets: int = 0
    source: Recorder = "hand"
    by: str = ""
    at: datetime | None = None
    seq: int = 0
    ticket: str = ""
    beneficiary: str = ""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """That an occasion fell away: the reason, who said so, and when."""

    reason: str
    by: str = ""
    at: datetime | None = None
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Register:
    """Everything recorded about demand: occasions by task and key, and what was cancelled, with the reason."""

    requested: dict[str, dict[str, Requested]] = field(default_factory=dict)
    cancelled: dict[tuple[str, str], Cancelled] = field(default_factory=dict)

    def of(self, task: str, month: Month) -> list[Requested]:
        """The occasions of a task in a month, cancelled ones too, by day and key."""
        found = [unit for unit in self.requested.get(task, {}).values() if unit.day in month]
        return sorted(found, key=lambda unit: (unit.day, unit.slot))

    def find(self, task: str, slot: str) -> Requested | None:
        """A recorded occasion by its key, cancelled or not."""
        return self.requested.get(task, {}).get(slot)

    def day_of(self, task: str, slot: str) -> date | None:
        """The day of a recorded occasion."""
        unit = self.find(task, slot)
        return unit.day if unit else None


def new_demand(
    task: str,
    slot: str,
    *,
    actor: Actor,
    day: date | None = None,
    targets: int = 0,
    ticket: str = "",
    beneficiary: str = "",
    source: Recorder = "hand",
    channel: Channel = "cli",
) -> Draft:
    """A record of one occasion under its own key. The same key again is the same occasion."""
    body: dict[str, Any] = {"targets": targets, "source": source} | ({"day": day.isoformat()} if day else {})
    return Draft(
        kind="demand",
        task=task,
        slot=slot,
        actor=actor.name,
        actor_kind=actor.kind,
        assurance=actor.assurance,
        ticket=ticket,
        beneficiary=beneficiary,
        channel=channel,
        body=body,
    )


def cancelled_demand(task: str, slot: str, *, reason: str, actor: Actor, channel: Channel = "cli") -> Draft:
    """A record that an occasion, or a slot of a calendar, fell away; raises NoReason."""
    if not reason.strip():
        raise NoReason(task, slot)
    return Draft(
        kind="demand",
        task=task,
        slot=slot,
        outcome="cancelled",
        reason=reason.strip(),
        actor=actor.name,
        actor_kind=actor.kind,
        assurance=actor.assurance,
        channel=channel,
    )


def registered(records: Iterable[Record], zone: ZoneInfo) -> Register:
    """The register of demand. The first record of a key counts; days are cut in the zone; a cancellation without reason is void."""
    return register_of((asked for record in records if (asked := asked_of(record)) is not None), zone)


def register_of(asked: Iterable[Asked], zone: ZoneInfo) -> Register:
    """The register of what records of demand say, in any order."""
    register = Register()
    for each in sorted(asked, key=_SEQ):
        if each.cancelled:
            why = Cancelled(each.reason, each.actor, _moment(each.at), each.seq)
            register.cancelled.setdefault((each.task, each.slot), why)
        else:
            own = register.requested.setdefault(each.task, {})
            if each.slot not in own:
                own[each.slot] = _occasion(each, zone)
    return register


_SEQ = itemgetter(Asked._fields.index("seq"))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _moment(at: int) -> datetime:
    return _EPOCH + timedelta(microseconds=at)


def _occasion(asked: Asked, zone: ZoneInfo) -> Requested:
    at = _moment(asked.at)
    return Requested(
        task=asked.task,
        slot=asked.slot,
        day=date.fromordinal(asked.day) if asked.day else day_of(at, zone),
        targets=asked.targets,
        source=asked.source if asked.source in RECORDERS else "hand",
        by=asked.actor,
        at=at,
        seq=asked.seq,
        ticket=asked.ticket,
        beneficiary=asked.beneficiary,
    )
