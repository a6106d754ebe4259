"""Changing a user and memberships: only what is still as it was seen, once, and what was not answered is looked at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from temanashi.accounts.directories.scim_answers import Answer
from temanashi.accounts.directories.scim_attributes import attribute, flag, identifier, spelled, text
from temanashi.accounts.directories.scim_bodies import attributes, group_patch, new_user, patch, plainer, whole
from temanashi.accounts.directories.scim_client import ScimClient
from temanashi.accounts.directories.scim_faults import ScimNotFound, ScimRefused, ScimTaken
from temanashi.accounts.directories.scim_reading import display_name, facts_of, group_of, groups_of, users_named
from temanashi.accounts.faults import AccountConflict
from temanashi.accounts.model import Account
from temanashi.accounts.wishes import Wish
from temanashi.canonical import canonical_json
from temanashi.errors import TargetError

__all__ = ["ScimWriting"]

BAD_REQUEST = 400
NO_PATCH = frozenset({405, 501})


@dataclass
class ScimWriting:
    """Changes of one login. Raises AccountConflict, AccountRefused and TargetError (then: not known)."""

    client: ScimClient
    login: str
    _patches: bool | None = field(default=None, init=False)

    def create(self, wish: Wish) -> str:
        """Make the user; their id. Where the answer is lost or odd, what is there decides."""
        body = new_user(wish, self.client.settings)
        lost: TargetError | None = None
        try:
            self._posted(body)
        except ScimTaken:
            if users_named(self.client, self.login):
                raise self._conflict() from None
            raise
        except ScimRefused:
            raise
        except TargetError as error:  # some answer a page of HTML to a name that is taken, and some are made all the same
            lost = error
        found = users_named(self.client, self.login)
        if len(found) == 1 and (lost is None or display_name(found[0]) == body["displayName"]):
            return identifier(found[0])
        if found:
            raise self._conflict()
        raise lost or ScimNotFound(self.client.where, body["userName"])

    def _posted(self, body: Mapping[str, Any]) -> None:
        try:
            self.client.write("POST", "Users", body=body)
        except ScimRefused as error:
            if error.data["status"] != BAD_REQUEST or "emails" not in body:
                raise
            self.client.write("POST", "Users", body=plainer(body))

    def update(self, account: Account, fields: Mapping[str, Any]) -> None:
        """Bring attributes of the user to their values; what is not as it was seen is a conflict."""
        values = attributes(fields, self.client.settings)
        if not values:
            return
        raw, version = self._fresh("Users", account.native_id)
        if canonical_json(facts_of(raw, self.client.settings)).encode() != account.state:
            raise self._conflict()

        def reached() -> bool:
            now = self._fresh("Users", account.native_id)[0]
            return all(_holds(now, path, value) for path, value in values.items())

        self._written("Users", account.native_id, patch(values), lambda: whole(raw, values), version, reached)

    def regroup(self, user: str, *, add: set[str], remove: set[str]) -> None:
        """Put the user into groups and take them out of others, by the names that the groups have now."""
        ids = {one.name: one.id for one in groups_of(self.client)} if add | remove else {}
        for name in sorted(add | remove):
            if name not in ids:
                raise self._conflict()
            self._member(ids[name], name, user, member=name in add)

    def _member(self, group: str, name: str, user: str, *, member: bool) -> None:
        raw, version = self._fresh("Groups", group)
        now = group_of(raw)
        if now.name != name:
            raise self._conflict()
        if (user in now.members) == member:
            return

        def put() -> dict[str, Any]:
            key = spelled(raw, "members")
            others = [one for one in raw.get(key) or [] if text(one, "value") != user]
            return {**whole(raw, {}), key: [*others, {"value": user}] if member else others}

        def reached() -> bool:
            return (user in group_of(self._fresh("Groups", group)[0]).members) == member

        # Others join and leave all the time: PATCH says one member and nobody else, so that it needs no version.
        try:
            self._written("Groups", group, group_patch(user, member=member), put, version, reached, exact=False)
        except ScimRefused as error:
            if error.data["status"] != BAD_REQUEST or not member:
                raise
            full = group_patch(user, member=member, ref=f"{self.client.settings.url}/Users/{quote(user, safe='')}")
            self._written("Groups", group, full, put, version, reached, exact=False)

    def _fresh(self, what: str, one: str) -> tuple[Mapping[str, Any], str]:
        """An entry as it is now, and its version where the service tells one."""
        try:
            answer = self.client.get(what, one)
        except ScimNotFound:
            raise self._conflict() from None
        if identifier(answer.body) != one:
            raise self._conflict()
        return answer.body, answer.etag or text(answer.body, "meta.version")

    def _written(
        self,
        what: str,
        one: str,
        patched: Mapping[str, Any],
        put: Callable[[], Mapping[str, Any]],
        version: str,
        reached: Callable[[], bool],
        *,
        exact: bool = True,
    ) -> None:
        try:
            answer = self._sent(what, one, patched, put, version, exact=exact)
        except ScimRefused:
            raise
        except TargetError:
            if not reached():
                raise
            return
        if answer.changed:
            raise self._conflict()

    def _sent(
        self, what: str, one: str, patched: Mapping[str, Any], put: Callable[[], Mapping[str, Any]], version: str, *, exact: bool
    ) -> Answer:
        if self._can_patch():
            try:
                return self.client.write("PATCH", what, one, body=patched, version=version if exact else "")
            except TargetError as error:
                if error.data.get("status") not in NO_PATCH:
                    raise
                self._patches = False
        return self.client.write("PUT", what, one, body=put(), version=version)

    def _can_patch(self) -> bool:
        """What the service says of itself; one that says nothing is believed to follow the RFC until it refuses."""
        if self._patches is None:
            try:
                self._patches = flag(self.client.get("ServiceProviderConfig").body, "patch.supported", absent=True)
            except (TargetError, ValueError):
                self._patches = True
        return self._patches

    def _conflict(self) -> AccountConflict:
        return AccountConflict(self.login, self.client.where)


def _holds(entry: Mapping[str, Any], path: str, value: Any) -> bool:
    if isinstance(value, bool):
        return attribute(entry, path) is not None and flag(entry, path, absent=not value) == value
    return text(entry, path) == str(value)
