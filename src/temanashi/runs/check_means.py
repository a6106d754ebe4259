"""What the checks of a run may use: the run's secrets, the business days of the live version, and heartbeats."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from temanashi.calendars import BusinessCalendar, SiteCalendars
from temanashi.calendars.site import COMPANY
from temanashi.checks.means import Heartbeat, Means
from temanashi.ledger.database import Database
from temanashi.runs.directory import Directory
from temanashi.runs.heartbeat_rows import heartbeat_named

__all__ = ["check_means"]


def check_means(
    database: Database, *, secret: Callable[[str], str], zone: ZoneInfo, directory: Callable[[Connection], Directory]
) -> Means:
    """Means that read the database only when a check asks for something in it."""

    def heartbeat(name: str) -> Heartbeat | None:
        with database.reading() as connection:
            return heartbeat_named(connection, name)

    return Means(secret=secret, zone=zone, calendar=_Calendars(database, directory), heartbeat=heartbeat)


class _Calendars:
    """Calendars by name, read once: the checks of one step see one calendar."""

    def __init__(self, database: Database, directory: Callable[[Connection], Directory]) -> None:
        self._database, self._directory = database, directory
        self._company: BusinessCalendar | None = None

    def __call__(self, name: str) -> BusinessCalendar:
        """The calendar; raises UnknownCalendar and LedgerError."""
        if self._company is None:
            with self._database.reading() as connection:
                self._company = self._directory(connection).calendar
        if isinstance(self._company, SiteCalendars):
            return self._company.calendar(name)
        return self._company if name == COMPANY else SiteCalendars().calendar(name)
