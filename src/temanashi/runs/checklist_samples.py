"""Whether a worked-through checklist measured how long the work takes by hand, and how long each line took. Pure arithmetic.

A sample is evidence: five of them within twelve months make a baseline's grade A. So it has to be a measurement. What it measures
are the pauses before the ticks; whoever works first and ticks everything at the end leaves no such pauses, and with the idle cap
most of the work is not seen at all. A line counts as *hurried* when its tick comes less than HURRIED_SECONDS after the same
person's previous tick or start, or less than that before their next tick: in that time nobody reads a line and does it, and of a
burst of ticks not even the first one's pause is its own. A checklist is no sample

- when its minutes were entered by hand, or it was answered as a whole: that is what a person says, not a measurement;
- when somebody ticked before they had started: what they did before is not known;
- when more than half of its done lines are hurried: everything was ticked at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise

from temanashi.runs.active_time import IDLE_SECONDS, Active, Moment, active_time
from temanashi.runs.checklist_state import Checklist, Deed
from temanashi.text.local import Phrase, phrase

__all__ = ["HURRIED_SECONDS", "Sample", "moments_of", "sample_of", "time_of"]

HURRIED_SECONDS = 5

_STARTS = frozenset({"begin", "take_over"})


@dataclass(frozen=True, slots=True)
class Sample:
    """`refused` says why it is none; `lines` are those whose own time was measured."""

    refused: Phrase | None
    lines: frozenset[int] = field(default_factory=frozenset)


def moments_of(now: Checklist, *, idle_seconds: int = IDLE_SECONDS) -> list[Moment]:
    """The moments of a checklist's deeds; a line may have a cap of its own."""
    caps = {line.line.number: line.line.terms.idle_seconds or idle_seconds for line in now.lines}
    return [
        Moment(deed.actor.name, deed.at, deed.line, caps.get(deed.line or 0, idle_seconds), fresh=deed.verb in _STARTS)
        for deed in now.deeds
        if deed.verb != "minutes" and not deed.data.get("whole")  # neither is work that the page saw
    ]


def time_of(now: Checklist, *, idle_seconds: int = IDLE_SECONDS) -> Mapping[str, Active]:
    """Every person's measured time."""
    return active_time(moments_of(now, idle_seconds=idle_seconds))


def sample_of(now: Checklist) -> Sample:
    """What a checklist that was worked through measured."""
    done = {line.line.number for line in now.lines if line.state == "done"}
    unstarted = {name for name, deeds in _by_person(now).items() if deeds[0].verb not in _STARTS or deeds[0].data.get("implied")}
    hurried = _hurried(now)
    blind = hurried | {line.line.number for line in now.lines if line.by is not None and line.by.name in unstarted}
    measured = frozenset(done - blind)
    if now.entered:
        return Sample(phrase("runs.sample-entered", names=sorted(now.entered)), measured)
    if now.started_at is None or any(line.by is not None and line.by.name in unstarted for line in now.lines):
        return Sample(phrase("runs.sample-not-started"), measured)
    if len(hurried) * 2 > len(done):
        return Sample(phrase("runs.sample-at-once", lines=len(hurried), total=len(done), seconds=HURRIED_SECONDS), measured)
    return Sample(None, measured)


def _by_person(now: Checklist) -> dict[str, list[Deed]]:
    own: dict[str, list[Deed]] = {}
    for deed in sorted(now.deeds, key=lambda deed: (deed.at, deed.seq)):
        if deed.verb not in {"minutes", "confirm"}:
            own.setdefault(deed.actor.name, []).append(deed)
    return own


def _hurried(now: Checklist) -> set[int]:
    """Done lines whose final tick stands too close to another tick, or to the start, of the same person."""
    final = {line.line.number: line.at for line in now.lines if line.state == "done"}
    found: set[int] = set()
    for deeds in _by_person(now).values():
        chain = [deed for deed in deeds if deed.verb in _STARTS or (deed.verb == "tick" and final.get(deed.line or 0) == deed.at)]
        for before, after in pairwise(chain):
            if after.verb == "tick" and after.at - before.at < timedelta(seconds=HURRIED_SECONDS):
                found |= {number for number in (before.line, after.line) if number is not None}
    return found
