"""What a month's figures were computed from, one by one: the material of explanations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from temanashi.books.baseline import SignedVersion
from temanashi.books.crediting import RunJudged
from temanashi.books.demand import Requested
from temanashi.books.figures import MonthFigures, TaskFigures
from temanashi.books.units import TaskUnits
from temanashi.books.usage import Effort
from temanashi.toil import Figures

__all__ = ["MonthWorkings", "TaskWorkings"]


@dataclass(frozen=True, slots=True)
class TaskWorkings:
    """A task's units, the demand that was recorded, its figures by signed version, and every run and effort of the month.

    An effort comes with whether it counts as human time; one that does not is work by hand, which remains as such.
    """

    figures: TaskFigures
    units: TaskUnits
    requested: tuple[Requested, ...]
    parts: tuple[tuple[SignedVersion, Figures], ...]
    runs: tuple[RunJudged, ...]
    efforts: tuple[tuple[Effort, bool], ...]
    through: date


@dataclass(frozen=True, slots=True)
class MonthWorkings:
    """A month's figures with the workings of each task; the task without a name is work that belongs to none."""

    figures: MonthFigures
    tasks: Mapping[str, TaskWorkings]
