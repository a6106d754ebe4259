"""What a message means beside what was told before: which alerts are new, which are over, and what that makes of incidents. Pure.

The same message again says nothing new. What is told late counts as if it had been told in time, as far as its times say so.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from temanashi.monitoring.senders.contract import Member, Told

__all__ = ["AHEAD", "Followed", "Known", "Odd", "Turn", "follow", "group_id"]

AHEAD = timedelta(minutes=5)
"""Clocks differ. A moment further ahead than this is wrong, mostly by a time zone."""

Odd = Literal["clock", "end-before-start", "no-start", "two-rules", "truncated", "not-demand"]
"""What was odd: a moment ahead of ours, an end before its start, no start at all, two rules that match, alerts that were left out,
a rule whose task takes no alerts."""

NAMED = 12
"""Hexadecimal digits of a group in the key of an incident."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An alert as it stands: the incident that it is part of, and its times as far as they are known."""

    member: str
    incident: str
    started: datetime | None = None
    ended: datetime | None = None
    over: bool = False
    acked: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Something that happened to an incident, and when (None: not known)."""

    incident: str
    state: Literal["opened", "acknowledged", "resolved", "reopened"]
    at: datetime | None


@dataclass(kw_only=True)
class Followed:
    """What a message changed: alerts to keep, turns of incidents in order, the starts of new alerts and oddities by incident.

    `incidents` are all that it is about; `repeated` counts alerts that said nothing new.
    """

    kept: list[Known] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    began: dict[str, list[datetime | None]] = field(default_factory=lambda: defaultdict(list))
    odd: dict[str, set[Odd]] = field(default_factory=lambda: defaultdict(set))
    incidents: list[str] = field(default_factory=list)
    repeated: int = 0

    @property
    def opened(self) -> list[str]:
        """Incidents that are new."""
        return list(dict.fromkeys(turn.incident for turn in self.turns if turn.state == "opened"))


@dataclass(slots=True)
class _Span:
    """An incident as its alerts tell it. `end` is None where it is open, or where the end of one of them is not known."""

    start: datetime | None = None
    end: datetime | None = None
    open: int = 0
    acked: datetime | None = None
    blind: bool = False

    def add(self, one: Known) -> None:
        self.start = min((m for m in (self.start, one.started) if m is not None), default=None)
        self.acked = min((m for m in (self.acked, one.acked) if m is not None), default=None)
        self.open += not one.over
        self.end = max((m for m in (self.end, one.ended) if m is not None), default=None)
        self.blind |= one.over and one.ended is None

    @property
    def over(self) -> bool:
        return not self.open

    @property
    def resolved(self) -> datetime | None:
        return None if self.blind or self.open else self.end

    def touches(self, start: datetime | None, end: datetime | None, gap: timedelta) -> bool:
        """Whether an alert from `start` to `end` (None: not over, or not known) belongs to it."""
        first = self.start or self.end
        if end is not None and first is not None and end < first - gap:
            return False
        last = self.end or self.start
        return bool(self.open) or start is None or (last is not None and start <= last + gap)


def group_id(told: Told) -> str:
    """The short name of a group: who sends it, and what it calls it."""
    return hashlib.sha256(f"{told.sender}\0{told.group}".encode("utf-8", "surrogatepass")).hexdigest()[:40]


def follow(known: Iterable[Known], told: Told, *, now: datetime, gap: timedelta) -> Followed:
    """What a message changes; `known` are the alerts of its group, and `now` is when it was heard."""
    return _Following(known, told, now, gap).followed()


class _Following:
    def __init__(self, known: Iterable[Known], told: Told, now: datetime, gap: timedelta) -> None:
        self._told, self._now, self._gap = told, now, gap
        self._before = {one.member: one for one in known}
        self._rows = dict(self._before)
        self._found = Followed()
        self._spans = _spans(self._rows.values())
        self._was = _spans(self._before.values())

    def followed(self) -> Followed:
        """Known alerts first: what of them is over makes way for what begins."""
        members = list(self._members())
        if self._told.sender == "pagerduty":
            for member in members:
                self._unnamed(member)
        else:
            fresh = [member for member in members if not self._again(member)]
            self._spans = _spans(self._rows.values())
            for member in sorted(fresh, key=lambda one: (one.started or self._now, one.id)):
                self._new(member)
        self._turn()
        return self._found

    def _members(self) -> Iterable[Member]:
        """Each alert once, with moments that can be."""
        once: dict[str, Member] = {}
        for member in self._told.members:
            before = once.get(member.id)
            if before is None or (before.state != "resolved" and member.state == "resolved"):
                once[member.id] = member
        return once.values()

    def _sane(self, moment: datetime | None, incident: str) -> datetime | None:
        if moment is None or moment <= self._now + AHEAD:
            return moment
        self._found.odd[incident].add("clock")
        return None

    def _row(self, member: Member, name: str, incident: str) -> Known:
        """The alert as a message tells it for the first time."""
        started, over = self._sane(member.started, incident), member.state == "resolved"
        one = Known(member=name, incident=incident, started=started, over=over, acked=self._acked(member, incident))
        if started is None:
            self._found.odd[incident].add("no-start")
        return replace(one, ended=self._end(member, one, incident)) if over else one

    def _end(self, member: Member, one: Known, incident: str) -> datetime | None:
        ended = self._sane(member.ended, incident)
        if ended is not None and one.started is not None and ended < one.started:
            self._found.odd[incident].add("end-before-start")
            return None
        return ended

    def _acked(self, member: Member, incident: str) -> datetime | None:
        return (self._sane(member.said_at, incident) or self._now) if member.state == "acknowledged" else None

    def _keep(self, one: Known) -> None:
        self._rows[one.member] = one
        self._about(one.incident)

    def _about(self, incident: str) -> None:
        if incident not in self._found.incidents:
            self._found.incidents.append(incident)

    def _again(self, member: Member) -> bool:
        """Whether the alert is known; what it says that is new is kept. What is over does not fire again under the same name."""
        one = self._rows.get(member.id)
        if one is None:
            return False
        told = one
        if one.started is None and member.started is not None:
            told = replace(told, started=self._sane(member.started, one.incident))
        if member.state == "resolved" and (not one.over or one.ended is None):
            told = replace(told, over=True, ended=self._end(member, told, one.incident))
        if member.state == "acknowledged" and one.acked is None:
            told = replace(told, acked=self._acked(member, one.incident))
        self._found.repeated += told == one
        self._keep(told)
        return True

    def _new(self, member: Member, name: str = "") -> None:
        """An alert that was not known: part of an incident that it touches, else a new one."""
        ahead = self._now + AHEAD
        start = member.started if member.started is not None and member.started <= ahead else None
        end = member.ended if member.state == "resolved" and member.ended is not None and member.ended <= ahead else None
        incident = self._touched(start, end) or self._named(start, end)
        row = self._row(member, name or member.id, incident)
        self._keep(row)
        self._spans.setdefault(incident, _Span()).add(row)
        self._found.began[incident].append(row.started)

    def _touched(self, start: datetime | None, end: datetime | None) -> str:
        fits = [key for key, span in self._spans.items() if span.touches(start, end, self._gap)]
        return max(
            fits, key=lambda key: (self._spans[key].open > 0, str(self._spans[key].start or self._spans[key].end), key), default=""
        )

    def _named(self, start: datetime | None, end: datetime | None) -> str:
        mark, moment = ("", start) if start is not None else ("u", end or self._now)
        return f"alert-{group_id(self._told)[:NAMED]}-{mark}{moment:%Y%m%dT%H%M%SZ}"

    def _unnamed(self, member: Member) -> None:
        """A sender that has one name for all alerts of a group: which one it means, their order tells."""
        rows = list(self._rows.values())
        live = next((one for one in rows if not one.over), None)
        meant = live or max(rows, key=lambda one: str(one.ended or one.started or ""), default=None)
        if member.state == "firing":
            self._triggered(replace(member, started=member.started or self._now), meant, dated=member.started is not None)
        elif meant is None:
            self._new(self._ending(member), self._mark(member))
        elif member.state == "resolved":
            told = meant if meant.over else replace(meant, over=True, ended=self._end(self._ending(member), meant, meant.incident))
            self._said(meant, told)
        else:
            self._said(meant, meant if meant.acked is not None else replace(meant, acked=self._acked(member, meant.incident)))

    def _ending(self, member: Member) -> Member:
        return replace(member, ended=member.ended or self._now) if member.state == "resolved" else member

    def _triggered(self, member: Member, meant: Known | None, *, dated: bool) -> None:
        """A trigger while it is open is a repetition; one from before its end was late; what comes after that is another alert."""
        at = self._sane(member.started, meant.incident) if meant is not None else None
        if meant is None or (meant.over and at is not None and self._after(meant, at, dated=dated)):
            self._new(member, self._mark(member))
        elif dated and at is not None and (meant.started is None or (not meant.over and at < meant.started)):
            self._said(meant, replace(meant, started=at))
        else:
            self._said(meant, meant)

    def _after(self, meant: Known, at: datetime, *, dated: bool) -> bool:
        """Whether a trigger came after an alert was over. Without a time of its own it may be the one whose end was told first."""
        if meant.ended is None:
            return meant.started is None or at > meant.started
        orphan = meant.started is None and not dated
        return at > meant.ended + (self._gap if orphan else timedelta(0))

    def _said(self, before: Known, told: Known) -> None:
        self._found.repeated += told == before
        self._keep(told)

    def _mark(self, member: Member) -> str:
        """A name for what has none; two of one second are one."""
        return f"{member.state}@{(member.started or member.ended or member.said_at or self._now).isoformat()}"

    def _turn(self) -> None:
        """What became of each incident that the message is about."""
        self._found.kept = [one for name, one in self._rows.items() if self._before.get(name) != one]
        after = _spans(self._rows.values())
        for incident in self._found.incidents:
            was, now = self._was.get(incident), after[incident]
            for state, at in _turns(was, now):
                self._found.turns.append(Turn(incident=incident, state=state, at=at))


def _turns(
    was: _Span | None, now: _Span
) -> Iterable[tuple[Literal["opened", "acknowledged", "resolved", "reopened"], datetime | None]]:
    if was is None or (now.start is not None and now.start != was.start):
        yield "opened", now.start
    if now.acked is not None and (was is None or was.acked is None):
        yield "acknowledged", now.acked
    if was is not None and was.over and not now.over:
        yield "reopened", None
    if now.over and (was is None or not was.over or was.resolved != now.resolved):
        yield "resolved", now.resolved


def _spans(rows: Iterable[Known]) -> dict[str, _Span]:
    found: dict[str, _Span] = {}
    for one in rows:
        found.setdefault(one.incident, _Span()).add(one)
    return found
