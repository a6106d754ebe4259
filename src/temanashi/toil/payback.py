"""When the hours put into automation have come back."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from temanashi.calendars import Month

__all__ = ["Invested", "Payback", "payback"]

RECENT = 3


class Invested(NamedTuple):
    """A month's seconds: what automation gave net of people's time, what upkeep took, what building took."""

    month: Month
    net_operating: int
    maintenance: int = 0
    investment: int = 0

    @property
    def net(self) -> int:
        """What the month gave after upkeep, before building."""
        return self.net_operating - self.maintenance


class Payback(NamedTuple):
    """Cumulative seconds month by month, the month they came back (None: not yet), and how long after the first investment."""

    cumulative: tuple[int, ...]
    month: Month | None
    months_after: int | None


def payback(months: Sequence[Invested]) -> Payback:
    """The first month since the first investment whose cumulative is not negative; none while the last 3 months give nothing."""
    ordered = sorted(months)
    cumulative = tuple(accumulate(m.net - m.investment for m in ordered))
    start = next((i for i, m in enumerate(ordered) if m.investment), None)
    if start is None or sum(m.net for m in ordered[-RECENT:]) <= 0:
        return Payback(cumulative, None, None)
    back = next((i for i in range(start, len(ordered)) if cumulative[i] >= 0), None)
    if back is None:
        return Payback(cumulative, None, None)
    first, month = ordered[start].month, ordered[back].month
    return Payback(cumulative, month, (month.year - first.year) * 12 + month.month - first.month)
