"""Access that ends: written together with the intent that gives it, so that none is given without being known.

What a target ends by itself is closed by it even while we are not there; all of it is ended by us as well, to the minute.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Column, Connection, Integer, MetaData, Table, Text, insert, select, update

from temanashi.changes import Change
from temanashi.runs.tables import RUNS

__all__ = ["ACCESS_ENDS", "AccessEnd", "EndState", "end_moment", "note_ends", "read_ends", "set_end"]

EndState = Literal["open", "ended", "dropped"]
"""`dropped`: it need not end any more, because it was given for good, was never given, or was taken back."""

_TEXTS = ("login", "target", "directory", "group_name", "ends_at", "state", "run", "step")
_MORE = ("made_at", "tried_at", "told_at", "ended_at", "ended_by", "reason")
ACCESS_ENDS = Table(
    "access_ends",
    MetaData(),
    Column("id", Text, primary_key=True),
    *(Column(name, Text) for name in (*_TEXTS, *_MORE)),
    *(Column(name, Integer) for name in ("iteration", "tries")),
)
"""`group_name` is empty where the account itself is closed at the end."""


@dataclass(frozen=True, kw_only=True)
class AccessEnd:
    """One end: of an account, or of its membership in a group, at a target."""

    id: str
    login: str
    target: str
    directory: str
    group: str
    ends_at: datetime
    state: EndState
    run: str
    step: str
    iteration: int
    tries: int
    tried_at: datetime | None
    told: bool
    ended_at: datetime | None
    ended_by: str
    reason: str


def end_moment(text: str, zone: ZoneInfo) -> datetime:
    """The moment that `2027-03-31` (its last second and no more) or `2027-03-31T18:00` means in a zone, in UTC."""
    if "T" in text:
        return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)
    return datetime.combine(date.fromisoformat(text) + timedelta(days=1), time(), zone).astimezone(UTC)


def note_ends(connection: Connection, run: str, changes: Iterable[Change], *, now: datetime, zone: ZoneInfo) -> None:
    """Write what ends of what these changes are about to give, and forget ends of what they give for good or take back."""
    for change in changes:
        wish = change.payload.get("wish")
        if change.kind != "accounts" or wish is None:
            continue
        ends = change.payload.get("ends")
        if wish["do"] == "restore":
            _forget_undone(connection, run, change, wish["login"], now)
        elif ends is None:
            _forget_for_good(connection, change, wish, now)
        else:
            _write(connection, run, change, wish["login"], ends, now, zone)


def _write(
    connection: Connection, run: str, change: Change, login: str, ends: dict[str, Any], now: datetime, zone: ZoneInfo
) -> None:
    at = end_moment(ends["at"], zone).isoformat()
    wanted = [""] if ends["do"] == "disable" else [*ends["groups"], *ends.get("kept", ())]
    known = {one.group: one for one in read_ends(connection, login=login, target=change.target)}
    for group in wanted:
        # Who has been in a group for good stays in it; who is there for a time may stay longer, or shorter.
        if group in known:
            values = {"ends_at": at, "tries": 0, "tried_at": None, "run": run, "step": change.step, "iteration": change.iteration}
            if group in ends.get("kept", ()):
                values = {"ends_at": at, "tries": 0, "tried_at": None}
            set_end(connection, known[group].id, **values)
        elif group not in ends.get("kept", ()):
            connection.execute(insert(ACCESS_ENDS).values(_row(run, change, login, group, at, now)))


def _row(run: str, change: Change, login: str, group: str, at: str, now: datetime) -> dict[str, Any]:
    return {
        "id": secrets.token_hex(8),
        "login": login,
        "target": change.target,
        "directory": change.payload["directory"],
        "group_name": group,
        "ends_at": at,
        "state": "open",
        "run": run,
        "step": change.step,
        "iteration": change.iteration,
        "made_at": now.isoformat(),
        "tries": 0,
    }


def _forget_for_good(connection: Connection, change: Change, wish: dict[str, Any], now: datetime) -> None:
    groups = {*wish["groups"]} if wish["do"] in {"join", "set", "enable"} else set()
    # Nobody who is closed at once is closed again later, and who is to stay for good is not closed at all.
    stays = wish["do"] == "enable" or wish["expires_on"] == "never"
    for one in read_ends(connection, login=wish["login"], target=change.target):
        if one.group in groups or (not one.group and stays):
            set_end(connection, one.id, state="dropped", ended_at=now.isoformat())


def _forget_undone(connection: Connection, run: str, change: Change, login: str, now: datetime) -> None:
    origin = connection.execute(select(RUNS.c.origin).where(RUNS.c.id == run)).scalar() or ""
    for one in read_ends(connection, login=login, target=change.target):
        if origin == f"undo:{one.run}" or run == one.run:  # of a whole run, or of one that failed and rolls back
            set_end(connection, one.id, state="dropped", ended_at=now.isoformat())


def read_ends(
    connection: Connection, *, states: Sequence[EndState] = ("open",), login: str = "", target: str = ""
) -> list[AccessEnd]:
    """Ends in these states, the earliest first; `login` and `target` where they are given."""
    query = select(ACCESS_ENDS).where(ACCESS_ENDS.c.state.in_(states))
    for column, value in ((ACCESS_ENDS.c.login, login), (ACCESS_ENDS.c.target, target)):
        query = query.where(column == value) if value else query
    return [_end(row) for row in connection.execute(query.order_by(ACCESS_ENDS.c.ends_at, ACCESS_ENDS.c.id))]


def set_end(connection: Connection, number: str, **values: Any) -> None:
    """Change some columns of one end."""
    connection.execute(update(ACCESS_ENDS).where(ACCESS_ENDS.c.id == number).values(**values))


def _end(row: Any) -> AccessEnd:
    def moment(text: str | None) -> datetime | None:
        return datetime.fromisoformat(text) if text else None

    return AccessEnd(
        id=row.id,
        login=row.login,
        target=row.target,
        directory=row.directory,
        group=row.group_name,
        ends_at=datetime.fromisoformat(row.ends_at),
        state=row.state,
        run=row.run or "",
        step=row.step or "",
        iteration=row.iteration,
        tries=row.tries,
        tried_at=moment(row.tried_at),
        told=row.told_at is not None,
        ended_at=moment(row.ended_at),
        ended_by=row.ended_by or "",
        reason=row.reason or "",
    )
