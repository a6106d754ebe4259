"""Roles given to users beside those of people.yaml. One person may give what lets somebody see; for more it takes two."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, delete, insert, select, update

from temanashi.ledger.chain import event_id
from temanashi.people import ROLES as EVERY
from temanashi.people import Actor, Channel, People, Role
from temanashi.signin.book import Book
from temanashi.signin.faults import LastAdmin, NoRoleRequest, NotAdmin, OwnRoleRequest, UnknownRole
from temanashi.signin.tables import GROUP_ROLES, REQUESTS, ROLES
from temanashi.signin.users import User, admins, read_user

__all__ = [
    "ALONE",
    "RoleRequest",
    "ask_role",
    "decide_role",
    "may_decide_role",
    "role_named",
    "role_requests",
    "roles_of",
    "with_given",
]

ALONE: frozenset[Role] = frozenset({"viewer", "staff"})
"""Roles that one person may give: they change nothing of anybody else's."""

Verb = Literal["give", "take"]


@dataclass(frozen=True, kw_only=True)
class RoleRequest:
    """A change of roles that somebody asked for."""

    id: str
    user: str
    role: Role
    verb: Verb
    asked_by: Actor
    asked_at: datetime


def role_named(word: str) -> Role:
    """The role of a word; raises UnknownRole."""
    found = next((role for role in EVERY if role == word), None)
    if found is None:
        raise UnknownRole(word, EVERY)
    return found


def roles_of(user: User, people: People) -> frozenset[Role]:
    """What a user may be: roles given here, those of their groups, and those that people.yaml gives to the person of this id."""
    listed = {role for role in people.roles if user.id in people.members((f"role:{role}",))}
    return frozenset({role for role in EVERY if role in (*user.roles, *user.group_roles)} | listed)


def with_given(connection: Connection, people: People) -> People:
    """The listed people, with the roles that they were given here: `role:` words of runbooks mean these too."""
    given = connection.execute(select(ROLES.c.user, ROLES.c.role).union(select(GROUP_ROLES.c.user, GROUP_ROLES.c.role))).all()
    roles = {role: tuple(words) for role, words in people.roles.items()}
    for row in given:
        if row.user in people.people:
            role = role_named(row.role)
            roles[role] = (*roles.get(role, ()), row.user)
    return people if not given else people.model_copy(update={"roles": roles})


def role_requests(connection: Connection) -> list[RoleRequest]:
    """Changes that wait for a second person, the oldest first."""
    rows = connection.execute(select(REQUESTS).where(REQUESTS.c.state == "open").order_by(REQUESTS.c.id)).all()
    return [_request(row) for row in rows]


def ask_role(
    book: Book, connection: Connection, user: str, role: Role, verb: Verb, *, actor: Actor, people: People, channel: Channel
) -> RoleRequest | None:
    """Ask for a change; None where it was made at once. Taking a role away takes one person: it only makes somebody less.

    Raises NoSuchUser, LastAdmin, and NotAdmin for who signed in and is none.
    """
    read_user(connection, user)
    _check_admin(connection, actor, people)
    if verb == "take" and role == "admin" and admins(connection) == {user}:
        raise LastAdmin(user)
    if verb == "take" or role in ALONE:
        _change(book, connection, user, role, verb)
        event: Literal["role-given", "role-taken"] = "role-given" if verb == "give" else "role-taken"
        book.note(connection, event, actor=actor, channel=channel, user=user, role=role)
        return None
    now = book.now()
    asked = RoleRequest(id=event_id(now, secrets.token_bytes(10)), user=user, role=role, verb=verb, asked_by=actor, asked_at=now)
    same = (REQUESTS.c.user == user) & (REQUESTS.c.role == role) & (REQUESTS.c.state == "open")
    connection.execute(update(REQUESTS).where(same).values(state="replaced"))
    values = {"id": asked.id, "user": user, "role": role, "verb": verb, "state": "open", "asked_at": now.isoformat()}
    connection.execute(insert(REQUESTS).values(**values, asked_by=actor.model_dump_json()))
    book.note(connection, "role-asked", actor=actor, channel=channel, user=user, role=role, request=asked.id)
    return asked


def decide_role(
    book: Book,
    connection: Connection,
    request: str,
    *,
    yes: bool,
    actor: Actor,
    people: People,
    channel: Channel,
) -> RoleRequest:
    """The second person's word; raises NoRoleRequest, NotAdmin, and OwnRoleRequest where it is the first person's again.

    Somebody proved is second only to somebody proved: a name that anybody could have typed is no first person. Who gets the role
    may agree themselves only where there is no other admin than who asked. Anybody may decline, who asked too.
    """
    row = connection.execute(select(REQUESTS).where((REQUESTS.c.id == request) & (REQUESTS.c.state == "open"))).one_or_none()
    if row is None:
        raise NoRoleRequest(request)
    asked = _request(row)
    if yes:
        _check_second(connection, asked, actor, people)
        _change(book, connection, asked.user, asked.role, asked.verb)
    done = {"state": "done" if yes else "declined", "decided_by": actor.model_dump_json(), "decided_at": book.now().isoformat()}
    connection.execute(update(REQUESTS).where(REQUESTS.c.id == request).values(**done))
    event: Literal["role-given", "role-declined"] = "role-given" if yes else "role-declined"
    told = {"user": asked.user, "role": asked.role, "request": request, "asked_by": asked.asked_by.name}
    book.note(connection, event, actor=actor, channel=channel, **told)
    return asked


def may_decide_role(connection: Connection, asked: RoleRequest, actor: Actor, people: People) -> bool:
    """Whether somebody may be the second person."""
    try:
        _check_second(connection, asked, actor, people)
    except (NotAdmin, OwnRoleRequest):
        return False
    return True


def _check_second(connection: Connection, asked: RoleRequest, actor: Actor, people: People) -> None:
    mine, first = people.identities(actor), people.identities(asked.asked_by)
    known = {user: people.identity(user) for user in admins(connection, of_groups=True)}
    others = {user for user, identity in known.items() if identity not in first}
    itself = people.identity(asked.user) in mine
    unproved = actor.assurance == "verified" and asked.asked_by.assurance != "verified"
    if actor.kind != "person" or mine & first or unproved or (itself and others - {asked.user}):
        raise OwnRoleRequest(actor.name)
    if not itself:
        _check_admin(connection, actor, people)


def _check_admin(connection: Connection, actor: Actor, people: People) -> None:
    """Raise NotAdmin for a person who signed in and is none. Without sign-in nobody's roles are known."""
    if actor.kind == "person" and actor.assurance == "verified":
        user = read_user(connection, actor.account)
        if "admin" not in roles_of(user, people):
            raise NotAdmin(actor.name)


def _change(book: Book, connection: Connection, user: str, role: Role, verb: Verb) -> None:
    where = (ROLES.c.user == user) & (ROLES.c.role == role)
    connection.execute(delete(ROLES).where(where))
    if verb == "give":
        connection.execute(insert(ROLES).values(user=user, role=role, given_at=book.now().isoformat()))


def _request(row: Any) -> RoleRequest:
    return RoleRequest(
        id=row.id,
        user=row.user,
        role=role_named(row.role),
        verb="give" if row.verb == "give" else "take",
        asked_by=Actor.model_validate_json(row.asked_by),
        asked_at=datetime.fromisoformat(row.asked_at),
    )
