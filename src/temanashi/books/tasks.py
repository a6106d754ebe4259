"""Tasks as the books know them: what published runbooks propose, and the seconds by hand that a person may sign."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt

from temanashi.errors import InputError
from temanashi.runbooks.model import Category, Demand, Runbook, Shares, TaskKind, Toil
from temanashi.text.local import LocalText
from temanashi.toil import Cost

__all__ = [
    "BadMinutes",
    "Category",
    "Demand",
    "Frozen",
    "ProposedTask",
    "Seconds",
    "Shares",
    "TaskId",
    "TaskKind",
    "proposed_tasks",
]

MOST_MINUTES = 100_000
TaskId = Annotated[str, Field(min_length=1, max_length=80)]


class BadMinutes(InputError):
    """Minutes by hand that cannot be: not a number, negative, none at all, or more than two months."""

    key = "books.bad-minutes"

    def __init__(self, minutes: object) -> None:
        super().__init__(minutes=str(minutes))


class Frozen(BaseModel):
    """Values of the books are frozen and closed."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Seconds(Frozen):
    """Seconds by hand of each of the `persons`: `setup` once an occasion, `per_target` for each of the `targets` of one."""

    setup: NonNegativeInt = 0
    per_target: NonNegativeInt = 0
    targets: Annotated[int, Field(ge=1, le=100_000)] = 1
    persons: Annotated[int, Field(ge=1, le=100)] = 1

    @classmethod
    def of_minutes(cls, setup: float = 0, per_target: float = 0, targets: int = 1, persons: int = 1) -> Seconds:
        """From minutes, to the nearest second; raises BadMinutes."""
        for minutes in (setup, per_target):
            if not math.isfinite(minutes) or not 0 <= minutes <= MOST_MINUTES:
                raise BadMinutes(minutes)
        if not setup and not per_target:
            raise BadMinutes(0)
        return cls(setup=_seconds(setup), per_target=_seconds(per_target), targets=targets, persons=persons)

    @property
    def folded(self) -> bool:
        """Whether an occasion counts as one whole: done only when every target of it is."""
        return not self.per_target or self.targets == 1

    @property
    def cost(self) -> Cost:
        """The cost of a unit, all persons together. A folded unit has one target that costs what the whole does."""
        return Cost(self.setup * self.persons, self.per_target * self.persons)

    @property
    def units(self) -> int:
        """Targets of a unit as they are counted."""
        return 1 if self.folded else self.targets

    @property
    def occasion(self) -> int:
        """Seconds for one occasion, all persons together."""
        return self.cost.of(self.units)


def _seconds(minutes: float) -> int:
    return math.floor(Fraction(str(minutes)) * 60 + Fraction(1, 2))


class ProposedTask(Frozen):
    """A task as its published runbooks propose it. Proposals count nothing; `seconds` is None where no minutes are proposed."""

    task: TaskId
    title: LocalText
    category: Category
    owner: str
    system: str = ""
    demand: Demand = Demand()
    seconds: Seconds | None = None
    persons: Annotated[int, Field(ge=1, le=100)] = 1
    kind: TaskKind = "work"
    shares: Shares = Shares()
    runbooks: tuple[str, ...] = ()


def proposed_tasks(runbooks: Iterable[Runbook]) -> tuple[ProposedTask, ...]:
    """One proposal a task, in order of task id. The runbook that bears the task's name speaks first, then those in order of id."""
    by_task: dict[str, list[Runbook]] = {}
    for runbook in sorted(runbooks, key=lambda r: (r.id != r.task, r.id)):
        by_task.setdefault(runbook.task, []).append(runbook)
    return tuple(_proposal(task, by_task[task]) for task in sorted(by_task))


def _proposal(task: str, runbooks: list[Runbook]) -> ProposedTask:
    first = runbooks[0]
    with_minutes = next((r.toil for r in runbooks if r.toil.minutes.setup or r.toil.minutes.per_target), None)
    says = with_minutes or next((r.toil for r in runbooks if _says_more(r.toil)), first.toil)
    demand = next((r.toil.demand for r in runbooks if r.toil.demand != Demand()), first.toil.demand)
    return ProposedTask(
        task=task,
        title=first.title,
        category=first.category,
        owner=first.owner,
        system=first.system,
        demand=demand,
        seconds=_proposed_seconds(with_minutes) if with_minutes else None,
        persons=says.persons,
        kind=says.kind,
        shares=says.hours,
        runbooks=tuple(r.id for r in runbooks),
    )


def _says_more(toil: Toil) -> bool:
    """Whether a proposal says who does the work or when."""
    return (toil.persons, toil.kind, toil.hours) != (1, "work", Shares())


def _proposed_seconds(toil: Toil) -> Seconds:
    return Seconds.of_minutes(toil.minutes.setup, toil.minutes.per_target, persons=toil.persons)
