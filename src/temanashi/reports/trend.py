"""Months side by side: the trend, its forecast, and what months add up to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Literal

from pydantic import BaseModel, ConfigDict, PositiveInt

from temanashi.books.figures import MonthFigures, Sums
from temanashi.calendars import Month
from temanashi.toil import Standing, forecast

__all__ = ["MOST_MONTHS", "Projected", "Span", "TrendMonth", "allowed", "projections", "spans", "trend_of"]

MOST_MONTHS = 13
"""A year, and the same month of the year before."""

AHEAD = 3

State = Literal["closed", "open", "running"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def allowed(baseline: int, goal: float) -> int:
    """Seconds that may be left of a baseline when the goal is reached."""
    return int(baseline * (1 - Fraction(str(goal))))


class TrendMonth(_Frozen):
    """One month of the trend. `state`: closed months never change, open ones are over, the running one is not."""

    month: str
    state: State
    goal: float
    sums: Sums
    reduction: float | None = None
    standing: Standing | None = None

    @classmethod
    def of(cls, figures: MonthFigures, state: State) -> TrendMonth:
        """A month's place in the trend."""
        standing = figures.outlook.standing if figures.outlook else None
        return cls(
            month=figures.month, state=state, goal=figures.goal, sums=figures.sums, reduction=figures.reduction, standing=standing
        )

    @property
    def goal_seconds(self) -> int:
        """What the goal leaves of the month's own baseline."""
        return allowed(self.sums.baseline_seconds, self.goal)


class Projected(_Frozen):
    """A month to come: manual seconds by least squares, and the goal if the baseline stays as it was in the last full month."""

    month: str
    manual_seconds: int
    goal_seconds: int


class Span(_Frozen):
    """What the months from first to last add up to; `manual_seconds` against `goal_seconds`, the sum of each month's goal."""

    sort: Literal["month", "previous", "half", "year"]
    first: str
    last: str
    months: PositiveInt
    sums: Sums
    goal_seconds: int

    @property
    def change(self) -> int:
        """Manual seconds less than the baseline's; negative where there are more."""
        return self.sums.baseline_seconds - self.sums.manual_seconds


def trend_of(months: Iterable[TrendMonth]) -> tuple[TrendMonth, ...]:
    """The last 13 months, oldest first, without those before anything was counted."""
    ordered = sorted(months, key=lambda one: one.month)
    first = next((n for n, one in enumerate(ordered) if one.sums.baseline_seconds or one.sums.manual_seconds), len(ordered))
    return tuple(ordered[max(first, len(ordered) - MOST_MONTHS) :])


def projections(trend: Sequence[TrendMonth]) -> tuple[Projected, ...]:
    """The 3 months after the last full one; none where fewer than 3 full months are known."""
    full = [one for one in trend if one.state != "running" and one.sums.baseline_seconds]
    if not full:
        return ()
    manual = {Month.parse(one.month): one.sums.manual_seconds for one in full}
    found = []
    for ahead in range(1, AHEAD + 1):
        month = max(manual).shift(ahead)
        seconds = forecast(manual, month)
        if seconds is None:
            return ()
        found.append(Projected(month=str(month), manual_seconds=round(seconds), goal_seconds=full[-1].goal_seconds))
    return tuple(found)


def _sum(parts: Iterable[Sums]) -> Sums:
    whole: dict[str, int] = {}
    for part in parts:
        for name, seconds in part.model_dump().items():
            if isinstance(seconds, int):
                whole[name] = whole.get(name, 0) + seconds
    return Sums.model_validate(whole)


def spans(trend: Sequence[TrendMonth]) -> tuple[Span, ...]:
    """The last month, the one before, and the fiscal half and year up to it (halves begin in April and October)."""
    if not trend:
        return ()
    by_month = {Month.parse(one.month): one for one in trend}
    last = max(by_month)
    wanted: list[tuple[Literal["month", "previous", "half", "year"], list[Month]]] = [
        ("month", [last]),
        ("previous", [last.previous]),
        ("half", [month for month in by_month if (month.fiscal_year, month.half) == (last.fiscal_year, last.half)]),
        ("year", [month for month in by_month if month.fiscal_year == last.fiscal_year]),
    ]
    return tuple(
        _span(sort, [by_month[month] for month in sorted(months)]) for sort, months in wanted if set(months) <= set(by_month)
    )


def _span(sort: Literal["month", "previous", "half", "year"], months: Sequence[TrendMonth]) -> Span:
    return Span(
        sort=sort,
        first=months[0].month,
        last=months[-1].month,
        months=len(months),
        sums=_sum(one.sums for one in months),
        goal_seconds=sum(one.goal_seconds for one in months),
    )
