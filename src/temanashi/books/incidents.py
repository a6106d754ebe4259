"""Incidents: when one began, who knew of it, when it was over. Each is computed from its records, in whatever order they came."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

from temanashi.calendars import day_of
from temanashi.ledger.records import Draft, Record
from temanashi.people import Actor, Channel

__all__ = [
    "SOURCES",
    "AlertSeen",
    "Happening",
    "Incident",
    "IncidentSource",
    "IncidentState",
    "alert_told",
    "alerts_of",
    "incident_told",
    "incidents_of",
]

IncidentSource = Literal["alerts", "monitoring", "hand", "file", "api"]
"""What told of an incident: another system's alerts, our own checks, a person, a file, or a program."""

SOURCES: tuple[IncidentSource, ...] = get_args(IncidentSource)
IncidentState = Literal["opened", "acknowledged", "resolved", "reopened"]
STATES: frozenset[str] = frozenset(get_args(IncidentState))


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One incident. Times are None where they are not known; `over` says that it ended, whether or not it is known when.

    `day` is the day that it counts on: of its start, else of its first record. `task` is the task whose demand it is, and `owner`
    and `system` whose it is; empty where no rule knew. `flags` are words for what was odd about what was told.
    """

    key: str
    day: date
    title: str = ""
    system: str = ""
    owner: str = ""
    task: str = ""
    severity: str = ""
    source: IncidentSource = "hand"
    started: datetime | None = None
    acknowledged: datetime | None = None
    acknowledged_by: str = ""
    known: bool = False
    resolved: datetime | None = None
    over: bool = False
    flags: tuple[str, ...] = ()
    by: str = ""
    seq: int = 0

    @property
    def unassigned(self) -> bool:
        """Nobody's: an alert for which no rule names an owner."""
        return not self.owner and self.source == "alerts"

    @property
    def ack_seconds(self) -> int | None:
        """From its start until somebody knew; None where either is not known, or they contradict each other."""
        return _between(self.started, self.acknowledged)

    @property
    def resolve_seconds(self) -> int | None:
        """From its start to its end; None where either is not known, or they contradict each other."""
        return _between(self.started, self.resolved) if self.over else None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSeen:
    """Alerts that one delivery told of for the first time, by day; `truncated` is how many its sender left out so far."""

    incident: str
    days: tuple[date, ...]
    truncated: int
    system: str
    unassigned: bool


@dataclass(frozen=True, kw_only=True)
class Happening:
    """One thing to record of an incident: what, and when it happened (None: not known)."""

    key: str
    state: IncidentState
    at: datetime | None
    source: IncidentSource
    title: str = ""
    system: str = ""
    owner: str = ""
    task: str = ""
    severity: str = ""
    reason: str = ""
    flags: tuple[str, ...] = ()


def incident_told(told: Happening, *, actor: Actor, channel: Channel = "cli") -> Draft:
    """The record of what happened to an incident. Its key is that of the demand unit which it is, where it is one."""
    named = {"title": told.title, "severity": told.severity, "flags": list(told.flags)}
    body: dict[str, Any] = {"source": told.source, "at": told.at.isoformat() if told.at is not None else None}
    return Draft(
        kind="incident",
        task=told.task,
        slot=told.key,
        ticket=told.key,
        outcome=told.state,
        system=told.system,
        team=told.owner,
        reason=told.reason,
        actor=actor.name,
        actor_kind=actor.kind,
        assurance=actor.assurance,
        channel=channel,
        body=body | {name: value for name, value in named.items() if value},
    )


def alert_told(
    key: str, *, actor: Actor, began: Iterable[datetime | None], channel: Channel = "alert", truncated: int = 0, **body: Any
) -> Draft:
    """The record of a delivery of alerts that said something new about an incident: when each new alert began."""
    starts = [moment.isoformat() if moment is not None else None for moment in began]
    system, owner = body.pop("system", ""), body.pop("owner", "")
    return Draft(
        kind="alert",
        slot=key,
        ticket=key,
        system=system,
        team=owner,
        actor=actor.name,
        actor_kind=actor.kind,
        assurance=actor.assurance,
        channel=channel,
        body={"began": starts, "truncated": truncated} | body,
    )


def incidents_of(records: Iterable[Record], zone: ZoneInfo) -> dict[str, Incident]:
    """Every incident by its key, in the order of their first records; days are cut in the zone.

    Every incident is opened first, if at an unknown time. Of one whose opening is not among the records nothing can be said.
    """
    found: dict[str, Incident] = {}
    for record in sorted((r for r in records if r.draft.kind == "incident"), key=lambda r: r.seq):
        key, state = record.draft.slot, record.draft.outcome
        if state in STATES and (state == "opened" or key in found):
            fresh = Incident(key=key, day=day_of(record.recorded_at, zone), by=record.draft.actor, seq=record.seq)
            found[key] = _followed(found.get(key, fresh), record, zone)
    return found


def _followed(one: Incident, record: Record, zone: ZoneInfo) -> Incident:
    draft, body = record.draft, record.draft.body
    at = _moment(body.get("at"))
    one = replace(
        one,
        title=one.title or str(body.get("title", "")),
        system=one.system or draft.system,
        owner=one.owner or draft.team,
        task=one.task or draft.task,
        severity=one.severity or str(body.get("severity", "")),
        source=one.source if record.seq != one.seq else next((s for s in SOURCES if s == body.get("source")), "hand"),
        flags=tuple(dict.fromkeys((*one.flags, *map(str, body.get("flags", ()))))),
    )
    match draft.outcome:
        case "opened":
            # What is told late may have begun earlier than what was known.
            started = min((moment for moment in (one.started, at) if moment is not None), default=None)
            return replace(one, started=started, day=day_of(started, zone) if started is not None else one.day)
        case "acknowledged":
            if one.known and (one.acknowledged is None or at is None or at >= one.acknowledged):
                return one
            return replace(one, known=True, acknowledged=at, acknowledged_by=draft.actor)
        case "resolved":
            return replace(one, over=True, resolved=at)
        case _:
            return replace(one, over=False, resolved=None)


def alerts_of(records: Iterable[Record], zone: ZoneInfo) -> list[AlertSeen]:
    """What was told of alerts, delivery by delivery."""
    found = []
    for record in sorted((r for r in records if r.draft.kind == "alert"), key=lambda r: r.seq):
        began, cut = record.draft.body.get("began", ()), record.draft.body.get("truncated", 0)
        moments = [_moment(text) or record.recorded_at for text in began]
        found.append(
            AlertSeen(
                incident=record.draft.slot,
                days=tuple(day_of(moment, zone) for moment in moments),
                truncated=cut if isinstance(cut, int) and cut > 0 else 0,
                system=record.draft.system,
                unassigned=not record.draft.team,
            )
        )
    return found


def _between(first: datetime | None, then: datetime | None) -> int | None:
    if first is None or then is None or then < first:
        return None
    return round((then - first).total_seconds())


def _moment(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None
