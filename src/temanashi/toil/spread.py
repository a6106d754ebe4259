"""How samples are spread: quartiles and median, exact."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

__all__ = ["Spread", "spread"]


class Spread(NamedTuple):
    """Number of samples, lower quartile, median and upper quartile; the distance of the quartiles is `iqr`."""

    samples: int
    low: Fraction
    median: Fraction
    high: Fraction

    @property
    def iqr(self) -> Fraction:
        """The interquartile range: half of the samples lie within it."""
        return self.high - self.low


def spread(samples: Sequence[int]) -> Spread | None:
    """Quartiles by linear interpolation (Hyndman and Fan 1996, type 7, as spreadsheets do); None of nothing."""
    ordered = sorted(samples)
    if not ordered:
        return None
    return Spread(len(ordered), *(_quantile(ordered, Fraction(quarter, 4)) for quarter in (1, 2, 3)))


def _quantile(ordered: Sequence[int], share: Fraction) -> Fraction:
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])
