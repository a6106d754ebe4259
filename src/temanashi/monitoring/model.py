"""What monitoring remembers of a check: its last result, how long it has been so, and the problem that it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from temanashi.changes import Verdict
from temanashi.text.local import LocalText, Phrase

__all__ = ["BAD", "MEASURED", "CheckState", "Key", "Problem", "Result", "worse"]

MEASURED = frozenset({Verdict.OK, Verdict.WARNING, Verdict.CRITICAL, Verdict.UNKNOWN})
"""Verdicts that move a state; SKIPPED and PENDING say nothing about it."""

BAD = MEASURED - {Verdict.OK}


class Key(NamedTuple):
    """One check on one target. `item` is the iteration of a step with `for_each`."""

    runbook: str
    step: str
    name: str
    target: str
    item: int = 0

    def __str__(self) -> str:
        """`morning/machine/disk@web1`."""
        place = f"{self.runbook}/{self.step}/{self.name}@{self.target}"
        return f"{place}#{self.item}" if self.item else place


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a finished run says of a check. `value` and `unit` are those of its first metric."""

    key: Key
    kind: str
    verdict: Verdict
    reason: Phrase
    at: datetime
    run: str
    title: LocalText | None = None
    owner: str = ""
    hard_after: int = 1
    seconds: float = 0.0
    value: float | None = None
    unit: str = ""


@dataclass(frozen=True, kw_only=True)
class CheckState:
    """A check as it stands. `verdict`, `reason`, `run` and `at` are those of the last result, SKIPPED and PENDING included.

    `measured` is the last verdict that says something, `since` when it became that, `previous` what it was before, `attempts` how
    many runs in a row found it wrong, and `problem` the id of the open problem (empty: none).
    """

    key: Key
    kind: str
    verdict: Verdict
    reason: Phrase
    at: datetime
    run: str
    title: LocalText | None = None
    owner: str = ""
    measured: Verdict | None = None
    measured_at: datetime | None = None
    since: datetime | None = None
    ok_at: datetime | None = None
    previous: Verdict | None = None
    changed_at: datetime | None = None
    attempts: int = 0
    slots: str = ""
    flapping: bool = False
    seconds: float = 0.0
    value: float | None = None
    unit: str = ""
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A check that is wrong, from its first bad result to the first good one. Soft until `hard_at`: nobody is alerted.

    `down` says that the whole host cannot be measured; `alert` is the alert that it is part of.
    """

    id: str
    key: Key
    kind: str
    verdict: Verdict
    worst: Verdict
    reason: Phrase
    run: str
    since: datetime
    changed_at: datetime
    title: LocalText | None = None
    hard_at: datetime | None = None
    closed_at: datetime | None = None
    alert: str = ""
    down: bool = False


_ORDER = (Verdict.OK, Verdict.PENDING, Verdict.WARNING, Verdict.UNKNOWN, Verdict.CRITICAL)


def worse(one: Verdict, other: Verdict) -> bool:
    """Whether `one` is worse than `other`: CRITICAL > UNKNOWN > WARNING > OK."""
    return _ORDER.index(one) > _ORDER.index(other)
