"""Demand: the occasions on which a person would have acted. Recorded or laid down by a calendar, never inferred from runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo

from temanashi.calendars import Month, day_of
from temanashi.errors import InputError
from temanashi.ledger.records import Draft, Record
from temanashi.people import Actor, Channel

__all__ = ["NoReason", "Register", "Requested", "cancelled_demand", "new_demand", "registered"]


class NoReason(InputError):
    """Demand is cancelled without a reason."""

    key = "books.no-reason"

    def __init__(self, task: str, slot: str) -> None:
        super().__init__(task=task, slot=slot)


@dataclass(frozen=True, slots=True)
class Requested:
    """A recorded occasion: its key (ticket, alert, request), its day, and the targets it asks for (0: as signed)."""

    task: str
    slot: str
    day: date
    targets: int = 0


@dataclass(frozen=True, slots=True)
class Register:
    """Everything recorded about demand: occasions by task and key, and what was cancelled, with the reason."""

    requested: dict[str, dict[str, Requested]] = field(default_factory=dict)
    cancelled: dict[tuple[str, str], str] = field(default_factory=dict)

    def of(self, task: str, month: Month) -> list[Requested]:
        """The occasions of a task in a month, cancelled ones too, by day and key."""
        found = [unit for unit in self.requested.get(task, {}).values() if unit.day in month]
        return sorted(found, key=lambda unit: (unit.day, unit.slot))

    def day_of(self, task: str, slot: str) -> date | None:
        """The day of a recorded occasion."""
        unit = self.requested.get(task, {}).get(slot)
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
    channel: Channel = "cli",
) -> Draft:
    """A record of one occasion under its own key. The same key again is the same occasion."""
    body = {"targets": targets} | ({"day": day.isoformat()} if day else {})
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
                register.cancelled.setdefault((draft.task, draft.slot), draft.reason)
            continue
        day = _written_day(draft.body.get("day")) or day_of(record.recorded_at, zone)
        targets = draft.body.get("targets", 0)
        unit = Requested(draft.task, draft.slot, day, targets if isinstance(targets, int) and targets > 0 else 0)
        register.requested.setdefault(draft.task, {}).setdefault(draft.slot, unit)
    return register


def _written_day(text: object) -> date | None:
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
