"""The record of a checklist that ended: one `decision` with every line, who did and confirmed it, and everybody's time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from sqlalchemy import Connection, update

from temanashi.canonical import canonical_json, digest_of
from temanashi.people import Actor, Channel
from temanashi.runs.active_time import whole_seconds
from temanashi.runs.checklist_faults import NoteTooLong
from temanashi.runs.checklist_samples import sample_of, time_of
from temanashi.runs.checklist_state import Checklist, LineNow
from temanashi.runs.checklists import NOTE_LENGTH
from temanashi.runs.engine import Engine
from temanashi.runs.journal import draft_of
from temanashi.runs.signatures import signed_body
from temanashi.runs.tables import WAITS
from temanashi.text.local import phrase

__all__ = ["Closing", "End", "Spent", "proposed_seconds", "spent_on"]

End = Literal["done", "refused", "expired", "cancelled"]


@dataclass(frozen=True, kw_only=True)
class Spent:
    """One person's time in seconds: as measured, as they corrected it (None: not), and what the idle cap took off."""

    name: str
    measured: int
    entered: int | None
    idle: int

    @property
    def seconds(self) -> int:
        """What counts."""
        return self.measured if self.entered is None else self.entered


def spent_on(now: Checklist) -> tuple[Spent, ...]:
    """Everybody's time, in order of name."""
    times = time_of(now)
    return tuple(
        Spent(
            name=name,
            measured=whole_seconds(times[name].worked) if name in times else 0,
            entered=now.entered.get(name),
            idle=whole_seconds(times[name].idle) if name in times else 0,
        )
        for name in sorted({*times, *now.entered})
    )


def proposed_seconds(line: LineNow) -> int:
    """What the runbook says that the line takes."""
    return round((line.line.terms.minutes or 0) * 60)


@dataclass(frozen=True)
class Closing:
    """One checklist at its end."""

    engine: Engine
    connection: Connection
    row: Any
    step: str
    found: Checklist

    def write(
        self, verdict: End, *, actor: Actor, channel: Channel, note: str, default: int = 0, whole: bool = False
    ) -> dict[str, Any]:
        """The wait's decision, which the run takes over (returned), and the record.

        `default`: seconds that nobody measured or entered.
        """
        if len(note) > NOTE_LENGTH:
            raise NoteTooLong(most=NOTE_LENGTH)
        people, clean = spent_on(self.found), self.engine.redactor.text(note.strip())
        total = sum(person.seconds for person in people)
        if not total and not default and not self.found.entered and verdict == "done":
            default = sum(proposed_seconds(line) for line in self.found.lines if line.state == "done")
        lines = _told(self.found.lines, self._by_line(default))
        decision = {"verdict": verdict, "note": clean, "actor": actor.name, "human_seconds": total + default, "lines": lines}
        where = (WAITS.c.run == self.row.id) & (WAITS.c.step == self.step)
        self.connection.execute(update(WAITS).where(where).values(state=verdict, decision=canonical_json(decision)))
        confirmers = dict.fromkeys(line.confirmed_by.name for line in self.found.lines if line.confirmed_by is not None)
        body = self._body(verdict, people, clean, lines, default=default, whole=whole) | {"decided": digest_of(decision)}
        draft = draft_of(
            self.row,
            "decision",
            actor=actor,
            channel=channel,
            step=self.step,
            outcome=verdict,
            reason=clean if verdict == "refused" else "",
            approvers=tuple(confirmers),
            human_seconds=total + default,
            human_source=self._source(total, default),
            body=self._signed(verdict, actor, body),
        )
        self.engine.ledger.append(self.connection, draft)
        return decision

    def _signed(self, verdict: End, actor: Actor, body: dict[str, Any]) -> dict[str, Any]:
        """A checklist may be closed at a terminal by somebody who only says their name; who signed in is proved."""
        told: dict[str, Any] = {"run": self.row.id, "step": self.step, "outcome": verdict, "actor": actor}
        return signed_body(self.engine.signatures, **told, body=body, needed=False)

    def _source(self, total: int, default: int) -> Literal["", "timer", "entered", "default"]:
        if default:
            return "default"
        if self.found.entered:
            return "entered"
        return "timer" if total else ""

    def _by_line(self, default: int) -> dict[int, int]:
        """Seconds of each line, of everybody who worked on it; where nothing was measured, what is proposed."""
        if len(self.found.lines) == 1:
            return {1: sum(person.seconds for person in spent_on(self.found)) + default}
        sums: dict[int, timedelta] = {}
        for time in time_of(self.found).values():
            for line, spent in time.by_line.items():
                sums[line] = sums.get(line, timedelta()) + spent
        seconds = {line: whole_seconds(time) for line, time in sums.items()}
        return {
            line.line.number: seconds.get(line.line.number) or (proposed_seconds(line) if default else 0)
            for line in self.found.lines
        }

    def _body(
        self, verdict: End, people: Sequence[Spent], note: str, lines: list[dict[str, Any]], *, default: int, whole: bool
    ) -> dict[str, Any]:
        found = self.found
        sample = sample_of(found)
        why = phrase("runs.sample-whole") if whole or default else sample.refused
        if verdict != "done":
            why = phrase("runs.sample-not-done")
        body: dict[str, Any] = self.engine.redactor.value(
            {
                "wait": "manual",
                "note": note,
                "lines": [{**line, "measured": line["line"] in sample.lines and verdict == "done"} for line in lines],
                "people": [
                    {"name": p.name, "seconds_measured": p.measured, "seconds_entered": p.entered, "seconds_idle": p.idle}
                    for p in people
                ],
                "seconds_proposed": default,
                "started_by": found.started_by.name if found.started_by else "",
                "started_at": found.started_at.isoformat() if found.started_at else "",
                "hand_overs": [{"by": h.by, "after": h.after, "at": h.at.isoformat()} for h in found.hand_overs],
                "history": [_history(deed) for deed in found.deeds if deed.verb != "heartbeat"],
                "sample": {"accepted": why is None, "refused": why.model_dump() if why else None},
            }
        )
        return body


def _history(deed: Any) -> dict[str, Any]:
    said = {"seq": deed.seq, "verb": deed.verb, "by": deed.actor.name, "at": deed.at.isoformat(), "line": deed.line}
    return {name: value for name, value in said.items() if value is not None}


def _told(lines: Iterable[LineNow], seconds: Mapping[int, int]) -> list[dict[str, Any]]:
    return [
        {
            "line": now.line.number,
            "step": now.line.step,
            "iteration": now.line.iteration,
            "title": (now.line.terms.title or now.line.text).model_dump(),
            "state": now.state,
            "value": now.value,
            "unit": getattr(now.line.terms.value, "unit", ""),
            "note": now.note,
            "by": now.by.name if now.by else "",
            "assurance": now.by.assurance if now.by else "",
            "at": now.at.isoformat() if now.at else "",
            "confirmed_by": now.confirmed_by.name if now.confirmed_by else "",
            "confirmed_at": now.confirmed_at.isoformat() if now.confirmed_at else "",
            "seconds": seconds[now.line.number],
        }
        for now in lines
    ]
