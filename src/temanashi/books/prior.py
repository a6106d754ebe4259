"""Prior-period entries: what is posted in the open month about a month that is closed, in seconds, task by task."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, get_args

from temanashi.books.figures import MonthFigures, Sums
from temanashi.books.tasks import Frozen
from temanashi.toil import Figures

__all__ = ["CORRECTABLE", "PARTS", "Part", "PriorEntry", "differences", "parts_of", "sums_of"]

Part = Literal["baseline", "demand", "method", "credited", "human", "new"]
"""The parts of the bridge. What remains, and the manual hours, follow from them."""

PARTS: tuple[Part, ...] = get_args(Part)
CORRECTABLE: tuple[Part, ...] = tuple(part for part in PARTS if part != "baseline")
"""A baseline changes by a new signed version only."""

_FIELDS: Mapping[Part, str] = {
    "baseline": "baseline",
    "demand": "demand_effect",
    "method": "method_effect",
    "credited": "gross",
    "human": "human",
    "new": "new",
}


class PriorEntry(Frozen):
    """Seconds by which a part of a closed `month` differs from what was issued: found by computing it again, or a correction.

    `task` is empty for work that belongs to no task. `seq` is the record of the approved correction.
    """

    month: str
    task: str
    part: Part
    seconds: int
    source: Literal["restated", "correction"]
    reason: str = ""
    by: str = ""
    approver: str = ""
    seq: int = 0

    @property
    def figures(self) -> Figures:
        """Its place in the bridge: more credit leaves less by hand, more demand leaves more; the bridge stays closed."""
        own = Figures(**{_FIELDS[self.part]: self.seconds})
        remaining = own.baseline + own.demand_effect + own.method_effect - own.gross
        return own + Figures(remaining=remaining)

    @property
    def manual_seconds(self) -> int:
        """By how much the manual hours change."""
        return self.figures.manual


def sums_of(entries: Iterable[PriorEntry]) -> Sums:
    """Entries added up, as a month's sums are."""
    return Sums.of(sum((entry.figures for entry in entries), Figures()))


def parts_of(sums: Sums) -> dict[Part, int]:
    """The parts of a month's or a task's sums, in seconds."""
    return {
        "baseline": sums.baseline_seconds,
        "demand": sums.demand_effect_seconds,
        "method": sums.method_effect_seconds,
        "credited": sums.credited_seconds,
        "human": sums.human_seconds,
        "new": sums.new_seconds,
    }


def differences(issued: MonthFigures, restated: MonthFigures, posted: Iterable[PriorEntry] = ()) -> tuple[PriorEntry, ...]:
    """By how much a closed month's figures of now differ from the issued ones, without what was posted before."""
    left = _by_task(restated)
    for key, seconds in _by_task(issued).items():
        left[key] = left.get(key, 0) - seconds
    for entry in posted:
        if entry.source == "restated" and entry.month == issued.month:
            left[entry.task, entry.part] = left.get((entry.task, entry.part), 0) - entry.seconds
    return tuple(
        PriorEntry(month=issued.month, task=task, part=part, seconds=seconds, source="restated")
        for (task, part), seconds in sorted(left.items(), key=lambda item: (item[0][0], PARTS.index(item[0][1])))
        if seconds
    )


def _by_task(figures: MonthFigures) -> dict[tuple[str, Part], int]:
    """Every part of every task; what the sums hold beyond the listed tasks belongs to the task without a name."""
    found = {(task.task, part): seconds for task in figures.tasks for part, seconds in parts_of(task.sums).items()}
    for part, seconds in parts_of(figures.sums).items():
        found["", part] = seconds - sum(parts_of(task.sums)[part] for task in figures.tasks)
    return found
