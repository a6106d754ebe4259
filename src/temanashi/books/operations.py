"""What operations tell of a month: incidents, alerts, how soon people knew and how soon it was over, and figures of systems."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import floor
from statistics import median
from zoneinfo import ZoneInfo

from pydantic import Field, NonNegativeInt

from temanashi.books.incidents import AlertSeen, Incident, alerts_of, incidents_of
from temanashi.books.kpi import KpiLine
from temanashi.books.tasks import Frozen
from temanashi.calendars import Month
from temanashi.ledger.records import Record

__all__ = ["OperationsFigures", "SystemLine", "Times", "operations_figures"]


class Times(Frozen):
    """Seconds over the `n` incidents of which both ends are known: mean and median, None where there is none.

    `open` did not come so far yet (nobody knew, it is not over), and of `unknown` a time is not known or cannot be.
    """

    n: NonNegativeInt = 0
    mean: int | None = None
    median: int | None = None
    open: NonNegativeInt = 0
    unknown: NonNegativeInt = 0


class SystemLine(Frozen):
    """A system's month; `system` is empty for incidents of which nobody said whose they are."""

    system: str
    incidents: NonNegativeInt = 0
    open: NonNegativeInt = 0
    alerts: NonNegativeInt = 0
    mttr: Times = Times()


class OperationsFigures(Frozen):
    """One month. Incidents count in the month in which they began, alerts in that in which each of them began.

    `unassigned` are incidents from alerts for which no rule names an owner; `truncated` alerts that senders left out of what they
    told; `odd` counts incidents by flag; `topic` is the month's Markdown, empty where nobody wrote one.
    """

    month: str
    incidents: NonNegativeInt = 0
    open: NonNegativeInt = 0
    unassigned: NonNegativeInt = 0
    alerts: NonNegativeInt = 0
    truncated: NonNegativeInt = 0
    odd: dict[str, NonNegativeInt] = Field(default_factory=dict)
    by_system: tuple[SystemLine, ...] = ()
    mtta: Times = Times()
    mttr: Times = Times()
    kpi: tuple[KpiLine, ...] = ()
    topic: str = ""

    @property
    def empty(self) -> bool:
        """Nothing to show: no incident, no alert, no figure of a system and no topic."""
        return not (self.incidents or self.alerts or self.kpi or self.topic)


def operations_figures(
    records: Iterable[Record], month: Month, *, zone: ZoneInfo, kpi: Sequence[KpiLine] = (), topic: str = ""
) -> OperationsFigures:
    """The month's figures from records of kinds `incident` and `alert`; others are passed over."""
    told = list(records)
    mine = [one for one in incidents_of(told, zone).values() if one.day in month]
    alerts = alerts_of(told, zone)
    counted = Counter(seen.system for seen in alerts for day in seen.days if day in month)
    systems = sorted({*(one.system for one in mine), *counted}, key=lambda name: (not name, name))
    return OperationsFigures(
        month=str(month),
        incidents=len(mine),
        open=sum(not one.over for one in mine),
        unassigned=sum(one.unassigned for one in mine),
        alerts=sum(counted.values()),
        truncated=_truncated(alerts, month),
        odd=dict(sorted(Counter(flag for one in mine for flag in one.flags).items())),
        by_system=tuple(_line(name, [one for one in mine if one.system == name], counted[name]) for name in systems),
        mtta=_acknowledging(mine),
        mttr=_resolving(mine),
        kpi=tuple(kpi),
        topic=topic,
    )


def _line(name: str, mine: list[Incident], alerts: int) -> SystemLine:
    waiting = sum(not one.over for one in mine)
    return SystemLine(system=name, incidents=len(mine), open=waiting, alerts=alerts, mttr=_resolving(mine))


def _truncated(alerts: Iterable[AlertSeen], month: Month) -> int:
    """Each delivery of a group tells how many are left out of it: the most of any counts, not their sum."""
    most: dict[str, int] = {}
    for seen in alerts:
        if any(day in month for day in seen.days):
            most[seen.incident] = max(most.get(seen.incident, 0), seen.truncated)
    return sum(most.values())


def _acknowledging(mine: Iterable[Incident]) -> Times:
    every = list(mine)
    known = [one for one in every if one.known]
    return _times([one.ack_seconds for one in known], waiting=len(every) - len(known))


def _resolving(mine: Iterable[Incident]) -> Times:
    every = list(mine)
    over = [one for one in every if one.over]
    return _times([one.resolve_seconds for one in over], waiting=len(every) - len(over))


def _times(told: list[int | None], *, waiting: int) -> Times:
    seconds = [one for one in told if one is not None]
    spread = {"n": len(seconds), "open": waiting, "unknown": len(told) - len(seconds)}
    if not seconds:
        return Times(**spread)
    return Times(**spread, mean=_rounded(Fraction(sum(seconds), len(seconds))), median=_rounded(Fraction(median(seconds))))


def _rounded(seconds: Fraction) -> int:
    return floor(seconds + Fraction(1, 2))
