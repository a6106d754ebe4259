"""What a runbook's manual work takes, step by step, from its samples; and which step to automate next: minutes times demand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction

from pydantic import NonNegativeFloat, NonNegativeInt

from temanashi.books.baseline import measured
from temanashi.books.demand import Register
from temanashi.books.samples import Sample
from temanashi.books.tasks import Demand, Frozen
from temanashi.calendars import BusinessCalendar, Month, slots
from temanashi.runbooks.model import Runbook
from temanashi.runbooks.steps.manual import ManualSpec
from temanashi.text.local import LocalText
from temanashi.toil import Grade, spread, weigh

__all__ = ["Measure", "RunbookBaseline", "StepBaseline", "occasions_per_month", "runbook_baseline"]

YEAR = 12


class Measure(Frozen):
    """Measured seconds: how many samples, their median, and the quartiles around it."""

    samples: NonNegativeInt
    median: float
    low: float
    high: float

    @property
    def iqr(self) -> float:
        """The interquartile range."""
        return self.high - self.low


class StepBaseline(Frozen):
    """A manual step: what it takes by hand, in what share of runs it is done, and the seconds a month that follow.

    `seconds` is the median of its samples; without samples what the runbook proposes, and None without both.
    """

    step: str
    title: LocalText
    measure: Measure | None
    seconds: NonNegativeFloat | None
    share: NonNegativeFloat
    monthly_seconds: NonNegativeFloat | None


class RunbookBaseline(Frozen):
    """A runbook's manual work: samples of the whole, their grade and mean, its manual steps, and the one to automate next."""

    runbook: str
    task: str
    title: LocalText
    samples: tuple[Sample, ...]
    measure: Measure | None
    grade: Grade
    mean_seconds: NonNegativeFloat | None
    low_seconds: NonNegativeFloat
    high_seconds: NonNegativeFloat
    occasions: NonNegativeFloat | None
    steps: tuple[StepBaseline, ...]
    next_step: str = ""

    @property
    def accepted(self) -> tuple[Sample, ...]:
        """The samples that are evidence."""
        return tuple(sample for sample in self.samples if sample.refused is None)


def runbook_baseline(runbook: Runbook, samples: Sequence[Sample], *, occasions: Fraction | None, today: date) -> RunbookBaseline:
    """Everything that is known of a runbook's manual work; `occasions` a month, None where nobody knows."""
    mine = tuple(sample for sample in samples if sample.runbook == runbook.id)
    accepted = [sample for sample in mine if sample.refused is None]
    weighed = weigh(measured([(sample.day, sample.seconds) for sample in accepted], today)) if accepted else weigh(None)
    steps = _steps(runbook, mine, occasions)
    ranked = sorted(steps, key=lambda step: (-(step.monthly_seconds or 0), -(step.seconds or 0)))
    return RunbookBaseline(
        runbook=runbook.id,
        task=runbook.task,
        title=runbook.title,
        samples=mine,
        measure=_measure([sample.seconds for sample in accepted]),
        grade=weighed.grade,
        mean_seconds=float(weighed.range.likely) if accepted else None,
        low_seconds=float(weighed.range.low),
        high_seconds=float(weighed.range.high),
        occasions=None if occasions is None else float(occasions),
        steps=steps,
        next_step=ranked[0].step if ranked and ranked[0].seconds else "",
    )


def _measure(seconds: Sequence[int]) -> Measure | None:
    found = spread(seconds)
    return found and Measure(samples=found.samples, median=float(found.median), low=float(found.low), high=float(found.high))


def _steps(runbook: Runbook, samples: Sequence[Sample], occasions: Fraction | None) -> tuple[StepBaseline, ...]:
    return tuple(
        _step(item.id, item.title or item.spec.text, item.spec.minutes, samples, occasions)
        for item in runbook.steps
        if isinstance(item.spec, ManualSpec)
    )


def _step(
    step: str, title: LocalText, minutes: float | None, samples: Sequence[Sample], occasions: Fraction | None
) -> StepBaseline:
    times = [time for sample in samples for time in sample.steps if time.step == step]
    measure = _measure([time.seconds for time in times if time.measured])
    seconds = measure.median if measure else minutes * 60 if minutes is not None else None
    share = sum(time.done for time in times) / len(times) if times else 1.0
    monthly = None if seconds is None or occasions is None else seconds * share * float(occasions)
    return StepBaseline(step=step, title=title, measure=measure, seconds=seconds, share=share, monthly_seconds=monthly)


def occasions_per_month(
    task: str, demand: Demand, *, register: Register, business: BusinessCalendar, today: date
) -> Fraction | None:
    """How often a month the task is due: slots of its calendar, else what is signed, else what was recorded in twelve months."""
    months = [Month.of(today).shift(-ago) for ago in range(1, YEAR + 1)]
    if demand.calendar is not None:
        return Fraction(sum(len(slots(demand.calendar, month, business)) for month in months), YEAR)
    if demand.per_month:
        return Fraction(str(demand.per_month))
    counted = [len(register.of(task, month)) for month in [*months, Month.of(today)]]
    return Fraction(sum(counted), YEAR) if any(counted) else None
