"""How much of the plan was done, and how much time there is for it."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

__all__ = ["Planned", "achievement", "improvement_capacity"]


class Planned(NamedTuple):
    """An item of the roadmap: planned seconds, and whether it is done. In progress is not done."""

    seconds: int
    done: bool


def achievement(items: Iterable[Planned]) -> Fraction | None:
    """Planned seconds of done items / planned seconds of all items given (those due, or the year's); None of nothing."""
    known = list(items)
    whole = sum(item.seconds for item in known)
    return Fraction(sum(item.seconds for item in known if item.done), whole) if whole else None


def improvement_capacity(members: int, business_days: int, seconds_a_day: int) -> int:
    """Seconds for improvement: members * business days * seconds a day."""
    return members * business_days * seconds_a_day
