"""The reduction with its range: low, likely, high, the stress case, and the goal, on one line."""

from __future__ import annotations

from temanashi.books.figures import Goal
from temanashi.reports.display import Display
from temanashi.reports.drawing import WIDTH, Anchor, Drawing
from temanashi.text.catalogue import say

__all__ = ["range_chart"]

HEIGHT, LINE_AT, MARGIN = 96.0, 47.0, 14.0


def range_chart(seen: Goal, goal: float, show: Display) -> Drawing:
    """All of it in percent of the baseline; more to the right is more reduction."""
    values = {"low": seen.low, "likely": seen.likely, "high": seen.high, "stress": seen.stress, "goal": goal}
    room = max((max(values.values()) - min(values.values())) * 0.15, 0.02)
    low, high = min(values.values()) - room, max(values.values()) + room
    drawing = Drawing(HEIGHT)

    def x(value: float) -> float:
        return MARGIN + (value - low) / (high - low) * (WIDTH - 2 * MARGIN)

    drawing.line("axis", [(x(low), LINE_AT), (x(high), LINE_AT)])
    drawing.bar("range", x(seen.low), LINE_AT - 7, max(x(seen.high) - x(seen.low), 1.0), 14, hatched=True)
    drawing.line("goal", [(x(goal), 20), (x(goal), LINE_AT + 16)])
    drawing.line("stress", [(x(seen.stress), LINE_AT - 10), (x(seen.stress), LINE_AT + 10)])
    drawing.dot("manual", x(seen.likely), LINE_AT, 6)

    def say_at(name: str, value: float, rows: tuple[float, ...], kind: str = "") -> None:
        told = say(f"report.range-{name}", show.lang, percent=show.percent(value))
        anchors: tuple[Anchor, ...] = ("middle", "start", "end")
        drawing.label(told, [(x(value), y, anchor) for y in rows for anchor in anchors], kind=kind)

    say_at("likely", seen.likely, (36.0, 16.0, 73.0), "strong")
    say_at("goal", goal, (16.0, 73.0, 90.0), "goal")
    if not seen.low == seen.likely == seen.high == seen.stress:
        say_at("low", seen.low, (73.0, 90.0))
        say_at("high", seen.high, (73.0, 90.0))
        say_at("stress", seen.stress, (90.0, 73.0, 16.0))
    return drawing
