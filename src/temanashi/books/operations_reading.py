"""The ledger's records that operations figures need."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from temanashi.calendars import Month
from temanashi.ledger.ledger import Ledger
from temanashi.ledger.records import Record

__all__ = ["read_measured", "read_operations"]


def read_operations(
    ledger: Ledger, connection: Connection, since: Month | None, *, zone: ZoneInfo, incident: str = ""
) -> list[Record]:
    """What was told of incidents and alerts since a month began, or of one incident at all times. None is told before it began."""
    begin = datetime.combine(since.first, time.min, tzinfo=zone).astimezone(UTC) if since is not None else None
    return list(ledger.records(connection, kinds=("incident", "alert"), since=begin, slot=incident))


def read_measured(ledger: Ledger, connection: Connection, month: Month, runbooks: Iterable[str], *, zone: ZoneInfo) -> list[Record]:
    """What steps of some runbooks found since a month began, until the day after it ended: a run may end after midnight."""
    begin = datetime.combine(month.first, time.min, tzinfo=zone).astimezone(UTC)
    end = datetime.combine(month.last, time.min, tzinfo=zone).astimezone(UTC) + timedelta(days=2)
    return [
        record
        for runbook in sorted(set(runbooks))
        for record in ledger.records(connection, kinds=("step_done",), since=begin, until=end, runbook=runbook, mode="live")
    ]
