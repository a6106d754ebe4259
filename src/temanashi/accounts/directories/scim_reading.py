"""Users and groups of a service that speaks SCIM, as a snapshot."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from temanashi.accounts.directories.scim_attributes import (
    ENTERPRISE,
    Garbled,
    entries,
    flag,
    identifier,
    moment,
    text,
)
from temanashi.accounts.directories.scim_client import ScimClient
from temanashi.accounts.directories.scim_faults import ScimBroken, ScimNotFound, ScimRefused
from temanashi.accounts.directories.scim_listing import listed
from temanashi.accounts.directories.scim_settings import LOGIN, ScimSettings
from temanashi.accounts.faults import IncompleteRead
from temanashi.accounts.model import Account, Scope, Snapshot
from temanashi.canonical import canonical_json
from temanashi.text.local import phrase

__all__ = ["EMPLOYEE_PATHS", "Group", "display_name", "facts_of", "groups_of", "read_snapshot", "user_name", "users_named"]

EMPLOYEE_PATHS: Mapping[str, str] = {"externalId": "externalId", "employeeNumber": f"{ENTERPRISE}:employeeNumber"}
NO_FILTER = frozenset({400, 501})
"""What services answer that cannot search."""

NO_GROUPS = 501


@dataclass(frozen=True)
class Group:
    """A group; `members` are ids of users, `nested` of groups in it."""

    id: str
    name: str
    members: frozenset[str]
    nested: frozenset[str]


def user_name(settings: ScimSettings, login: str) -> str:
    """What a login is called there."""
    return settings.user_name.replace(LOGIN, login)


def _login(settings: ScimSettings, user: Mapping[str, Any]) -> str:
    """The login of a user; a name that is not made as ours are stays whole, and is no login of ours by accident."""
    before, _, after = settings.user_name.partition(LOGIN)
    name = _folded(text(user, "userName"))
    if name.startswith(_folded(before)) and name.endswith(_folded(after)) and len(name) > len(before) + len(after):
        return name[len(before) : len(name) - len(after)]
    return name if "@" in name else f"{name} [{identifier(user)}]"


def _folded(name: str) -> str:
    """RFC 7643, 4.1.1: userName is the same in any case. Letters beyond ASCII are left alone: folding them merges strangers."""
    return "".join(char.lower() if char.isascii() else char for char in name)


def display_name(user: Mapping[str, Any]) -> str:
    """The name as people write it."""
    parts = (text(user, "name.familyName"), text(user, "name.givenName"))
    return text(user, "displayName") or text(user, "name.formatted") or " ".join(filter(None, parts))


def facts_of(user: Mapping[str, Any], settings: ScimSettings) -> dict[str, Any]:
    """What is compared before a user is changed; raises Garbled."""
    return {
        "id": identifier(user),
        "userName": _named(user),
        "name": display_name(user),
        "active": flag(user, "active", absent=True),
        "employee": text(user, EMPLOYEE_PATHS[settings.employee]) if settings.employee in EMPLOYEE_PATHS else "",
    }


def _named(user: Mapping[str, Any]) -> str:
    if not (name := text(user, "userName")):
        raise Garbled("userName")
    return name


def users_named(client: ScimClient, login: str) -> list[Mapping[str, Any]]:
    """Users of a login, of all that the service gave: it may ignore the filter, or find what is only similar."""
    name = user_name(client.settings, login)
    try:
        given = listed(client, "Users", filter=f"userName eq {json.dumps(name)}")
    except (ScimRefused, ScimBroken) as error:
        if error.data["status"] not in NO_FILTER:
            raise
        given = listed(client, "Users")
    return [one for one in given if _folded(text(one, "userName")) == _folded(name)]


def _users(client: ScimClient, scope: Scope) -> list[tuple[str, Mapping[str, Any]]]:
    """Users with their logins, written as the scope writes them."""
    if not scope.logins:
        return [(_login(client.settings, one), one) for one in listed(client, "Users")]
    return [(login, one) for login in scope.logins for one in users_named(client, login)]


def groups_of(client: ScimClient) -> list[Group]:
    """All groups with their direct members; none where the service has no groups at all."""
    try:
        found = listed(client, "Groups")
    except ScimNotFound:
        return []
    except ScimBroken as error:
        if error.data["status"] != NO_GROUPS:
            raise
        return []
    if client.settings.members == "asked":
        found = [client.get("Groups", identifier(one)).body for one in found]
    known = {identifier(one) for one in found}
    return [group_of(one, known) for one in found]


def group_of(raw: Mapping[str, Any], groups: Iterable[str] = ()) -> Group:
    """A group as the service tells it; `groups` are ids of groups. Raises Garbled."""
    members, nested = set[str](), set[str]()
    for one in entries(raw, "members"):
        value = identifier(one, "value")
        is_group = text(one, "type").lower() == "group" or value in groups or "/groups/" in text(one, "$ref").lower()
        (nested if is_group else members).add(value)
    name = unicodedata.normalize("NFC", text(raw, "displayName"))
    return Group(identifier(raw), name, frozenset(members), frozenset(nested))


def read_snapshot(client: ScimClient, scope: Scope) -> Snapshot:
    """Users in scope with their groups; raises IncompleteRead for anything that is not all of it, and the client's faults."""
    try:
        return _snapshot(client, scope, _users(client, scope), groups_of(client))
    except Garbled as error:
        raise IncompleteRead(client.where, phrase("accounts.scim-garbled", attribute=str(error), what="Users, Groups")) from None


def _snapshot(client: ScimClient, scope: Scope, users: list[tuple[str, Mapping[str, Any]]], groups: list[Group]) -> Snapshot:
    for login, count in Counter(login for login, _ in users).items():
        if count > 1:
            raise IncompleteRead(client.where, phrase("accounts.scim-two-users", login=login))
    names = _names(groups)
    logins = {identifier(user): login for login, user in users}
    return Snapshot(
        where=client.where,
        accounts=tuple(_account(login, user, client.settings, groups, names) for login, user in users),
        groups={names[one.id]: tuple(sorted(logins.get(member, member) for member in one.members)) for one in groups},
        nested={names[one.id]: tuple(sorted(names[i] for i in one.nested if i in names)) for one in groups if one.nested},
        scope=scope,
        taken_at=client.clock.now().astimezone(UTC),
    )


def _names(groups: list[Group]) -> dict[str, str]:
    """Names of groups by id. Of a name that two have each gets its id behind it, as no wish can write it."""
    count = Counter(one.name for one in groups)
    return {one.id: one.name if count[one.name] == 1 and one.name else f"{one.name} [{one.id}]" for one in groups}


def _account(login: str, user: Mapping[str, Any], settings: ScimSettings, groups: list[Group], names: Mapping[str, str]) -> Account:
    facts = facts_of(user, settings)
    return Account(
        login=login,
        native_id=facts["id"],
        employee=facts["employee"],
        enabled=facts["active"],
        name=facts["name"],
        groups=tuple(sorted(names[one.id] for one in groups if facts["id"] in one.members)),
        privileged=", ".join(sorted(_privileged(facts["id"], settings, groups))),
        last_seen=moment(user, settings.last_seen) if settings.last_seen else "unknown",
        state=canonical_json(facts).encode(),
    )


def _privileged(user: str, settings: ScimSettings, groups: list[Group]) -> set[str]:
    """Privileged groups that a user is in, directly or through groups in them."""
    holding = defaultdict(set)
    for one in groups:
        for inner in one.nested:
            holding[inner].add(one.id)
    found, todo = set[str](), [one.id for one in groups if user in one.members]
    while todo:
        if (one_id := todo.pop()) not in found:
            found.add(one_id)
            todo += holding[one_id]
    return {one.name for one in groups if one.id in found} & {*settings.privileged}
