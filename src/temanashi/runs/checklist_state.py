"""A checklist as its deeds tell it: which line is done and confirmed by whom, and who is on it. Pure; no database, no clock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from temanashi.people import Actor
from temanashi.runbooks.steps.manual import LineTerms
from temanashi.text.local import LocalText

__all__ = ["Checklist", "Deed", "HandOver", "Line", "LineState", "Verb", "fold"]

Verb = Literal[
    "begin",  # somebody starts to work on it
    "take_over",  # a colleague goes on with it
    "tick",  # a line is done
    "untick",  # it is not done after all
    "save",  # a value or a note of a line, without a tick
    "not_applicable",  # a line does not apply this time; the note says why
    "confirm",  # a second person confirms a line
    "heartbeat",  # the page's sign of life
    "minutes",  # a person corrects the measured minutes of their own
]
LineState = Literal["open", "done", "not_applicable"]


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it was when the checklist was opened; `number` from 1."""

    number: int
    step: str
    iteration: int
    text: LocalText
    terms: LineTerms


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody did, in the order of `seq` (from 1); `line` is None where it concerns the whole checklist."""

    seq: int
    verb: Verb
    actor: Actor
    at: datetime
    line: int | None = None
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HandOver:
    """Somebody went on with what somebody else had begun."""

    by: str
    after: str
    at: datetime


@dataclass(slots=True)
class LineNow:
    """Where a line stands. `seen` is the number of the last deed on it: a page that shows an older one is stale."""

    line: Line
    state: LineState = "open"
    value: str | int | float | None = None
    note: str = ""
    by: Actor | None = None
    at: datetime | None = None
    confirmed_by: Actor | None = None
    confirmed_at: datetime | None = None
    seen: int = 0

    @property
    def settled(self) -> bool:
        """Done or not applicable, and confirmed where that is asked for."""
        return self.state != "open" and not self.wants_confirmation

    @property
    def wants_confirmation(self) -> bool:
        """Done, and waiting for a second person."""
        return self.state != "open" and bool(self.line.terms.confirm) and self.confirmed_by is None


@dataclass(slots=True)
class Checklist:
    """Where a checklist stands: its lines in order, who is on it, who began, and the minutes that people corrected (seconds)."""

    lines: tuple[LineNow, ...]
    holder: Actor | None = None
    started_by: Actor | None = None
    started_at: datetime | None = None
    hand_overs: list[HandOver] = field(default_factory=list)
    entered: dict[str, int] = field(default_factory=dict)
    deeds: tuple[Deed, ...] = ()

    @property
    def done(self) -> int:
        """Lines that need nothing more."""
        return sum(line.settled for line in self.lines)

    def line(self, number: int) -> LineNow | None:
        """The line with a number."""
        return next((line for line in self.lines if line.line.number == number), None)


def fold(lines: Sequence[Line], deeds: Iterable[Deed]) -> Checklist:
    """The checklist after these deeds, in the order of their numbers."""
    ordered = tuple(sorted(deeds, key=lambda deed: deed.seq))
    now = Checklist(lines=tuple(LineNow(line) for line in lines), deeds=ordered)
    for deed in ordered:
        if deed.line is None:
            _whole(now, deed)
        elif (line := now.line(deed.line)) is not None:
            line.seen = deed.seq
            _on_line(line, deed)
    return now


def _whole(now: Checklist, deed: Deed) -> None:
    if deed.verb == "begin":
        now.holder, now.started_by, now.started_at = deed.actor, now.started_by or deed.actor, now.started_at or deed.at
    elif deed.verb == "take_over":
        now.hand_overs.append(HandOver(deed.actor.name, now.holder.name if now.holder else "", deed.at))
        now.holder = deed.actor
    elif deed.verb == "minutes":
        now.entered[deed.actor.name] = int(deed.data["seconds"])


def _on_line(line: LineNow, deed: Deed) -> None:
    if deed.verb == "confirm":
        line.confirmed_by, line.confirmed_at = deed.actor, deed.at
        return
    # Whatever else happens to a line, it is no longer what a second person confirmed.
    line.confirmed_by = line.confirmed_at = None
    line.value = deed.data.get("value", line.value)
    line.note = str(deed.data.get("note", line.note))
    if deed.verb in {"tick", "not_applicable"}:
        line.state, line.by, line.at = "done" if deed.verb == "tick" else "not_applicable", deed.actor, deed.at
        if deed.verb == "not_applicable":
            line.value = None
    elif deed.verb == "untick":
        line.state, line.by, line.at = "open", None, None
