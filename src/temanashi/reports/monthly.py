"""The monthly report as data: the month's figures and what makes them believable."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt
from sqlalchemy import Connection

from temanashi.books import MonthFigures, ProposedTask, month_figures, read_month
from temanashi.calendars import BusinessCalendar, Month
from temanashi.ledger.ledger import Ledger

__all__ = ["CheckpointSeen", "LedgerHead", "MonthlyReport", "monthly_report"]


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


class MonthlyReport(_Frozen):
    """Everything that the page and its other faces say."""

    format: int = Field(default=1, description="of the JSON face; raised when a meaning changes")
    company: str = ""
    timezone: str = "Asia/Tokyo"
    figures: MonthFigures
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
) -> MonthlyReport:
    """The report of a month from the ledger, read in the caller's snapshot (`database.reading()`)."""
    head = ledger.head(connection)
    records = read_month(ledger, connection, month, zone=zone)
    return MonthlyReport(
        company=company,
        timezone=zone.key,
        figures=month_figures(records, tasks, month, now=now, zone=zone, goal=goal, calendar=calendar),
        head=LedgerHead(chain=ledger.chain, seq=head.seq, hash=head.hash),
        checkpoint=max(checkpoints, key=lambda seen: (seen.seq, seen.number), default=None),
    )
