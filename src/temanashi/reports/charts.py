"""Geometry of the report's charts, in the units of a 480-wide view box. Labels are measured, so that none is clipped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from temanashi.reports.display import text_width

__all__ = ["Bar", "Chart", "Label", "Part", "bars_chart"]

WIDTH = 480.0
LABEL_SIZE = 14.0  # on a phone, the largest; 12 elsewhere
BAR_HEIGHT = 18.0
ROW_HEIGHT = 44.0
TOP = 22.0


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a bar: what it is (a CSS class), where it begins and how wide it is."""

    kind: str
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Label:
    """A text with its anchor, placed so that its estimated width lies inside the chart."""

    text: str
    x: float
    y: float
    anchor: Literal["start", "middle", "end"] = "start"


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of parts with its label above it."""

    label: Label
    y: float
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars from zero, and a line at the goal."""

    width: float
    height: float
    bar_height: float
    bars: tuple[Bar, ...]
    goal_x: float
    goal_label: Label


def _placed(text: str, x: float, y: float) -> Label:
    """A label centred on x, or anchored at the margin that it would cross."""
    half = text_width(text) * LABEL_SIZE / 2
    if x - half < 0:
        return Label(text, 0.0, y)
    return Label(text, WIDTH, y, "end") if x + half > WIDTH else Label(text, round(x, 1), y, "middle")


def bars_chart(rows: list[tuple[str, list[tuple[str, int]]]], goal: tuple[str, int]) -> Chart:
    """Horizontal bars: (label, parts as (kind, seconds)), all on one scale; the goal as (label, seconds)."""
    sums = [sum(max(seconds, 0) for _, seconds in parts) for _, parts in rows]
    scale = WIDTH / max(*sums, goal[1], 1)
    bars = []
    for number, (text, parts) in enumerate(rows):
        y = TOP + number * ROW_HEIGHT
        x, drawn = 0.0, []
        for kind, seconds in parts:
            width = max(seconds, 0) * scale
            drawn.append(Part(kind, round(x, 1), round(width, 1)))
            x += width
        bars.append(Bar(Label(text, 0.0, y + LABEL_SIZE), y + LABEL_SIZE + 6, tuple(part for part in drawn if part.width)))
    height = TOP + len(rows) * ROW_HEIGHT
    goal_x = goal[1] * scale
    return Chart(WIDTH, height, BAR_HEIGHT, tuple(bars), round(goal_x, 1), _placed(goal[0], goal_x, LABEL_SIZE - 1))
