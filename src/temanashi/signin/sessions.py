"""Sessions: a random token in the browser, its hash in the database. They end by themselves, and can be ended."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from temanashi.signin.tables import SESSIONS, USERS

__all__ = [
    "OpenSession",
    "begin_session",
    "digest_of",
    "end_session",
    "end_sessions",
    "open_sessions",
    "session_hint",
    "session_user",
    "touch_session",
]

ID_LENGTH = 16
KEPT = timedelta(days=30)
"""Ended sessions are forgotten after this; sign-ins themselves are in the ledger."""


def digest_of(token: str) -> str:
    """What is stored of a token. It has 256 random bits, so that one plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def begin_session(connection: Connection, user: str, *, now: datetime, lasting: timedelta, address: str, hint: str = "") -> str:
    """A new session's token. `hint`: what the directory wants to hear when it ends."""
    connection.execute(delete(SESSIONS).where(SESSIONS.c.until < (now - KEPT).isoformat()))
    token = secrets.token_urlsafe(32)
    values = {"made_at": now.isoformat(), "seen_at": now.isoformat(), "until": (now + lasting).isoformat()}
    connection.execute(insert(SESSIONS).values(digest=digest_of(token), user=user, address=address, hint=hint or None, **values))
    return token


def session_user(connection: Connection, token: str, *, now: datetime, idle: timedelta) -> tuple[str, datetime] | None:
    """Whose session it is, and when it was last seen; None where it has ended, or its user may not sign in."""
    query = select(SESSIONS, USERS.c.state.label("standing")).join(USERS, USERS.c.id == SESSIONS.c.user)
    row = connection.execute(query.where(SESSIONS.c.digest == digest_of(token))).one_or_none()
    if row is None or row.ended_at is not None or row.standing != "active":
        return None
    seen = datetime.fromisoformat(row.seen_at)
    if now >= datetime.fromisoformat(row.until) or now >= seen + idle:
        return None
    return str(row.user), seen


@dataclass(frozen=True, kw_only=True)
class OpenSession:
    """A session that is going on. `id` names it and opens nothing."""

    id: str
    made_at: datetime
    seen_at: datetime
    address: str


def open_sessions(connection: Connection, user: str, *, now: datetime, idle: timedelta) -> list[OpenSession]:
    """A user's sessions that still work, the newest first."""
    query = select(SESSIONS).where((SESSIONS.c.user == user) & SESSIONS.c.ended_at.is_(None) & (SESSIONS.c.until > now.isoformat()))
    found = [
        OpenSession(
            id=row.digest[:ID_LENGTH],
            made_at=datetime.fromisoformat(row.made_at),
            seen_at=datetime.fromisoformat(row.seen_at),
            address=row.address or "",
        )
        for row in connection.execute(query.order_by(SESSIONS.c.made_at.desc(), SESSIONS.c.digest)).all()
    ]
    return [one for one in found if now < one.seen_at + idle]


def end_sessions(connection: Connection, user: str, *, now: datetime, but: str = "") -> int:
    """End every session of a user, `but` the one of this token; how many there were."""
    where = (SESSIONS.c.user == user) & SESSIONS.c.ended_at.is_(None) & (SESSIONS.c.digest != digest_of(but))
    return connection.execute(update(SESSIONS).where(where).values(ended_at=now.isoformat(), hint=None)).rowcount


def touch_session(connection: Connection, token: str, *, now: datetime) -> None:
    """Somebody is still there."""
    connection.execute(update(SESSIONS).where(SESSIONS.c.digest == digest_of(token)).values(seen_at=now.isoformat()))


def session_hint(connection: Connection, token: str) -> str:
    """What was kept of a session that began elsewhere; empty for one that has ended or began here."""
    return connection.scalar(select(SESSIONS.c.hint).where(SESSIONS.c.digest == digest_of(token))) or ""


def end_session(connection: Connection, token: str, *, now: datetime) -> str | None:
    """End it; whose it was, None where there was none."""
    where = (SESSIONS.c.digest == digest_of(token)) & SESSIONS.c.ended_at.is_(None)
    user = connection.execute(select(SESSIONS.c.user).where(where)).scalar()
    connection.execute(update(SESSIONS).where(where).values(ended_at=now.isoformat(), hint=None))
    return user
