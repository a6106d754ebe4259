"""temanashi's own users and tokens as a place with accounts: what leavers and reviews must not forget."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection

from temanashi.accounts.reviews.population import Entry, Target
from temanashi.people import People
from temanashi.signin.roles import roles_of
from temanashi.signin.tokens import Token, list_tokens
from temanashi.signin.users import User, list_users

__all__ = ["OWN", "TOKEN", "own_target"]

OWN = "temanashi"
"""Where and kind of it; no host or directory is called so."""

TOKEN = "token:"  # noqa: S105  (how a token's line begins, no secret)
POWERFUL = frozenset({"admin", "publisher", "emergency"})
"""Roles that change what everybody else may do, or act without approval; a worker's token is like them."""


def own_target(connection: Connection, people: People, *, now: datetime) -> Target:
    """Every user and every token that was not revoked; of a token its name, scopes and end, never its secret."""
    users = [_user(user, people) for user in list_users(connection)]
    tokens = [_token(token) for token in list_tokens(connection) if token.ended_at is None]
    return Target(where=OWN, kind=OWN, query="users, tokens", taken_at=now.astimezone(UTC), entries=(*users, *tokens))


def _user(user: User, people: People) -> Entry:
    roles = sorted(roles_of(user, people))
    return Entry(
        login=user.id,
        native_id=user.id,
        name=user.name,
        enabled=user.state == "active",
        password="set" if user.password else "none",
        groups=tuple(roles),
        privileged=", ".join(role for role in roles if role in POWERFUL),
        last_seen=user.signed_in_at.astimezone(UTC) if user.signed_in_at else "never",
    )


def _token(token: Token) -> Entry:
    return Entry(
        login=f"{TOKEN}{token.id}",
        native_id=token.id,
        kind="service",
        name=token.name,
        owner=token.user,
        expires_on=token.until.astimezone(UTC).date() if token.until else None,
        groups=tuple(sorted(token.scopes)),
        privileged="worker" if "worker" in token.scopes else "",
        last_seen=token.seen_at.astimezone(UTC) if token.seen_at else "never",
    )
