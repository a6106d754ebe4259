"""Demand: the occasions on which a person would have acted. Recorded or laid down by a calendar, never inferred from runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

from temanashi.calendars import Month, day_of
from temanashi.errors import InputError
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
    "registered",
]

Recorder = Literal["requests", "alerts", "tickets", "tally", "hand"]
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
    register = Register()
    for record in sorted((r for r in records if r.draft.kind == "demand"), key=lambda r: r.seq):
        draft = record.draft
        if draft.outcome == "cancelled":
            if draft.reason.strip():
                why = Cancelled(draft.reason, draft.actor, record.recorded_at, record.seq)
                register.cancelled.setdefault((draft.task, draft.slot), why)
            continue
        register.requested.setdefault(draft.task, {}).setdefault(draft.slot, _occasion(record, zone))
    return register


def _occasion(record: Record, zone: ZoneInfo) -> Requested:
    draft = record.draft
    targets = draft.body.get("targets", 0)
    # Records of requests did not always name their source.
    source = draft.body.get("source") or ("requests" if draft.body.get("basis") == "request" else "hand")
    return Requested(
        task=draft.task,
        slot=draft.slot,
        day=_written_day(draft.body.get("day")) or day_of(record.recorded_at, zone),
        targets=targets if isinstance(targets, int) and targets > 0 else 0,
        source=next((known for known in RECORDERS if known == source), "hand"),
        by=draft.actor,
        at=record.recorded_at,
        seq=record.seq,
        ticket=draft.ticket,
        beneficiary=draft.beneficiary,
    )


def _written_day(text: object) -> date | None:
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
