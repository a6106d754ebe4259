"""Where the goal stands: met only if even the low estimate reaches it. 達成, 達成見込み, 未達."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from temanashi.toil.evidence import Grade, graded_share
from temanashi.toil.figures import Figures

__all__ = ["Graded", "Outlook", "Standing", "outlook", "verdict"]

HALF = Fraction(1, 2)
ONE = Fraction(1)


class Standing(StrEnum):
    """Met: the low estimate reaches the goal. Probable: the likely one does. Not met: neither."""

    MET = "met"
    PROBABLE = "probable"
    NOT_MET = "not_met"


class Graded(NamedTuple):
    """A task's figures with its grade, and its low and high minutes as shares of the likely ones."""

    figures: Figures
    grade: Grade = "C"
    low: Fraction = ONE
    high: Fraction = ONE


class Outlook(NamedTuple):
    """R in every scenario, and what follows from it.

    A range that is equal for all tasks cancels in a ratio; `stress` takes automated tasks at their low minutes, the rest at
    their high. `measured` is the share of the credit graded A or B.
    """

    standing: Standing
    low: Fraction
    likely: Fraction
    high: Fraction
    stress: Fraction
    measured: Fraction | None


def verdict(low: Fraction, likely: Fraction, goal: Fraction, *, measured: Fraction | None = ONE) -> Standing:
    """Standing from R_low and R_likely. `met` also needs at least half of the credit measured (graded A or B)."""
    if low >= goal and measured is not None and measured >= HALF:
        return Standing.MET
    return Standing.PROBABLE if likely >= goal else Standing.NOT_MET


def _reduction(tasks: Sequence[Graded], factors: Sequence[Fraction]) -> Fraction:
    """R with each task's minutes scaled; A and new toil stay as recorded."""
    baseline = sum((t.figures.baseline * f for t, f in zip(tasks, factors, strict=True)), Fraction(0))
    manual = sum(
        (t.figures.remaining * f + t.figures.human + t.figures.new for t, f in zip(tasks, factors, strict=True)), Fraction(0)
    )
    return 1 - manual / baseline


def outlook(tasks: Sequence[Graded], goal: Fraction) -> Outlook | None:
    """The standing of a month; None while nothing has a baseline, or nothing is left of it at the low estimate."""
    known = [t for t in tasks if t.figures.baseline or t.figures.human or t.figures.new]
    if not any(t.figures.baseline * t.low for t in known):
        return None
    likely = _reduction(known, [ONE for _ in known])
    ends = [_reduction(known, [t.low for t in known]), likely, _reduction(known, [t.high for t in known])]
    stress = _reduction(known, [t.low if t.figures.gross else t.high for t in known])
    measured = graded_share(((t.grade, t.figures.gross) for t in known), "AB")
    return Outlook(verdict(min(ends), likely, goal, measured=measured), min(ends), likely, max(ends), stress, measured)
