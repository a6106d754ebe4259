"""Users: who may sign in, under which name the record knows them, and their passwords."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, insert, select, update

from temanashi.people import Actor, Channel, People, Role
from temanashi.signin.book import Book
from temanashi.signin.faults import BadUserId, LastAdmin, NameOfSomebodyElse, NoSuchUser, OldPassword, UserExists
from temanashi.signin.passwords import check_strength, is_password, kept
from temanashi.signin.tables import GROUP_ROLES, ROLES, SESSIONS, TOKENS, USERS

__all__ = ["User", "actor_of", "add_user", "admins", "disable_user", "enable_user", "list_users", "read_user", "set_password"]

USER_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")


@dataclass(frozen=True, kw_only=True)
class User:
    """Somebody who may sign in. `id` is their id in people.yaml too, where they are listed there. `roles` are those given here.

    `group_roles` come from groups of another directory. Without a `password` they sign in there only. `lang` is the
    language that they chose, empty for the browser's.
    """

    id: str
    name: str
    state: Literal["active", "disabled"]
    one_time: bool
    roles: tuple[str, ...]
    made_at: datetime
    signed_in_at: datetime | None
    password: str
    group_roles: tuple[str, ...] = ()
    lang: str = ""


def read_user(connection: Connection, user: str) -> User:
    """One user; raises NoSuchUser."""
    row = connection.execute(select(USERS).where(USERS.c.id == user)).one_or_none()
    if row is None:
        raise NoSuchUser(user, connection.scalars(select(USERS.c.id)).all())
    return _user(connection, row)


def list_users(connection: Connection) -> list[User]:
    """Every user, in order of id."""
    return [_user(connection, row) for row in connection.execute(select(USERS).order_by(USERS.c.id)).all()]


def _user(connection: Connection, row: Any) -> User:
    roles = connection.scalars(select(ROLES.c.role).where(ROLES.c.user == row.id).order_by(ROLES.c.role)).all()
    grouped = connection.scalars(select(GROUP_ROLES.c.role).where(GROUP_ROLES.c.user == row.id).distinct()).all()
    return User(
        id=row.id,
        name=row.name,
        state=row.state,
        one_time=bool(row.one_time),
        roles=tuple(roles),
        made_at=datetime.fromisoformat(row.made_at),
        signed_in_at=datetime.fromisoformat(row.signed_in_at) if row.signed_in_at else None,
        password=row.password,
        group_roles=tuple(sorted(grouped)),
        lang=row.lang or "",
    )


def actor_of(user: User, people: People) -> Actor:
    """A user as the record names them: as listed, else under a name that is nobody else's; raises NameOfSomebodyElse."""
    if user.id in people.people:
        return Actor(name=people.name(user.id), assurance="verified", account=user.id)
    for name in (user.name, user.id):
        if people.find(name) is None:
            return Actor(name=name, assurance="verified", account=user.id)
    raise NameOfSomebodyElse(user.id, user.name, people.name(people.find(user.id) or ""))


def add_user(
    book: Book,
    connection: Connection,
    user: str,
    *,
    password: str,
    people: People,
    actor: Actor,
    channel: Channel,
    name: str = "",
    roles: Collection[Role] = (),
    one_time: bool = True,
) -> User:
    """A new user; raises BadUserId, UserExists, NameOfSomebodyElse and WeakPassword. `one_time`: changed at the first sign-in.

    `roles` are given at once: only those that a caller may give without a second person.
    """
    if not USER_ID.fullmatch(user):
        raise BadUserId(user)
    if connection.execute(select(USERS.c.id).where(USERS.c.id == user)).scalar() is not None:
        raise UserExists(user)
    known = " ".join((people.name(user) if user in people.people else name or user).split())[:100] or user
    owner = people.find(known)
    if owner not in {None, user}:
        raise NameOfSomebodyElse(user, known, people.name(owner or ""))
    check_strength(password, names=(user, known))
    now = book.now().isoformat()
    values = {"id": user, "name": known, "password": kept(password), "state": "active", "one_time": int(one_time)}
    connection.execute(insert(USERS).values(**values, made_at=now, changed_at=now))
    for role in sorted(set(roles)):
        connection.execute(insert(ROLES).values(user=user, role=role, given_at=now))
    book.note(connection, "user-added", actor=actor, channel=channel, user=user, name=known, roles=sorted(set(roles)))
    return read_user(connection, user)


def set_password(
    book: Book, connection: Connection, user: str, password: str, *, actor: Actor, channel: Channel, one_time: bool = False
) -> None:
    """Another password; every session and token of the user ends. Raises NoSuchUser, WeakPassword and OldPassword."""
    found = read_user(connection, user)
    check_strength(password, names=(found.id, found.name))
    if is_password(password, found.password):
        raise OldPassword
    values = {"password": kept(password), "one_time": int(one_time), "changed_at": book.now().isoformat()}
    connection.execute(update(USERS).where(USERS.c.id == user).values(**values))
    _put_out(book, connection, user)
    book.note(connection, "password-changed", actor=actor, channel=channel, user=user, one_time=one_time or None)


def disable_user(book: Book, connection: Connection, user: str, *, actor: Actor, channel: Channel, reason: str = "") -> None:
    """They are signed out everywhere and may not sign in again; raises NoSuchUser and LastAdmin."""
    read_user(connection, user)
    if admins(connection) == {user}:
        raise LastAdmin(user)
    connection.execute(update(USERS).where(USERS.c.id == user).values(state="disabled", changed_at=book.now().isoformat()))
    _put_out(book, connection, user)
    book.note(connection, "user-disabled", actor=actor, channel=channel, reason=reason, user=user)


def enable_user(book: Book, connection: Connection, user: str, *, actor: Actor, channel: Channel, reason: str = "") -> None:
    """They may sign in again; raises NoSuchUser."""
    read_user(connection, user)
    connection.execute(update(USERS).where(USERS.c.id == user).values(state="active", changed_at=book.now().isoformat()))
    book.note(connection, "user-enabled", actor=actor, channel=channel, reason=reason, user=user)


def admins(connection: Connection, *, of_groups: bool = False) -> set[str]:
    """The active users to whom the role `admin` was given; `of_groups`: and those who have it from a group elsewhere."""
    found: set[str] = set()
    for table in (ROLES, *([GROUP_ROLES] if of_groups else [])):
        query = select(table.c.user).join(USERS, USERS.c.id == table.c.user)
        found |= set(connection.scalars(query.where((table.c.role == "admin") & (USERS.c.state == "active"))).all())
    return found


def _put_out(book: Book, connection: Connection, user: str) -> None:
    now = book.now().isoformat()
    connection.execute(update(SESSIONS).where((SESSIONS.c.user == user) & SESSIONS.c.ended_at.is_(None)).values(ended_at=now))
    connection.execute(update(TOKENS).where((TOKENS.c.user == user) & TOKENS.c.ended_at.is_(None)).values(ended_at=now))
