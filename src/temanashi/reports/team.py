"""The figures of one team (the owner of tasks), and sums by owner and system."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction

from temanashi.books.figures import Goal, MonthFigures, Sums, TaskFigures
from temanashi.toil import Figures, Graded, outlook

__all__ = ["of_team", "sums_by", "teams_of"]

FINEST = 10**9
"""Shares of minutes were written as decimals; this finds the fraction again."""


def teams_of(figures: MonthFigures) -> tuple[str, ...]:
    """Owners of the month's tasks."""
    return tuple(sorted({task.owner for task in figures.tasks if task.owner}))


def _arithmetic(sums: Sums) -> Figures:
    return Figures(
        baseline=sums.baseline_seconds,
        demand_effect=sums.demand_effect_seconds,
        method_effect=sums.method_effect_seconds,
        gross=sums.credited_seconds,
        remaining=sums.remaining_seconds,
        human=sums.human_seconds,
        new=sums.new_seconds,
    )


def sums_by(tasks: Iterable[TaskFigures], key: Callable[[TaskFigures], str]) -> dict[str, Sums]:
    """Sums by what `key` says of a task, the largest baseline first."""
    found: dict[str, Figures] = {}
    for task in tasks:
        found[key(task)] = found.get(key(task), Figures()) + _arithmetic(task.sums)
    return {name: Sums.of(own) for name, own in sorted(found.items(), key=lambda pair: (-pair[1].baseline, pair[0]))}


def of_team(figures: MonthFigures, team: str) -> MonthFigures:
    """The month of one owner's tasks. Runs that serve no task belong to no team."""
    tasks = tuple(task for task in figures.tasks if task.owner == team)
    names = {task.task for task in tasks}
    whole = sum((_arithmetic(task.sums) for task in tasks), Figures())
    dropped = tuple(entry for entry in figures.not_counted if entry.task in names)
    counted = sum(task.runs_counted for task in tasks)
    return figures.model_copy(
        update={
            "sums": Sums.of(whole),
            "reduction": None if whole.reduction is None else float(whole.reduction),
            "outlook": _outlook(tasks, Fraction(str(figures.goal))),
            "tasks": tasks,
            "by_category": sums_by([task for task in tasks if task.signed], lambda task: task.category),
            "not_counted": dropped,
            "runs_seen": counted + sum(entry.runs for entry in dropped),
            "runs_counted": counted,
            "units_cancelled": tuple(one for one in figures.units_cancelled if one[0] in names),
        }
    )


def _outlook(tasks: Iterable[TaskFigures], goal: Fraction) -> Goal | None:
    """As of a whole month; None where a sealed month does not know the ranges of its minutes."""
    graded = []
    for task in tasks:
        if task.signed and task.factors is None:
            return None
        low, high = (Fraction(factor).limit_denominator(FINEST) for factor in task.factors or (1.0, 1.0))
        graded.append(Graded(_arithmetic(task.sums), task.grade, low, high))
    seen = outlook(graded, goal)
    return seen and Goal.of(seen, goal)
