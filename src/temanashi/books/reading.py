"""The ledger's records that a month's figures need: the only part of the books that reads a database."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from temanashi.books.demand import Register, registered
from temanashi.calendars import Month
from temanashi.ledger.ledger import Ledger
from temanashi.ledger.records import Kind, Record

__all__ = ["needed", "read_baselines", "read_investment", "read_month", "read_register", "read_samples"]

LAID_DOWN: tuple[Kind, ...] = ("task_version", "demand")
WORK: tuple[Kind, ...] = ("run_finished", "decision", "step_done")


def read_baselines(ledger: Ledger, connection: Connection) -> list[Record]:
    """Every record that signs the minutes of a task."""
    return list(ledger.records(connection, kinds=("task_version",)))


def read_investment(ledger: Ledger, connection: Connection) -> list[Record]:
    """Every record of hours that were put into automation."""
    return list(ledger.records(connection, kinds=("investment",)))


def read_month(ledger: Ledger, connection: Connection, month: Month, *, zone: ZoneInfo) -> list[Record]:
    """Signatures and demand of all times, and what runs did since the month began, without the bodies that figures do not need.

    Late work may serve an earlier day; work never serves a later month.
    """
    begin = _beginning(month, zone)
    laid_down = ledger.records(connection, kinds=LAID_DOWN)
    work = ledger.records(connection, kinds=WORK, since=begin, bodies_too=False)
    return [*laid_down, *work]


def needed(records: Iterable[Record], month: Month, *, zone: ZoneInfo) -> list[Record]:
    """Of the records that were read for an earlier month, those that `read_month` would read for this one."""
    begin = _beginning(month, zone)
    return [record for record in records if record.draft.kind in LAID_DOWN or record.recorded_at >= begin]


def _beginning(month: Month, zone: ZoneInfo) -> datetime:
    return datetime.combine(month.first, time.min, tzinfo=zone).astimezone(UTC)


def read_register(
    ledger: Ledger, connection: Connection, *, zone: ZoneInfo, since: Month | None = None, task: str = "", slot: str = ""
) -> Register:
    """The register of demand: of all times, or what was recorded since a month began. No occasion is recorded before its day."""
    begin = _beginning(since, zone) if since is not None else None
    return registered(ledger.records(connection, kinds=("demand",), since=begin, task=task, slot=slot), zone)


def read_samples(ledger: Ledger, connection: Connection, task: str) -> list[Record]:
    """What tells how long people worked on a task: its ended runs and steps, its demand, and decisions with their bodies."""
    told = ledger.records(connection, kinds=("decision", "demand"), task=task)
    ended = ledger.records(connection, kinds=("run_finished", "step_done"), task=task, bodies_too=False)
    return [*told, *ended]
