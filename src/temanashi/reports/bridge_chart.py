"""The bridge from the baseline to what is left, as a waterfall that closes to the second."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from temanashi.books.figures import Sums
from temanashi.reports.display import Display, text_width
from temanashi.reports.drawing import LABEL_SIZE, WIDTH, Drawing
from temanashi.text.catalogue import say

__all__ = ["BridgeStep", "bridge_chart", "bridge_steps"]

ROW, BAR, TOP = 25.0, 15.0, 26.0


class BridgeStep(NamedTuple):
    """A row: its text key, its seconds with their sign, and what has been reached after it. Ends stand on zero."""

    key: str
    seconds: int
    reached: int
    end: bool = False


def bridge_steps(sums: Sums) -> list[BridgeStep]:
    """From the baseline to what is left; steps of nothing are left out. The last step reaches `manual_seconds` exactly."""
    parts = [
        ("demand", sums.demand_effect_seconds),
        ("method", sums.method_effect_seconds),
        ("credited", -sums.credited_seconds),
        ("human", sums.human_seconds),
        ("new", sums.new_seconds),
    ]
    reached = sums.baseline_seconds
    steps = [BridgeStep("baseline", reached, reached, end=True)]
    for key, seconds in parts:
        reached += seconds
        if seconds:
            steps.append(BridgeStep(key, seconds, reached))
    return [*steps, BridgeStep("manual", sums.manual_seconds, sums.manual_seconds, end=True)]


def bridge_chart(steps: Sequence[BridgeStep], goal: int, show: Display) -> Drawing:
    """Rows of bars; `goal` in seconds is a line across them."""
    names = [say(f"report.bar-{step.key}", show.lang) for step in steps]
    gutter = min(max(text_width(name) for name in names) * LABEL_SIZE + 10, WIDTH / 2.5)
    low, high = min(0, *(step.reached for step in steps)), max(1, goal, *(step.reached for step in steps))
    told = [show.hours(step.seconds) if step.end else show.signed_hours(step.seconds) for step in steps]
    room = min(max(text_width(text) for text in told) * LABEL_SIZE + 6, WIDTH / 3)
    scale = (WIDTH - gutter - room) / (high - low)
    drawing = Drawing(TOP + ROW * len(steps))

    def x(seconds: int) -> float:
        return gutter + (seconds - low) * scale

    for n, (step, name, text) in enumerate(zip(steps, names, told, strict=True)):
        y = TOP + ROW * n
        begin = 0 if step.end else step.reached - step.seconds
        kind = step.key if step.end else "less" if step.seconds < 0 else "more"
        left, right = sorted((x(begin), x(step.reached)))
        drawing.bar(kind, left, y + 3, max(right - left, 1.0), BAR)
        if n:
            joint = x(step.reached if step.end else begin)
            drawing.line("link", [(joint, y - ROW + 3 + BAR), (joint, y + 3)])
        drawing.label(name, [(0, y + 15, "start")], kind="strong" if step.end else "")
        kinds = "strong" if step.end else ""
        drawing.label(text, [(right + 5, y + 15, "start"), (left - 5, y + 15, "end")], kind=kinds)
    drawing.line("goal", [(x(goal), TOP - 4), (x(goal), drawing.height)])
    drawing.label(say("report.chart-goal", show.lang, hours=show.hours(goal)), [(x(goal), 16, "middle")], kind="goal")
    return drawing
