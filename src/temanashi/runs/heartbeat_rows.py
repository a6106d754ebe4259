"""What was last heard of jobs that tell of themselves: rows of a table, found by name or by the token of a ping."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Integer, MetaData, Table, Text, select, update

from temanashi.checks.means import Heartbeat

__all__ = ["HEARTBEATS", "SAID_LIMIT", "Ping", "hear", "heartbeat_named", "heartbeats", "token_digest"]

SAID_LIMIT = 10_000
"""Characters of what a job says that are kept."""

_TIMES = ("started_at", "ended_at", "succeeded_at")
HEARTBEATS = Table(
    "heartbeats",
    MetaData(),
    Column("name", Text, primary_key=True),
    *(Column(name, Text) for name in ("token", "made_at", "made_by", *_TIMES, "said")),
    *(Column(name, Integer) for name in ("exit", "pings")),
)


@dataclass(frozen=True, kw_only=True)
class Ping:
    """What a job tells: that it begins (`exit` None), or that it ended, with its exit status; and perhaps a text."""

    exit: int | None
    said: str = ""


def hear(connection: Connection, token: str, ping: Ping, *, now: datetime) -> bool:
    """Write down a ping; False when nobody has that token."""
    at = now.isoformat()
    values: dict[str, Any] = {"pings": HEARTBEATS.c.pings + 1}
    if ping.exit is None:
        values |= {"started_at": at}
    else:
        values |= {"ended_at": at, "exit": ping.exit, "said": ping.said[:SAID_LIMIT].replace("\x00", "\ufffd")}
        values |= {"succeeded_at": at} if ping.exit == 0 else {}
    done = connection.execute(update(HEARTBEATS).where(HEARTBEATS.c.token == token_digest(token)).values(**values))
    return done.rowcount == 1


def heartbeats(connection: Connection) -> list[Heartbeat]:
    """All of them, by name."""
    return [_heartbeat(row) for row in connection.execute(select(HEARTBEATS).order_by(HEARTBEATS.c.name))]


def heartbeat_named(connection: Connection, name: str) -> Heartbeat | None:
    """The one of a name."""
    row = connection.execute(select(HEARTBEATS).where(HEARTBEATS.c.name == name)).first()
    return None if row is None else _heartbeat(row)


def _heartbeat(row: Any) -> Heartbeat:
    times = {name: datetime.fromisoformat(text) for name in ("made_at", *_TIMES) if (text := getattr(row, name))}
    return Heartbeat(name=row.name, exit=row.exit, said=row.said, **times)


def token_digest(token: str) -> str:
    """What is kept of a token: its 192 random bits need no salt and no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
