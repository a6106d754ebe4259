"""The trend as columns: what was left by hand month by month, the baseline behind it, the goal as a line, the forecast hatched."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from temanashi.calendars import Month
from temanashi.reports.display import Display, text_width
from temanashi.reports.drawing import LABEL_SIZE, WIDTH, Anchor, Drawing
from temanashi.reports.trend import Projected, TrendMonth
from temanashi.text.catalogue import say

__all__ = ["trend_chart"]

HEIGHT, TOP, BOTTOM = 216.0, 36.0, 174.0
YEARS_AT, MONTHS_AT = 210.0, 191.0
COLUMN, BEHIND = 0.56, 0.86  # of a month's place


class _Column(NamedTuple):
    month: str
    baseline: int
    parts: tuple[tuple[str, int], ...]
    goal: int
    forecast: int

    @property
    def manual(self) -> int:
        return sum(max(seconds, 0) for _, seconds in self.parts)


def _columns(trend: Sequence[TrendMonth], ahead: Sequence[Projected]) -> list[_Column]:
    forecasts = {one.month: one for one in ahead}
    columns = [
        _Column(
            one.month,
            one.sums.baseline_seconds,
            (("manual", one.sums.remaining_seconds + one.sums.new_seconds), ("human", one.sums.human_seconds)),
            one.goal_seconds,
            forecasts[one.month].manual_seconds if one.state == "running" and one.month in forecasts else 0,
        )
        for one in trend
    ]
    return columns + [
        _Column(one.month, 0, (), one.goal_seconds, one.manual_seconds) for one in ahead if one.month > trend[-1].month
    ]


def _scale(highest: int) -> tuple[float, int]:
    """The top of the axis in seconds, and how many parts it has: 1, 2 or 5 times a power of ten hours."""
    hours = max(highest / 3600, 0.1)
    step = 10 ** math.floor(math.log10(hours))
    unit = next(step * factor for factor in (0.2, 0.5, 1.0, 2.0, 5.0) if hours <= step * factor * 5)
    parts = math.ceil(round(hours / unit, 9))
    return unit * parts * 3600, parts


def trend_chart(trend: Sequence[TrendMonth], ahead: Sequence[Projected], show: Display) -> Drawing:
    """At least one month; `ahead` may be empty. Its numbers stand in the table beside it."""
    columns = _columns(trend, ahead)
    top, parts = _scale(max(max(c.baseline, c.manual, c.goal, c.forecast) for c in columns))
    drawing = Drawing(HEIGHT)
    ticks = [show.compact_hours(round(top * n / parts)) for n in range(parts + 1)]
    gutter = min(max(text_width(tick) for tick in ticks) * LABEL_SIZE + 8, WIDTH / 3)
    for n, tick in enumerate(ticks):
        y = BOTTOM - (BOTTOM - TOP) * n / parts
        drawing.line("axis" if n == 0 else "grid", [(gutter, y), (WIDTH, y)])
        drawing.label(tick, [(gutter - 5, y + 5, "end")], kind="quiet")
    drawing.label(say("report.unit-axis", show.lang), [(0, 16, "start")], kind="quiet")
    place = (WIDTH - gutter) / len(columns)
    for n, column in enumerate(columns):
        _draw(drawing, column, gutter + place * n, place, top)
    _goal(drawing, columns, gutter, place, top)
    _months(drawing, columns, gutter, place)
    _numbers(drawing, columns, gutter, place, top, show)
    return drawing


def _y(seconds: int, top: float) -> float:
    return BOTTOM - (BOTTOM - TOP) * max(seconds, 0) / top


def _draw(drawing: Drawing, column: _Column, x: float, place: float, top: float) -> None:
    def bar(kind: str, share: float, low: float, seconds: int, *, hatched: bool = False) -> float:
        high = low - (BOTTOM - _y(seconds, top))
        drawing.bar(kind, x + place * (1 - share) / 2, high, place * share, low - high, hatched=hatched)
        return high

    bar("behind", BEHIND, BOTTOM, column.baseline)
    if column.forecast:
        bar("ahead", COLUMN, BOTTOM, column.forecast, hatched=True)
    low = BOTTOM
    for kind, seconds in column.parts:
        low = bar(kind, COLUMN, low, seconds)


def _goal(drawing: Drawing, columns: Sequence[_Column], gutter: float, place: float, top: float) -> None:
    """Steps, since each month has the goal of its own baseline."""
    points: list[tuple[float, float]] = []
    for n, column in enumerate(columns):
        if column.goal:
            points += [(gutter + place * n, _y(column.goal, top)), (gutter + place * (n + 1), _y(column.goal, top))]
    if points:
        drawing.line("goal", points)


def _months(drawing: Drawing, columns: Sequence[_Column], gutter: float, place: float) -> None:
    for n, column in enumerate(columns):
        month = Month.parse(column.month)
        middle = gutter + place * (n + 0.5)
        drawing.label(str(month.month), [(middle, MONTHS_AT, "middle")])
        if n == 0 or month.month == 1:
            drawing.label(str(month.year), [(middle, YEARS_AT, "middle")], kind="quiet")


def _numbers(drawing: Drawing, columns: Sequence[_Column], gutter: float, place: float, top: float, show: Display) -> None:
    """Beside the columns, the most important first: the last month, the goal, the baseline, the first month, the forecast."""

    def say_at(n: int, text: str, seconds: int, kind: str = "") -> None:
        x, y = gutter + place * (n + 0.5), _y(seconds, top) - 6
        wide: Anchor = "end" if n > len(columns) / 2 else "start"
        edge = x + place / 2 if wide == "end" else x - place / 2
        places: list[tuple[float, float, Anchor]] = [
            (x, y, "middle"),
            (edge, y, wide),
            (x, y - 17, "middle"),
            (x, y + 20, "middle"),
        ]
        drawing.label(text, [(px, max(py, 16.0), anchor) for px, py, anchor in places], kind=kind)

    real = [n for n, column in enumerate(columns) if column.parts]
    last, first, ends = real[-1], real[0], len(columns) - 1
    say_at(last, show.hours(columns[last].manual), columns[last].manual, "strong")
    goals = [n for n, column in enumerate(columns) if column.goal]
    if goals:
        n = goals[-1]
        say_at(n, say("report.chart-goal", show.lang, hours=show.hours(columns[n].goal)), columns[n].goal, "goal")
    far = max(real, key=lambda n: (columns[n].baseline - columns[n].manual, n))
    if columns[far].baseline:
        told = say("report.chart-baseline", show.lang, hours=show.hours(columns[far].baseline))
        say_at(far, told, columns[far].baseline, "quiet")
    if first != last:
        say_at(first, show.hours(columns[first].manual), columns[first].manual)
    if columns[ends].forecast and ends != last:
        say_at(ends, show.hours(columns[ends].forecast), columns[ends].forecast, "quiet")
