"""The roadmap as a site file says it: policy, ideal state, dated goals, the approach to each category, measures and their tasks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PositiveFloat, WithJsonSchema

from temanashi.calendars import Month
from temanashi.problems import Problem, suggestion
from temanashi.runbooks.model import Category, Slug
from temanashi.text.local import Lang, LocalText, phrase

__all__ = ["Failure", "Half", "Improvement", "Measure", "Roadmap", "RoadmapGoal", "RoadmapTask", "half_of", "roadmap_problems"]

MINUTES_A_DAY = 30
HALF, MONTH = r"[1-9][0-9]{3}-H[12]", r"[1-9][0-9]{3}-(0[1-9]|1[0-2])"


def _written(pattern: str, key: str) -> tuple[AfterValidator, WithJsonSchema]:
    """Text of a form, with a sentence of its own where it is another."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text, re.ASCII):
            raise ValueError(phrase(key))
        return text

    return AfterValidator(check), WithJsonSchema({"type": "string", "pattern": f"^{pattern}$"})


Half = Annotated[str, *_written(HALF, "improvement.not-a-half")]
"""A fiscal half: 2026-H1 is April to September 2026 (2026年度上期), 2026-H2 October 2026 to March 2027."""

MonthText = Annotated[str, *_written(MONTH, "improvement.not-a-month")]


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class RoadmapGoal(_Closed):
    """Where the group wants to be on a day."""

    id: Slug
    by: date = Field(description="The day of the goal, e.g. one and three years after the start")
    title: LocalText = Field(description="The goal in a sentence")
    reduction: float | None = Field(default=None, gt=0, le=1, description="Share of the baseline's manual hours that is gone: 0.5")


class Failure(_Closed):
    """A measure that did not do what it should, and what was learned from it."""

    on: date = Field(description="The day on which it was given up")
    learned: LocalText


class Measure(_Closed):
    """What is done in a fiscal half."""

    id: Slug
    title: LocalText
    half: Half = Field(description="2026-H1 is April to September 2026, 2026-H2 October 2026 to March 2027")
    category: Category | None = None
    failed: Failure | None = Field(default=None, description="Where it was given up: when, and what was learned")


class RoadmapTask(_Closed):
    """A piece of work for a measure: done or not, there is no half-done."""

    id: Slug
    title: LocalText
    measure: Slug
    owner: str = Field(min_length=1, max_length=80, description="The person or team that does it")
    first: MonthText = Field(alias="from", description="First month, 2026-10")
    last: MonthText = Field(alias="to", description="Last month, 2026-12; at its end the task is due")
    hours: PositiveFloat = Field(le=100_000, description="Planned hours")
    done: date | None = Field(default=None, description="The day on which it was done; left out while it is not")
    runbook: Slug | None = Field(default=None, description="The runbook that came of it")

    @property
    def ends(self) -> date:
        """The day on which it is due."""
        return Month.parse(self.last).last

    @property
    def seconds(self) -> int:
        """Planned seconds."""
        return round(self.hours * 3600)


class Improvement(_Closed):
    """Time that the group keeps free to improve its work."""

    members: int = Field(ge=1, le=100_000)
    minutes_a_day: PositiveFloat = Field(default=MINUTES_A_DAY, le=480, description="For each member, on business days")


class Roadmap(_Closed):
    """`runbooks/site/roadmap.yaml`: where the work of the group is to go, and what is done for it."""

    sample: bool = Field(
        default=False, description="It is the sample that a workspace begins with: pages say so, and no report shows it"
    )
    starts: date = Field(description="The day on which the programme began")
    policy: LocalText = Field(description="What the group stands for")
    ideal: LocalText = Field(description="What work will be like in the end")
    goals: tuple[RoadmapGoal, ...] = ()
    approach: dict[Category, LocalText] = Field(default_factory=dict, description="How each category of work is approached")
    measures: tuple[Measure, ...] = ()
    tasks: tuple[RoadmapTask, ...] = ()
    improvement: Improvement | None = None


def half_of(month: Month) -> str:
    """The fiscal half of a month, `2026-H2`."""
    return f"{month.fiscal_year}-{month.half}"


def roadmap_problems(roadmap: Roadmap, languages: tuple[Lang, ...]) -> Iterator[Problem]:
    """What is wrong among the parts: names used twice, tasks of no measure or outside its half, early goals, missing languages."""
    for name, items in (("goals", roadmap.goals), ("measures", roadmap.measures), ("tasks", roadmap.tasks)):
        yield from _twice(name, [item.id for item in items])
    for number, goal in enumerate(roadmap.goals):
        if goal.by <= roadmap.starts:
            told = {"day": goal.by.isoformat(), "starts": roadmap.starts.isoformat()}
            yield Problem(("goals", number, "by"), phrase("improvement.goal-before", **told))
    halves = {measure.id: measure.half for measure in reversed(roadmap.measures)}
    for number, task in enumerate(roadmap.tasks):
        yield from (problem.under("tasks", number) for problem in _task(task, halves))
    for loc, text in _texts(roadmap, ()):
        if missing := text.missing(languages):
            data: dict[str, Any] = {"missing": list(missing), "languages": list(languages)}
            yield Problem(loc, phrase("workspace.language", name=str(loc[-1]), **data))


def _twice(name: str, ids: Sequence[str]) -> Iterator[Problem]:
    for number, one in enumerate(ids):
        if one in ids[:number]:
            yield Problem((name, number, "id"), phrase("improvement.id-twice", id=one))


def _task(task: RoadmapTask, halves: Mapping[str, str]) -> Iterator[Problem]:
    if task.last < task.first:
        yield Problem(("to",), phrase("improvement.months-order", first=task.first, last=task.last))
        return
    half = halves.get(task.measure)
    if half is None:
        yield Problem(
            ("measure",), phrase("improvement.unknown-measure", measure=task.measure), suggestion(task.measure, [*halves])
        )
    elif not half_of(Month.parse(task.first)) <= half <= half_of(Month.parse(task.last)):
        told = {"first": task.first, "last": task.last, "half": half, "measure": task.measure}
        yield Problem(("from",), phrase("improvement.outside-half", **told))


Loc = tuple[str | int, ...]


def _texts(value: object, loc: Loc) -> Iterator[tuple[Loc, LocalText]]:
    if isinstance(value, LocalText):
        yield loc, value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _texts(getattr(value, name), (*loc, name))
    elif isinstance(value, (dict, tuple)):
        pairs: Iterable[tuple[Any, Any]] = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in pairs:
            yield from _texts(item, (*loc, key))
