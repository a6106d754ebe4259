"""The monthly report as data: the month's figures and what makes them believable."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveFloat
from sqlalchemy import Connection

from temanashi.books import (
    Investment,
    MonthFigures,
    OperationsFigures,
    ProposedTask,
    RoadmapFigures,
    history,
    invested_by_month,
)
from temanashi.calendars import BusinessCalendar, Month
from temanashi.ledger.ledger import Ledger
from temanashi.reports.closing_seen import ClosingSeen
from temanashi.reports.investment_seen import InvestmentSeen, investment_seen
from temanashi.reports.next_best import NextBest, next_best
from temanashi.reports.team import of_team, teams_of
from temanashi.reports.trend import MOST_MONTHS, Projected, Span, TrendMonth, projections, spans, trend_of
from temanashi.text.local import Lang

__all__ = ["CheckpointSeen", "LedgerHead", "MonthlyReport", "Workday", "monthly_report"]

MOST_INVESTED = 60
"""Months back to the first investment that are read for its payback."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LedgerHead(_Frozen):
    """Where the ledger ended when the figures were read; `seq` 0 is an empty ledger."""

    chain: str = "main"
    seq: NonNegativeInt = 0
    hash: str = ""


class CheckpointSeen(_Frozen):
    """The latest signed checkpoint outside the database."""

    number: NonNegativeInt
    seq: NonNegativeInt
    at: datetime


class Workday(_Frozen):
    """What one person works: hours a day and days a month, for 人日 and 人月."""

    hours_per_day: PositiveFloat = 8
    days_per_month: PositiveFloat = 20


class MonthlyReport(_Frozen):
    """Everything that the page and its other faces say.

    `team`: only the tasks of this owner are in it; `teams` are the owners to choose from. `sample`: made up for a demonstration.
    """

    format: int = Field(default=1, description="of the JSON face; raised when a meaning changes")
    company: str = ""
    timezone: str = "Asia/Tokyo"
    sample: bool = False
    team: str = ""
    teams: tuple[str, ...] = ()
    workday: Workday = Workday()
    figures: MonthFigures
    trend: tuple[TrendMonth, ...] = ()
    forecast: tuple[Projected, ...] = ()
    spans: tuple[Span, ...] = ()
    next_best: tuple[NextBest, ...] = ()
    investment: InvestmentSeen | None = None
    roadmap: RoadmapFigures | None = None
    operations: OperationsFigures | None = None
    topics: dict[Lang, str] = Field(default_factory=dict, description="the month's topic as Markdown, by language")
    closing: ClosingSeen | None = None
    head: LedgerHead = LedgerHead()
    checkpoint: CheckpointSeen | None = None

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of its days."""
        return ZoneInfo(self.timezone)

    @property
    def empty(self) -> bool:
        """Nothing was ever signed or run: there is no result to show yet."""
        return not self.figures.signed and not self.figures.runs_seen

    def with_months(self, months: Iterable[TrendMonth]) -> MonthlyReport:
        """The same report with the months before it, and what follows from them; those after its own month are left out."""
        trend = trend_of(one for one in months if one.month <= self.figures.month)
        return self.model_copy(update={"trend": trend, "forecast": projections(trend), "spans": spans(trend)})


def monthly_report(
    ledger: Ledger,
    connection: Connection,
    month: Month,
    *,
    tasks: Iterable[ProposedTask],
    now: datetime,
    zone: ZoneInfo,
    goal: float,
    calendar: BusinessCalendar,
    company: str = "",
    checkpoints: Sequence[CheckpointSeen] = (),
    workday: Workday | None = None,
    team: str = "",
    closed: Mapping[str, MonthFigures] | None = None,
    invested: Iterable[Investment] = (),
) -> MonthlyReport:
    """The report of a month from the ledger, read in the caller's snapshot (`database.reading()`).

    `closed`: sealed figures by month. `invested`: hours put into automation; the report of one team is without them.
    """
    head = ledger.head(connection)
    spent = invested_by_month(invested) if not team else {}
    months = _months(month, min(spent, default=month))
    lines = history(ledger, connection, months, tasks=tasks, now=now, zone=zone, goal=goal, calendar=calendar, closed=closed)
    whole = lines[-1].figures
    figures = of_team(whole, team) if team else whole
    report = MonthlyReport(
        company=company,
        timezone=zone.key,
        team=team,
        teams=teams_of(whole),
        workday=workday or Workday(),
        figures=figures,
        next_best=next_best(figures),
        investment=investment_seen([line.figures for line in lines], spent, month),
        head=LedgerHead(chain=ledger.chain, seq=head.seq, hash=head.hash),
        checkpoint=max(checkpoints, key=lambda seen: (seen.seq, seen.number), default=None),
    )
    return report.with_months(TrendMonth.of(of_team(line.figures, team) if team else line.figures, line.state) for line in lines)


def _months(month: Month, first: Month) -> list[Month]:
    """The months of the trend, or all since the first investment; those before it gave nothing to it."""
    since = (month.year - first.year) * 12 + month.month - first.month + 1
    return [month.shift(-ago) for ago in reversed(range(min(max(MOST_MONTHS, since), MOST_INVESTED)))]
