"""Where the manual hours go if they go on like this."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from temanashi.calendars import Month

__all__ = ["forecast"]

FEWEST = 3
MOST = 6


def _index(month: Month) -> int:
    return month.year * 12 + month.month


def forecast(manual: Mapping[Month, int], goal: Month) -> Fraction | None:
    """H of the goal month in seconds, not below 0: least squares through the last 6 of the complete months given.

    None with fewer than 3 months. The running month is never among those given.
    """
    points = [(_index(month), manual[month]) for month in sorted(manual)[-MOST:]]
    if len(points) < FEWEST:
        return None
    mean_x = Fraction(sum(x for x, _ in points), len(points))
    mean_y = Fraction(sum(y for _, y in points), len(points))
    spread = sum(((x - mean_x) * (x - mean_x) for x, _ in points), Fraction(0))
    slope = sum(((x - mean_x) * (y - mean_y) for x, y in points), Fraction(0)) / spread
    return max(mean_y + slope * (_index(goal) - mean_x), Fraction(0))
