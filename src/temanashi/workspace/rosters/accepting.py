"""Rosters that were carried out: what is known from them the next time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Column, Connection, MetaData, Table, Text, delete, insert, select

from temanashi.accounts.roster import Roster
from temanashi.runs.access_ends import read_ends
from temanashi.runs.tables import RUNS
from temanashi.workspace.rosters.batch import APPLY
from temanashi.workspace.rosters.comparing import Known

__all__ = ["ROSTERS", "keep_roster", "known_before"]

ROSTERS = Table(
    "rosters",
    MetaData(),
    Column("digest", Text, primary_key=True),
    *(Column(name, Text) for name in ("source", "accepted_at", "accepted_by", "run", "people")),
)
"""One row a file that somebody looked at. It counts as accepted when a run of it began to do something."""

BEGUN = ("running", "done", "failed", "unknown")


def keep_roster(connection: Connection, roster: Roster, *, by: str, now: datetime) -> None:
    """Keep who stands on a roster, so that whoever is missing on a later one is known; nothing else of it is kept."""
    people = [[one.employee, one.login] for one in roster.people] + [[one.employee, one.login] for one in roster.problems]
    connection.execute(delete(ROSTERS).where(ROSTERS.c.digest == roster.digest))
    values = {"digest": roster.digest, "source": roster.source, "accepted_at": now.isoformat(), "accepted_by": by, "run": ""}
    connection.execute(insert(ROSTERS).values(**values, people=json.dumps(people)))


def known_before(connection: Connection, zone: ZoneInfo) -> Known:
    """Everybody who stood on a roster that was carried out, how many the last one had, and which accounts end on which day."""
    begun = _begun(connection)
    rows = {row.digest: row for row in connection.execute(select(ROSTERS))}
    accepted = [rows[digest] for digest in begun if digest in rows]
    people = [[tuple(one) for one in json.loads(row.people)] for row in accepted]
    return Known(
        people=len(people[0]) if people else None,
        logins=frozenset(login for each in people for _, login in each if login),
        employees=frozenset(number for each in people for number, _ in each if number),
        ends=_ends(connection, zone),
    )


def _begun(connection: Connection) -> list[str]:
    """Digests of rosters whose run began, the newest first."""
    query = select(RUNS.c.frozen).where(RUNS.c.runbook == APPLY, RUNS.c.state.in_(BEGUN), RUNS.c.mode == "live")
    found: dict[str, None] = {}
    for row in connection.execute(query.order_by(RUNS.c.requested_at.desc())):
        inputs: Mapping[str, Any] = json.loads(row.frozen).get("inputs", {})
        if digest := inputs.get("roster"):
            found.setdefault(str(digest), None)
    return list(found)


def _ends(connection: Connection, zone: ZoneInfo) -> dict[tuple[str, str], date]:
    """The last day of accounts that are to be closed."""
    found: dict[tuple[str, str], date] = {}
    for one in read_ends(connection):
        if not one.group:
            moment = one.ends_at.astimezone(zone)
            # An end at midnight is the end of the day before.
            last = moment.date() if moment.time() > moment.min.time() else date.fromordinal(moment.toordinal() - 1)
            found[one.login, one.target] = last
    return found
