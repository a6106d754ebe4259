"""Somebody whom another directory vouches for comes in: as the user whose account that is, with the roles of their groups."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from sqlalchemy import Connection, delete, insert, select, update

from temanashi.people import Actor, Channel, People, Role, folded
from temanashi.signin.book import Book
from temanashi.signin.directory_faults import BadOutsideName, NameTaken, NotAdmitted
from temanashi.signin.faults import NameOfSomebodyElse
from temanashi.signin.roles import roles_of
from temanashi.signin.tables import GROUP_ROLES, LINKS, USERS
from temanashi.signin.users import USER_ID, User, read_user

__all__ = ["WAYS", "Vouched", "Way", "admit", "allow_link", "follow_groups"]

Way = Literal["oidc", "ldap"]
WAYS: tuple[Way, ...] = ("oidc", "ldap")


@dataclass(frozen=True, kw_only=True)
class Vouched:
    """Whom a directory vouches for. `subject` is its name for them that never changes; `username` and `name` may."""

    way: Way
    directory: str
    subject: str
    username: str
    name: str
    groups: frozenset[str]


def admit(book: Book, who: Vouched, roles: Collection[Role], *, people: People, today: date) -> User:
    """The user whom they are here, made on first sight, with exactly these roles from groups; changes are on the record.

    Raises BadOutsideName, NameTaken, NameOfSomebodyElse and NotAdmitted.
    """
    with book.database.transaction() as connection:
        known = _linked(connection, who) or _expected(book, connection, who, people)
        user = known or _new(book, connection, who, people)
        _remember_name(connection, who, user)
        follow_groups(book, connection, who, user, frozenset(roles))
        found = read_user(connection, user)
        gone = user in people.people and not people.here(user, today)
        admitted = found.state == "active" and not gone and bool(roles_of(found, people))
        if not admitted and known is None:
            raise NotAdmitted(who.username)  # and nothing of them is kept
    if not admitted:
        raise NotAdmitted(who.username)  # after their lost roles are
    return found


def allow_link(
    book: Book,
    connection: Connection,
    user: str,
    way: Way,
    directory: str,
    *,
    actor: Actor,
    channel: Channel,
    reason: str = "",
) -> None:
    """Whoever signs in there under this name next is this user from then on; raises NoSuchUser."""
    read_user(connection, user)
    connection.execute(delete(LINKS).where((LINKS.c.user == user) & (LINKS.c.way == way)))
    connection.execute(insert(LINKS).values(user=user, way=way, directory=directory, subject=None, made_at=book.now().isoformat()))
    book.note(connection, "link-allowed", actor=actor, channel=channel, reason=reason, user=user, way=way, directory=directory)


def _linked(connection: Connection, who: Vouched) -> str | None:
    same = (LINKS.c.way == who.way) & (LINKS.c.directory == who.directory) & (LINKS.c.subject == who.subject)
    found: str | None = connection.scalar(select(LINKS.c.user).where(same))
    return found


def _user_id(who: Vouched, people: People) -> str:
    """The id in people.yaml of whose user name it is there; else the user name. Names that people write are not looked at."""
    name = re.sub(r"\s", "", who.username).lower()
    if not USER_ID.fullmatch(name):
        raise BadOutsideName(who.username)
    owners = (person for person, entry in people.people.items() if folded(name) in {folded(one) for one in entry.os})
    return name if name in people.people else next(owners, name)


def _expected(book: Book, connection: Connection, who: Vouched, people: People) -> str | None:
    """A user for whom an administrator allowed this."""
    user = _user_id(who, people)
    open_ = (LINKS.c.user == user) & (LINKS.c.way == who.way) & LINKS.c.subject.is_(None) & (LINKS.c.directory == who.directory)
    if connection.execute(update(LINKS).where(open_).values(subject=who.subject)).rowcount != 1:
        return None
    _note(book, connection, who, "account-linked", user=user, subject=who.subject)
    return user


def _new(book: Book, connection: Connection, who: Vouched, people: People) -> str:
    user, now = _user_id(who, people), book.now().isoformat()
    if connection.scalar(select(USERS.c.id).where(USERS.c.id == user)) is not None:
        raise NameTaken(user)
    name = " ".join((people.name(user) if user in people.people else who.name or user).split())[:100] or user
    owner = people.find(name)
    if owner not in {None, user}:
        raise NameOfSomebodyElse(user, name, people.name(owner or ""))
    values: dict[str, Any] = {"id": user, "name": name, "password": "", "state": "active", "one_time": 0}
    connection.execute(insert(USERS).values(**values, made_at=now, changed_at=now))
    link = {"user": user, "way": who.way, "directory": who.directory, "subject": who.subject, "made_at": now}
    connection.execute(insert(LINKS).values(**link))
    _note(book, connection, who, "user-added", user=user, name=name, subject=who.subject)
    return user


def _remember_name(connection: Connection, who: Vouched, user: str) -> None:
    """Under which name to ask for them again."""
    mine = (LINKS.c.user == user) & (LINKS.c.way == who.way)
    connection.execute(update(LINKS).where(mine).values(username=who.username))


def follow_groups(book: Book, connection: Connection, who: Vouched, user: str, wanted: frozenset[Role]) -> None:
    """Give and take roles until the user has exactly these from this directory; each change is on the record."""
    mine = (GROUP_ROLES.c.user == user) & (GROUP_ROLES.c.way == who.way)
    had = set(connection.scalars(select(GROUP_ROLES.c.role).where(mine)).all())
    for role in sorted(had - wanted):
        connection.execute(delete(GROUP_ROLES).where(mine & (GROUP_ROLES.c.role == role)))
        _note(book, connection, who, "role-taken", user=user, role=role)
    for role in sorted(wanted - had):
        connection.execute(insert(GROUP_ROLES).values(user=user, role=role, way=who.way, given_at=book.now().isoformat()))
        _note(book, connection, who, "role-given", user=user, role=role)


def _note(book: Book, connection: Connection, who: Vouched, event: Any, **body: Any) -> None:
    """Nobody at this end did it: the directory says so."""
    actor = Actor(name=who.way, kind="system", assurance="verified")
    book.note(connection, event, actor=actor, channel="page", **body, way=who.way, directory=who.directory)
