"""Tokens for programs: shown once, stored hashed, and revocable. One of a person acts as that person, within its scopes."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from temanashi.people import Actor, Channel
from temanashi.signin.book import Book
from temanashi.signin.faults import NoSuchToken, UnknownScope
from temanashi.signin.rights import NOBODYS, SCOPES, Scope
from temanashi.signin.sessions import digest_of
from temanashi.signin.tables import TOKENS, USERS
from temanashi.signin.users import read_user

__all__ = ["PREFIX", "Token", "find_token", "list_tokens", "make_token", "revoke_token", "scope_named"]

PREFIX = "tema_"
"""Tokens begin so, that they are found where they were left by mistake."""


@dataclass(frozen=True, kw_only=True)
class Token:
    """A token without its secret. `user` is empty for one of a worker or a ticket system, which is nobody's."""

    id: str
    name: str
    user: str
    scopes: tuple[Scope, ...]
    made_by: str
    made_at: datetime
    until: datetime | None
    seen_at: datetime | None
    ended_at: datetime | None


def scope_named(word: str) -> Scope:
    """The scope of a word; raises UnknownScope."""
    found = next((scope for scope in SCOPES if scope == word), None)
    if found is None:
        raise UnknownScope(word, SCOPES)
    return found


def make_token(
    book: Book,
    connection: Connection,
    name: str,
    *,
    user: str,
    scopes: Collection[Scope],
    until: datetime | None,
    actor: Actor,
    channel: Channel,
) -> tuple[Token, str]:
    """A new token and its secret, which nothing else knows. Raises NoSuchUser, and UnknownScope for `worker` of a person."""
    if user:
        read_user(connection, user)
    allowed = [scope for scope in SCOPES if (scope != "worker" if user else scope in NOBODYS)]
    wrong = [scope for scope in scopes if scope not in allowed] if user or "worker" not in scopes else []
    if wrong or not scopes:
        raise UnknownScope(wrong[0] if wrong else "-", allowed)
    secret, ident = PREFIX + secrets.token_urlsafe(32), secrets.token_hex(4)
    connection.execute(
        insert(TOKENS).values(
            id=ident,
            digest=digest_of(secret),
            user=user or None,
            name=" ".join(name.split())[:100] or ident,
            scopes=" ".join(sorted(set(scopes))),
            made_by=actor.name,
            made_at=book.now().isoformat(),
            until=until.isoformat() if until is not None else None,
        )
    )
    book.note(connection, "token-made", actor=actor, channel=channel, token=ident, user=user, scopes=sorted(set(scopes)))
    return _token(connection.execute(select(TOKENS).where(TOKENS.c.id == ident)).one()), secret


def list_tokens(connection: Connection, *, user: str | None = None) -> list[Token]:
    """Every token that still works or did, the newest first; of one user, where one is named."""
    query = select(TOKENS) if user is None else select(TOKENS).where(TOKENS.c.user == user)
    return [_token(row) for row in connection.execute(query.order_by(TOKENS.c.made_at.desc(), TOKENS.c.id)).all()]


def revoke_token(book: Book, connection: Connection, token: str, *, actor: Actor, channel: Channel) -> Token:
    """End it now; raises NoSuchToken."""
    where = (TOKENS.c.id == token) & TOKENS.c.ended_at.is_(None)
    row = connection.execute(select(TOKENS).where(where)).one_or_none()
    if row is None:
        raise NoSuchToken(token)
    connection.execute(update(TOKENS).where(where).values(ended_at=book.now().isoformat()))
    book.note(connection, "token-revoked", actor=actor, channel=channel, token=token, user=row.user)
    return _token(connection.execute(select(TOKENS).where(TOKENS.c.id == token)).one())


def find_token(connection: Connection, secret: str, *, now: datetime) -> Token | None:
    """The token of a secret; None where it was revoked, is over, or belongs to somebody who may not sign in."""
    query = select(TOKENS, USERS.c.state.label("standing")).outerjoin(USERS, USERS.c.id == TOKENS.c.user)
    row = connection.execute(query.where(TOKENS.c.digest == digest_of(secret))).one_or_none()
    if row is None or row.ended_at is not None or (row.user is not None and row.standing != "active"):
        return None
    found = _token(row)
    return None if found.until is not None and now >= found.until else found


def _token(row: Any) -> Token:
    def moment(name: str) -> datetime | None:
        value = row._mapping[name]  # noqa: SLF001  (SQLAlchemy's name for it)
        return datetime.fromisoformat(value) if value else None

    return Token(
        id=row.id,
        name=row.name,
        user=row.user or "",
        scopes=tuple(scope_named(word) for word in row.scopes.split()),
        made_by=row.made_by,
        made_at=datetime.fromisoformat(row.made_at),
        until=moment("until"),
        seen_at=moment("seen_at"),
        ended_at=moment("ended_at"),
    )
