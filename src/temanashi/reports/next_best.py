"""The next best thing to automate: where the most manual time is left, and the manual step behind it as it was measured."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, NonNegativeFloat, NonNegativeInt

from temanashi.books.figures import MonthFigures, TaskFigures
from temanashi.text.local import LocalText

__all__ = ["MeasuredStep", "NextBest", "next_best"]

MOST = 3


class MeasuredStep(BaseModel):
    """A manual step with its median seconds and how many samples they rest on; 0 samples is what the runbook proposes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: LocalText
    seconds: NonNegativeFloat
    samples: NonNegativeInt


class NextBest(BaseModel):
    """A task whose seconds are still done by hand; `why` says what they are."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: str
    title: LocalText
    why: Literal["remaining", "human", "unsigned"]
    seconds: NonNegativeInt
    units: NonNegativeInt = 0
    step: MeasuredStep | None = None


def _of(task: TaskFigures) -> NextBest:
    left = task.units_due - task.units_credited
    told: dict[str, Any] = {"task": task.task, "title": task.title}
    if not task.signed:
        by_hand = task.would_be.remaining_seconds if task.would_be else 0
        return NextBest(**told, why="unsigned", seconds=by_hand, units=left)
    if task.sums.human_seconds > task.sums.remaining_seconds:
        return NextBest(**told, why="human", seconds=task.sums.human_seconds)
    return NextBest(**told, why="remaining", seconds=max(task.sums.remaining_seconds, 0), units=left)


def next_best(figures: MonthFigures) -> tuple[NextBest, ...]:
    """At most three tasks, the most seconds first. Signed ones come before those whose minutes nobody signed."""
    found = [one for one in map(_of, figures.tasks) if one.seconds]
    return tuple(sorted(found, key=lambda one: (one.why == "unsigned", -one.seconds, one.task))[:MOST])
