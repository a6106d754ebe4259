"""What is sent to make or change a user: a whole entry, a PATCH of single attributes, or a whole entry with them put in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from temanashi.accounts.directories.scim_attributes import ENTERPRISE, spelled
from temanashi.accounts.directories.scim_reading import EMPLOYEE_PATHS, user_name
from temanashi.accounts.directories.scim_settings import LOGIN, ScimSettings
from temanashi.accounts.wishes import Wish

__all__ = ["attributes", "group_patch", "new_user", "patch", "plainer", "whole"]

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
READ_ONLY = frozenset({"meta", "groups"})


def attributes(fields: Mapping[str, Any], settings: ScimSettings) -> dict[str, Any]:
    """Paths and values of SCIM for fields that become another."""
    found: dict[str, Any] = {}
    if "enabled" in fields:
        found["active"] = fields["enabled"]
    if "name" in fields:
        found["displayName"] = fields["name"]
        found |= {f"name.{part}": value for part, value in _name(fields["name"], settings).items()}
    if "employee" in fields and settings.employee in EMPLOYEE_PATHS:
        found[EMPLOYEE_PATHS[settings.employee]] = fields["employee"]
    return found


def _name(name: str, settings: ScimSettings) -> dict[str, str]:
    """The parts of a name, for services that want them apart; one word is the family name."""
    first, _, rest = name.replace("\u3000", " ").strip().partition(" ")
    family, given = (first, rest.strip()) if settings.name_order == "family-first" or not rest else (rest.strip(), first)
    return {"formatted": name, "familyName": family} | ({"givenName": given} if given else {})


def new_user(wish: Wish, settings: ScimSettings) -> dict[str, Any]:
    """A user who may sign in."""
    name = wish.name or wish.login
    made: dict[str, Any] = {"schemas": [USER], "userName": user_name(settings, wish.login), "active": True}
    made |= {"displayName": name, "name": _name(name, settings)}
    if settings.email is not None:
        made["emails"] = [{"value": settings.email.replace(LOGIN, wish.login), "type": "work", "primary": True}]
    if wish.employee is not None and settings.employee == "externalId":
        made["externalId"] = wish.employee
    if wish.employee is not None and settings.employee == "employeeNumber":
        made["schemas"].append(ENTERPRISE)
        made[ENTERPRISE] = {"employeeNumber": wish.employee}
    return made


def plainer(user: Mapping[str, Any]) -> dict[str, Any]:
    """The same user with mail addresses that say nothing else, for services that know no more."""
    return {**user, "emails": [{"value": one["value"]} for one in user["emails"]]}


def patch(values: Mapping[str, Any]) -> dict[str, Any]:
    """RFC 7644, 3.5.2.3: each attribute by its path."""
    operations = [{"op": "replace", "path": path, "value": value} for path, value in values.items()]
    return {"schemas": [PATCH_OP], "Operations": operations}


def group_patch(user: str, *, member: bool, ref: str = "") -> dict[str, Any]:
    """Add or remove one member and nobody else; `ref` is the address of the user, which few services want to be told.

    Never `remove` of `members` without a filter: that takes everybody out (RFC 7644, 3.5.2.2), also where a value is given.
    """
    if member:
        operation: dict[str, Any] = {
            "op": "add",
            "path": "members",
            "value": [{"value": user, "$ref": ref} if ref else {"value": user}],
        }
    else:
        operation = {"op": "remove", "path": f"members[value eq {json.dumps(user)}]"}
    return {"schemas": [PATCH_OP], "Operations": [operation]}


def whole(entry: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The entry as it was read with values put in, for services without PATCH; what we do not know stays as it is."""
    made: dict[str, Any] = {key: value for key, value in entry.items() if key.lower() not in READ_ONLY}
    for path, value in values.items():
        extension, _, last = path.rpartition(":") if path.lower().startswith("urn:") else ("", "", path)
        outer, _, inner = last.rpartition(".")
        holder = made
        for part in filter(None, (extension, outer)):
            key = spelled(holder, part)
            held = holder.get(key)
            holder[key] = dict(held) if isinstance(held, Mapping) else {}
            holder = holder[key]
        holder[spelled(holder, inner)] = value
    return made
