"""From a session's or a token's secret to who is there and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from sqlalchemy import Connection

from temanashi.people import Actor, People, Role
from temanashi.signin.faults import NameOfSomebodyElse
from temanashi.signin.rights import Right, rights_of, scoped
from temanashi.signin.roles import roles_of
from temanashi.signin.sessions import session_user
from temanashi.signin.tokens import find_token
from temanashi.signin.users import User, actor_of, read_user

__all__ = ["SignedIn", "of_session", "of_token", "uuid_of"]

USERS_SPACE = UUID("6f0b6d2e-3f6d-5b0e-9a4e-7d1f3a1c5e90")
"""Our own namespace (RFC 9562, version 5): Prefect keeps who asked under an id."""


def uuid_of(user: str) -> UUID:
    """The id under which Prefect keeps a user's runs; it stays, whatever the person is called."""
    return uuid5(USERS_SPACE, user)


@dataclass(frozen=True, kw_only=True)
class SignedIn:
    """Who is there. `user` is empty for a worker and for a ticket system. `one_time`: they must choose a password first.

    Without `has_password` they sign in elsewhere only. `lang` is the language that they chose, empty for the browser's.
    """

    user: str
    actor: Actor
    roles: frozenset[Role]
    rights: frozenset[Right]
    seen_at: datetime | None = None
    one_time: bool = False
    by_token: bool = False
    has_password: bool = True
    lang: str = ""

    @property
    def uuid(self) -> UUID:
        """Their id in Prefect."""
        return uuid_of(self.user)

    def may(self, *rights: Right) -> bool:
        """Whether they have one of these rights."""
        return not self.rights.isdisjoint(rights)


def of_session(
    connection: Connection, token: str, *, people: People, now: datetime, today: datetime, idle: timedelta
) -> SignedIn | None:
    """Whose session it is; None for one that has ended. `today` is the moment in the workspace's time zone."""
    found = session_user(connection, token, now=now, idle=idle)
    if found is None:
        return None
    user = read_user(connection, found[0])
    return _signed_in(user, people, today, seen_at=found[1])


def of_token(connection: Connection, secret: str, *, people: People, now: datetime, today: datetime) -> SignedIn | None:
    """Whose token it is; None for one that does not work (any more)."""
    token = find_token(connection, secret, now=now)
    if token is None:
        return None
    if not token.user:
        actor = Actor(name="worker" if "worker" in token.scopes else token.name, kind="system", assurance="verified")
        return SignedIn(user="", actor=actor, roles=frozenset(), rights=scoped(token.scopes, None), by_token=True)
    user = read_user(connection, token.user)
    who = None if user.one_time else _signed_in(user, people, today)
    if who is None:
        return None
    return SignedIn(user=who.user, actor=who.actor, roles=who.roles, rights=scoped(token.scopes, who.rights), by_token=True)


def _signed_in(user: User, people: People, today: datetime, *, seen_at: datetime | None = None) -> SignedIn | None:
    """None for somebody who has left, and for a name that is now another person's."""
    if user.id in people.people and not people.here(user.id, today.date()):
        return None
    try:
        actor = actor_of(user, people)
    except NameOfSomebodyElse:
        return None
    roles = roles_of(user, people)
    return SignedIn(
        user=user.id,
        actor=actor,
        roles=roles,
        rights=rights_of(roles),
        seen_at=seen_at,
        one_time=user.one_time,
        has_password=bool(user.password),
        lang=user.lang,
    )
