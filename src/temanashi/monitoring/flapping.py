"""Flapping as Icinga 2 measures it: the share of changes among the last 20 results, later ones weighing more.

https://icinga.com/docs/icinga-2/latest/doc/08-advanced-topics/#check-flapping, whose example gives 39.1 %.
"""

from __future__ import annotations

__all__ = ["ENTER", "LEAVE", "SLOTS", "flapping_percent", "is_flapping", "remembered"]

SLOTS = 20
ENTER, LEAVE = 30.0, 25.0
_LIGHTEST, _STEP = 80, 2  # hundredths, so that the sum is exact


def remembered(slots: str, *, changed: bool) -> str:
    """The last 20 results, the oldest first: `1` where the verdict had changed, `0` where not."""
    return (slots + ("1" if changed else "0"))[-SLOTS:]


def flapping_percent(slots: str) -> float:
    """0 to 99: the weighted share of changes; with fewer than 20 results those that are missing count as no change."""
    padded = slots.rjust(SLOTS, "0")
    return sum(_LIGHTEST + _STEP * place for place, slot in enumerate(padded) if slot == "1") / SLOTS


def is_flapping(slots: str, *, before: bool) -> bool:
    """Whether it flaps: it begins above 30 % and ends below 25 %."""
    percent = flapping_percent(slots)
    return percent >= LEAVE if before else percent > ENTER
