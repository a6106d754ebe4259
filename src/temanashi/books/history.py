"""Many months side by side: a closed month as it was sealed, an open one as the ledger tells it now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from temanashi.books.collecting import without_collecting
from temanashi.books.figures import MonthFigures
from temanashi.books.months import month_figures
from temanashi.books.reading import read_materials
from temanashi.books.tasks import Frozen, ProposedTask
from temanashi.calendars import BusinessCalendar, Month
from temanashi.ledger.ledger import Ledger

__all__ = ["MonthLine", "MonthState", "history"]

MonthState = Literal["closed", "open", "running"]
"""Closed months were sealed and never change; open ones are over and may still change; the running one is not over."""


class MonthLine(Frozen):
    """One month of a history, with its figures and whether they are final."""

    month: str
    figures: MonthFigures
    state: MonthState


@without_collecting()
def history(
    ledger: Ledger,
    connection: Connection,
    months: Sequence[Month],
    *,
    tasks: Iterable[ProposedTask],
    now: datetime,
    zone: ZoneInfo,
    goal: float,
    calendar: BusinessCalendar,
    closed: Mapping[str, MonthFigures] | None = None,
) -> tuple[MonthLine, ...]:
    """A line for each of the months, in their order. `closed` holds sealed figures by month ("2026-10"): those are not computed."""
    sealed = closed or {}
    wanted = [month for month in months if str(month) not in sealed]
    proposed = tuple(tasks)
    material = read_materials(ledger, connection, wanted, zone=zone)

    def line(month: Month) -> MonthLine:
        if (final := sealed.get(str(month))) is not None:
            return MonthLine(month=str(month), figures=final, state="closed")
        figures = month_figures(material[month], proposed, month, now=now, zone=zone, goal=goal, calendar=calendar)
        return MonthLine(month=str(month), figures=figures, state="running" if figures.running else "open")

    return tuple(line(month) for month in months)
