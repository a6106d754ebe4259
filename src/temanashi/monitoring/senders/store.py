"""What is known of the alerts of a group, in the database."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, or_, select

from temanashi.monitoring.senders.following import Known
from temanashi.monitoring.store import moment, stamp, upsert
from temanashi.monitoring.tables import ALERT_MEMBERS

__all__ = ["forget_members", "read_members", "write_members"]

LOOKED_AT = timedelta(days=60)
"""What is over for longer takes no part any more, unless it is told again."""
AT_ONCE = 500


def read_members(connection: Connection, group: str, told: Collection[str], *, now: datetime) -> list[Known]:
    """Alerts of a group: those that are open or were lately, and those that are told now."""
    mine = ALERT_MEMBERS.c.group_id == group
    lately = or_(ALERT_MEMBERS.c.over == 0, ALERT_MEMBERS.c.seen_at >= stamp(now - LOOKED_AT))
    found = {row.member: _known(row) for row in connection.execute(select(ALERT_MEMBERS).where(mine, lately))}
    rest = sorted(set(told) - set(found))
    for first in range(0, len(rest), AT_ONCE):
        some = ALERT_MEMBERS.c.member.in_(rest[first : first + AT_ONCE])
        found |= {row.member: _known(row) for row in connection.execute(select(ALERT_MEMBERS).where(mine, some))}
    return [found[name] for name in sorted(found)]


def write_members(connection: Connection, group: str, members: Iterable[Known], *, now: datetime) -> None:
    """Keep alerts as they are now."""
    rows = [
        {
            "group_id": group,
            "member": one.member,
            "incident": one.incident,
            "started": stamp(one.started) if one.started is not None else None,
            "ended": stamp(one.ended) if one.ended is not None else None,
            "acked": stamp(one.acked) if one.acked is not None else None,
            "seen_at": stamp(now),
            "over": int(one.over),
        }
        for one in members
    ]
    upsert(connection, ALERT_MEMBERS, rows)


def forget_members(connection: Connection, before: datetime) -> None:
    """Forget alerts that have been over for long; what was told of them is in the ledger."""
    old = (ALERT_MEMBERS.c.over == 1, ALERT_MEMBERS.c.seen_at < stamp(before))
    connection.execute(delete(ALERT_MEMBERS).where(*old))


def _known(row: Any) -> Known:
    times = {name: moment(getattr(row, name)) for name in ("started", "ended", "acked")}
    return Known(member=row.member, incident=row.incident, over=bool(row.over), **times)
