"""A month as who prepares, approves or corrects it sees it: how it stands, what it lacks, what it would post."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from sqlalchemy import Connection, select

from temanashi.books import MonthFigures
from temanashi.books.closing import Closing, Prepared, closings, preparations, same_figures, void_closings
from temanashi.books.corrections import Correction, corrections
from temanashi.books.figures import Sums
from temanashi.books.prior import PriorEntry, differences
from temanashi.books.tasks import Frozen
from temanashi.calendars import BusinessCalendar, Month, nth_business_day
from temanashi.ledger.tables import ledger
from temanashi.workspace.closings import closing_records, figures_now, proof_of, restated_months, to_post
from temanashi.workspace.demanding import today_of
from temanashi.workspace.month_missing import Lack, lacks
from temanashi.workspace.opening import Installation
from temanashi.workspace.publishing import PublishedWorkspace

__all__ = ["DeskState", "MonthDesk", "cut_off", "month_desk", "month_to_close"]

DeskState = Literal["running", "open", "prepared", "closed"]


class MonthDesk(Frozen):
    """One month on its way to being closed.

    `due`: the day by which it should be closed; `figures`: as the ledger tells them now, for a closed month restated. `current`:
    the preparation still says what the ledger says. `entries` are what an open month would post about earlier ones;
    `differences`, of a closed month, restated less issued, posted or not. `corrections` are all of this month; `waiting` those of
    any month that nobody decided.
    """

    month: str
    state: DeskState
    due: date | None
    late: bool
    figures: MonthFigures
    closing: Closing | None
    prepared: Prepared | None
    current: bool
    lacking: tuple[Lack, ...]
    entries: tuple[PriorEntry, ...]
    differences: tuple[PriorEntry, ...]
    corrections: tuple[Correction, ...]
    waiting: tuple[Correction, ...]
    closed: tuple[str, ...]

    @property
    def refused(self) -> Prepared | None:
        """The last preparation where somebody refused it."""
        return self.prepared if self.prepared is not None and self.prepared.refused_by and self.closing is None else None


def cut_off(month: Month, nth: int, calendar: BusinessCalendar) -> date | None:
    """The day by which a month is to be closed: the nth business day of the next one; None where that has fewer."""
    return nth_business_day(month.next, nth, calendar)


def month_to_close(
    installation: Installation, connection: Connection, published: PublishedWorkspace | None, closed: tuple[str, ...]
) -> Month:
    """The month that is closed next: the one after the last closed month, but no later than last month; at first, last month.

    Where nothing was recorded yet in last month, and no minutes count for it, there is nothing to close: then the running month.
    """
    running = Month.of(today_of(installation))
    if closed:
        return min(Month.parse(closed[-1]).next, running.previous)
    first = connection.execute(select(ledger.c.recorded_at).where(ledger.c.seq == 1).limit(1)).scalar()
    zone = installation.settings.zone
    if first is not None and Month.of(datetime.fromisoformat(first).astimezone(zone).date()) < running:
        return running.previous
    empty = figures_now(installation, connection, published, running.previous).sums == Sums()
    return running if empty else running.previous


def month_desk(
    installation: Installation, connection: Connection, published: PublishedWorkspace | None, month: Month | None = None
) -> MonthDesk:
    """A month (default: the one that is closed next), read in the caller's snapshot. Raises ClosingUnreadable and LedgerError."""
    records, proof = closing_records(installation, connection), proof_of(installation, connection)
    closed = closings(records, proof)
    month = month or month_to_close(installation, connection, published, tuple(closed))
    closing, prepared = closed.get(str(month)), preparations(records, proof).get(str(month))
    figures = figures_now(installation, connection, published, month)
    restated = restated_months(installation, connection, published, closed)
    asked = corrections(records, proof)
    waiting = tuple(one for one in asked if one.state == "asked" and one.month in closed)
    entries = () if closing is not None else to_post(month, closed, restated)
    found = (
        ()
        if closing is not None or month.first > today_of(installation)
        else lacks(
            installation,
            connection,
            month,
            figures,
            closed=closed,
            void=void_closings(records, proof),
            waiting=[one.seq for one in waiting],
        )
    )
    calendar = published.calendar if published is not None else BusinessCalendar()
    due = cut_off(month, installation.settings.toil.close_business_day, calendar)
    return MonthDesk(
        month=str(month),
        state=_state(figures, closing, prepared),
        due=due,
        late=closing is None and due is not None and today_of(installation) > due,
        figures=figures,
        closing=closing,
        prepared=prepared,
        current=prepared is not None and same_figures(prepared.figures, figures) and prepared.prior == entries,
        lacking=found,
        entries=entries,
        differences=differences(closing.figures, restated.get(str(month), closing.figures)) if closing is not None else (),
        corrections=tuple(one for one in asked if one.month == str(month)),
        waiting=waiting,
        closed=tuple(closed),
    )


def _state(figures: MonthFigures, closing: Closing | None, prepared: Prepared | None) -> DeskState:
    if closing is not None:
        return "closed"
    if figures.running:
        return "running"
    return "prepared" if prepared is not None and not prepared.refused_by else "open"
