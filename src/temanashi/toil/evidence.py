"""How well a task's minutes are known: grades A to D, and the low, likely and high value that each grade allows."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal, NamedTuple

from temanashi.toil.student import t_quantile

__all__ = ["Estimated", "Grade", "Measured", "Range", "Weighed", "graded_share", "weigh"]

Grade = Literal["A", "B", "C", "D"]

ENOUGH_SAMPLES = 5
FRESH_MONTHS = 12


class Range(NamedTuple):
    """Low, likely and high seconds; low <= likely <= high. Exact, so that sums and comparisons are."""

    low: Fraction
    likely: Fraction
    high: Fraction

    def times(self, units: int) -> Range:
        """The range of so many units: a plain product, the worst case."""
        return Range(*(value * units for value in self))

    @property
    def factors(self) -> tuple[Fraction, Fraction]:
        """Low and high as shares of likely; (1, 1) of nothing."""
        return (self.low / self.likely, self.high / self.likely) if self.likely else (Fraction(1), Fraction(1))


@dataclass(frozen=True, slots=True)
class Measured:
    """Samples in seconds, and the age of the newest in months."""

    seconds: tuple[int, ...]
    newest_age_months: int = 0


@dataclass(frozen=True, slots=True)
class Estimated:
    """What a person says: one number of seconds or three points (low, likely, high). Without author and date it is no evidence."""

    seconds: int | tuple[int, int, int]
    author: str = ""
    day: date | None = None


class Weighed(NamedTuple):
    """A grade, and the range of seconds; a range of nothing for grade D."""

    grade: Grade
    range: Range


NOTHING = Weighed("D", Range(Fraction(0), Fraction(0), Fraction(0)))


def weigh(evidence: Measured | Estimated | None) -> Weighed:
    """Grade A: 5 or more samples, the newest at most 12 months old. B: fewer or older. C: a dated, signed estimate. D: nothing."""
    if isinstance(evidence, Measured) and evidence.seconds:
        fresh = evidence.newest_age_months <= FRESH_MONTHS
        return _interval(evidence.seconds) if fresh and len(evidence.seconds) >= ENOUGH_SAMPLES else _spread(evidence.seconds)
    if isinstance(evidence, Estimated) and evidence.author and evidence.day:
        return _points(evidence.seconds)
    return NOTHING


def _interval(seconds: tuple[int, ...]) -> Weighed:
    """Mean -/+ t(0.95, n-1) * s / sqrt(n): a two-sided 90% interval, not below 0."""
    n = len(seconds)
    mean = Fraction(sum(seconds), n)
    variance = sum((Fraction(s) - mean) ** 2 for s in seconds) / (n - 1)
    half = Fraction(t_quantile(n - 1) * math.sqrt(variance / n))
    return Weighed("A", Range(max(mean - half, Fraction(0)), mean, mean + half))


def _spread(seconds: tuple[int, ...]) -> Weighed:
    """Few samples say little: at least 30% either way."""
    mean = Fraction(sum(seconds), len(seconds))
    low = min(Fraction(min(seconds)), mean * Fraction(7, 10))
    return Weighed("B", Range(low, mean, max(Fraction(max(seconds)), mean * Fraction(13, 10))))


def _points(seconds: int | tuple[int, int, int]) -> Weighed:
    """The author's three points, else half as much either way. Points out of order are put in order: likely is the middle one."""
    if isinstance(seconds, int):
        return Weighed("C", Range(Fraction(seconds, 2), Fraction(seconds), Fraction(seconds * 3, 2)))
    return Weighed("C", Range(*(Fraction(s) for s in sorted(seconds))))


def graded_share(gross: Iterable[tuple[Grade, int]], grades: str) -> Fraction | None:
    """The share of the credit whose grade is one of `grades` ("A", "AB"); None without credit."""
    pairs = list(gross)
    whole = sum(seconds for _, seconds in pairs)
    return Fraction(sum(seconds for grade, seconds in pairs if grade in grades), whole) if whole else None
