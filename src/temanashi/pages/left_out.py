"""What the home page says of schedules: what did not run, and what is held or skipped."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from temanashi.calendars import day_of
from temanashi.runs.expected import OccurrenceState
from temanashi.runs.holds import Hold, Skip, open_holds, open_skips
from temanashi.text import LocalText, Phrase
from temanashi.workspace.expected_day import did_not_run
from temanashi.workspace.opening import Installation
from temanashi.workspace.publishing import PublishedWorkspace

__all__ = ["LeftOut", "MissedLine", "left_out_lately"]

LATELY = timedelta(days=3)
MOST = 10


@dataclass(frozen=True, kw_only=True)
class MissedLine:
    """An occurrence that did not run."""

    name: str
    title: LocalText | None
    at: datetime
    state: OccurrenceState
    reason: Phrase | None


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """What did not run lately, the newest first, and what persons hold and skip."""

    missed: tuple[MissedLine, ...]
    holds: tuple[Hold, ...]
    skips: tuple[Skip, ...]


def left_out_lately(connection: Connection, installation: Installation, published: PublishedWorkspace | None) -> LeftOut:
    """Of the last three days, and from now on."""
    now = installation.clock.now()
    runbooks = published.runbooks if published is not None else {}
    missed = tuple(
        MissedLine(
            name=row.name,
            title=runbooks[row.runbook].title if row.runbook in runbooks else None,
            at=row.at,
            state=row.state,
            reason=row.reason,
        )
        for row in did_not_run(connection, now - LATELY)[:MOST]
    )
    skips = tuple(open_skips(connection, day_of(now, installation.settings.zone)))
    return LeftOut(missed=missed, holds=tuple(open_holds(connection, now)), skips=skips)
