"""How far the roadmap came: planned hours of what is done against planned hours of what is due, and of the fiscal year."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Literal

from temanashi.books.investment import Investment, Spent, invested_by_month
from temanashi.books.roadmap import Half, Measure, Roadmap, RoadmapTask, half_of
from temanashi.books.tasks import Category, Frozen
from temanashi.calendars import BusinessCalendar, Month, business_days_of
from temanashi.text.local import LocalText
from temanashi.toil import Planned, achievement, improvement_capacity

__all__ = [
    "Achieved",
    "GoalState",
    "HalfState",
    "ImprovementTime",
    "MeasureState",
    "RoadmapFigures",
    "TaskState",
    "roadmap_figures",
]

SECONDS_A_MINUTE = 60
DAYS_A_YEAR = 365.25
YEAR = 12


class Achieved(Frozen):
    """Items and planned seconds, and how much of them is done; `share` is of planned seconds, None of nothing planned."""

    items: int
    items_done: int
    planned_seconds: int
    done_seconds: int
    share: float | None


class TaskState(Frozen):
    """A task on a day: `open` may still be on time, `late` is not."""

    id: str
    title: LocalText
    measure: str
    owner: str
    first: str
    last: str
    planned_seconds: int
    state: Literal["done", "open", "late"]
    done: date | None = None
    runbook: str = ""


class MeasureState(Frozen):
    """A measure with its tasks. What was learned is there where it failed."""

    id: str
    title: LocalText
    category: Category | None
    failed: date | None
    learned: LocalText | None
    tasks: tuple[TaskState, ...]
    achieved: Achieved


class HalfState(Frozen):
    """A fiscal half: its measures, and how much of them is done. `part` tells where today is."""

    half: Half
    part: Literal["past", "now", "coming"]
    measures: tuple[MeasureState, ...]
    achieved: Achieved


class GoalState(Frozen):
    """A dated goal, how many whole years after the start it is, and whether its day has passed."""

    id: str
    by: date
    years: int
    title: LocalText
    reduction: float | None
    passed: bool


class ImprovementTime(Frozen):
    """Seconds kept free to improve work (members x business days x a share of each day), and seconds put into automation."""

    members: int
    seconds_a_day: int
    month: str
    month_seconds: int
    month_used_seconds: int
    year_seconds: int
    year_used_seconds: int


class RoadmapFigures(Frozen):
    """The roadmap as it stands on a day. `due`: what should be done by then; `year`: what ends in the fiscal year of the day."""

    as_of: date
    fiscal_year: int
    policy: LocalText
    ideal: LocalText
    goals: tuple[GoalState, ...]
    approach: dict[Category, LocalText]
    halves: tuple[HalfState, ...]
    due: Achieved
    year: Achieved
    improvement: ImprovementTime | None = None
    sample: bool = False


def roadmap_figures(
    roadmap: Roadmap, *, today: date, calendar: BusinessCalendar | None = None, invested: Iterable[Investment] = ()
) -> RoadmapFigures:
    """Everything that the one-sheet page and the report show. A task marked done on a later day is not done yet.

    `calendar` and `invested` are for the improvement time, which is left out without a calendar.
    """
    month = Month.of(today)
    now = half_of(month)
    due = [task for task in roadmap.tasks if task.ends <= today]
    year = [task for task in roadmap.tasks if Month.parse(task.last).fiscal_year == month.fiscal_year]
    halves = sorted({measure.half for measure in roadmap.measures})
    return RoadmapFigures(
        as_of=today,
        fiscal_year=month.fiscal_year,
        policy=roadmap.policy,
        ideal=roadmap.ideal,
        goals=tuple(
            GoalState(
                **goal.model_dump(include={"id", "by", "title", "reduction"}),
                years=round((goal.by - roadmap.starts).days / DAYS_A_YEAR),
                passed=goal.by < today,
            )
            for goal in sorted(roadmap.goals, key=lambda goal: goal.by)
        ),
        approach=roadmap.approach,
        halves=tuple(_half(roadmap, half, now, today) for half in halves),
        due=_achieved(due, today),
        year=_achieved(year, today),
        improvement=_improvement(roadmap, month, calendar, invested),
        sample=roadmap.sample,
    )


def _done(task: RoadmapTask, today: date) -> bool:
    return task.done is not None and task.done <= today


def _achieved(tasks: Iterable[RoadmapTask], today: date) -> Achieved:
    items = [Planned(task.seconds, _done(task, today)) for task in tasks]
    share = achievement(items)
    return Achieved(
        items=len(items),
        items_done=sum(item.done for item in items),
        planned_seconds=sum(item.seconds for item in items),
        done_seconds=sum(item.seconds for item in items if item.done),
        share=None if share is None else float(share),
    )


def _half(roadmap: Roadmap, half: str, now: str, today: date) -> HalfState:
    measures = [measure for measure in roadmap.measures if measure.half == half]
    own = {measure.id for measure in measures}
    return HalfState(
        half=half,
        part="now" if half == now else "past" if half < now else "coming",
        measures=tuple(_measure(measure, roadmap, today) for measure in measures),
        achieved=_achieved([task for task in roadmap.tasks if task.measure in own], today),
    )


def _measure(measure: Measure, roadmap: Roadmap, today: date) -> MeasureState:
    tasks = [task for task in roadmap.tasks if task.measure == measure.id]
    return MeasureState(
        id=measure.id,
        title=measure.title,
        category=measure.category,
        failed=measure.failed.on if measure.failed else None,
        learned=measure.failed.learned if measure.failed else None,
        tasks=tuple(_task(task, today) for task in sorted(tasks, key=lambda task: (task.last, task.first))),
        achieved=_achieved(tasks, today),
    )


def _task(task: RoadmapTask, today: date) -> TaskState:
    done = _done(task, today)
    return TaskState(
        id=task.id,
        title=task.title,
        measure=task.measure,
        owner=task.owner,
        first=task.first,
        last=task.last,
        planned_seconds=task.seconds,
        state="done" if done else "late" if task.ends < today else "open",
        done=task.done if done else None,
        runbook=task.runbook or "",
    )


def _improvement(
    roadmap: Roadmap, month: Month, calendar: BusinessCalendar | None, invested: Iterable[Investment]
) -> ImprovementTime | None:
    if roadmap.improvement is None or calendar is None:
        return None
    kept = roadmap.improvement
    seconds = round(kept.minutes_a_day * SECONDS_A_MINUTE)
    april = Month(month.fiscal_year, 4)
    months = [april.shift(n) for n in range(YEAR)]
    days = {one: len(business_days_of(one, calendar)) for one in months}
    spent = invested_by_month(invested)
    return ImprovementTime(
        members=kept.members,
        seconds_a_day=seconds,
        month=str(month),
        month_seconds=improvement_capacity(kept.members, days[month], seconds),
        month_used_seconds=spent.get(month, Spent()).whole,
        year_seconds=improvement_capacity(kept.members, sum(days.values()), seconds),
        year_used_seconds=sum(spent.get(one, Spent()).whole for one in months),
    )
