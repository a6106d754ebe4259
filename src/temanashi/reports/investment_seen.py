"""What was put into automation, what came back, and when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydantic import BaseModel, ConfigDict, NonNegativeInt

from temanashi.books import MonthFigures, Spent, payback_of
from temanashi.calendars import Month

__all__ = ["InvestmentSeen", "investment_seen"]


class InvestmentSeen(BaseModel):
    """Seconds of the month and up to its end; `net_seconds` is what came back less what was put in.

    `payback`: the month in which it had come back; empty: not yet.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    month_build_seconds: NonNegativeInt
    month_upkeep_seconds: NonNegativeInt
    build_seconds: NonNegativeInt
    upkeep_seconds: NonNegativeInt
    gained_seconds: int
    net_seconds: int
    since: str
    payback: str = ""
    months_after: int | None = None


def investment_seen(figures: Iterable[MonthFigures], spent: Mapping[Month, Spent], month: Month) -> InvestmentSeen | None:
    """From the months' figures (those up to `month`) and what was spent in each; None of nothing spent."""
    known = {of: own for of, own in spent.items() if of < month or of == month}
    if not known:
        return None
    net = {}
    for own in figures:
        of = Month.parse(own.month)
        if not (of < min(known) or month < of):
            net[of] = own.sums.credited_seconds - own.sums.human_seconds
    back = payback_of(net, known)
    now = known.get(month, Spent())
    build, upkeep = sum(one.build for one in known.values()), sum(one.upkeep for one in known.values())
    return InvestmentSeen(
        month_build_seconds=now.build,
        month_upkeep_seconds=now.upkeep,
        build_seconds=build,
        upkeep_seconds=upkeep,
        gained_seconds=sum(net.values()),
        net_seconds=sum(net.values()) - build - upkeep,
        since=str(min(known)),
        payback=str(back.month) if back.month else "",
        months_after=back.months_after,
    )
