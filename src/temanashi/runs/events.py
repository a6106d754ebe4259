"""What an observer hears while a run lasts. Display only: nothing depends on whether anybody listens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from temanashi.changes import Change, Outcome, Verdict
from temanashi.ledger.records import RunOutcome
from temanashi.text.local import LocalText

__all__ = ["Event", "Observer", "RunFinished", "RunWaited", "StepDone", "StepStarted", "TargetDone"]


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened in a run."""

    run: str


@dataclass(frozen=True, kw_only=True)
class StepStarted(Event):
    """A step begins, or goes on after an interruption; `done` of `total` targets are finished already."""

    step: str
    title: LocalText | None
    kind: str
    number: int
    steps: int
    total: int
    done: int


@dataclass(frozen=True, kw_only=True)
class TargetDone(Event):
    """A change has an outcome on a target."""

    step: str
    target: str
    change: Change
    outcome: Outcome
    done: int
    total: int


@dataclass(frozen=True, kw_only=True)
class StepDone(Event):
    """Every target of a step has an outcome."""

    step: str
    good: bool
    verdict: Verdict | None


@dataclass(frozen=True, kw_only=True)
class RunWaited(Event):
    """The run waits for a person."""

    step: str
    prompt: LocalText
    until: datetime | None


@dataclass(frozen=True, kw_only=True)
class RunFinished(Event):
    """The run is over."""

    outcome: RunOutcome
    verdict: Verdict | None


class Observer(Protocol):
    """Who listens."""

    def notice(self, event: Event) -> None:
        """Hear of an event; called in the thread that advances the run."""
        ...
