"""Accounts of services in the cloud that speak SCIM 2.0 (RFC 7643, RFC 7644), by a token and over HTTPS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from unicodedata import normalize

from temanashi.accounts.directories.scim_attributes import Garbled, same
from temanashi.accounts.directories.scim_client import ScimClient
from temanashi.accounts.directories.scim_faults import ScimIgnored
from temanashi.accounts.directories.scim_reading import read_snapshot
from temanashi.accounts.directories.scim_settings import ScimSettings
from temanashi.accounts.directories.scim_writing import ScimWriting
from temanashi.accounts.directory import Directory, Reached
from temanashi.accounts.faults import IncompleteRead, WishRefused
from temanashi.accounts.model import Account, Cap, Scope, Snapshot
from temanashi.accounts.wide_names import check_login
from temanashi.accounts.wishes import FieldChange, Wish, differences
from temanashi.text.local import phrase

__all__ = ["KIND", "ScimDirectory"]

PAUSES = (0.5, 1.0, 2.0)
"""Seconds between looks at a service that shows late what it has taken."""


@dataclass(frozen=True)
class ScimDirectory:
    """The accounts of one service."""

    reached: Reached
    settings: ScimSettings

    @property
    def caps(self) -> frozenset[Cap]:
        """No expiry, no lock and no keys: SCIM knows none. `active` is the switch."""
        found = {Cap.CAS, Cap.SWITCH, Cap.NESTED}
        found |= {Cap.EMPLOYEE} if self.settings.employee != "none" else set()
        return frozenset(found | ({Cap.LAST_SEEN} if self.settings.last_seen else set()))

    def read(self, scope: Scope) -> Snapshot:
        """Users and groups; raises IncompleteRead and the faults of scim_faults."""
        for login in scope.logins:
            check_login(login)
        return read_snapshot(self._client(), scope)

    def plan(self, wish: Wish, seen: Snapshot) -> tuple[FieldChange, ...]:
        """What has to become another; raises WishRefused for what no service of this kind does, and for groups of one name."""
        if wish.do in {"unlock", "reset"}:
            raise WishRefused(wish.login, seen.where, phrase(f"accounts.scim-no-{wish.do}"))
        groups, not_groups = ([normalize("NFC", name) for name in names] for names in (wish.groups, wish.not_groups))
        for group in (*groups, *not_groups):
            if group not in seen.groups and any(name.startswith(f"{group} [") for name in seen.groups):
                raise WishRefused(wish.login, seen.where, phrase("accounts.scim-two-groups", group=group))
        # No password: people sign in to services with the company's sign-in.
        asked = wish.model_copy(update={"groups": (*groups,), "not_groups": (*not_groups,), "with_password": False})
        return tuple(one for one in differences(asked, seen, caps=self.caps) if not _same_name(one))

    def apply(self, wish: Wish, changes: tuple[FieldChange, ...], seen: Snapshot, *, secret: str | None) -> Snapshot:  # noqa: ARG002
        """Change what is still as it was seen, and read until the service shows it."""
        account = seen.account(wish.login)
        client = self._client()
        try:
            self._write(ScimWriting(client, wish.login), wish, changes, account)
        except Garbled as error:
            raise IncompleteRead(client.where, phrase("accounts.scim-garbled", attribute=str(error), what="Users")) from None
        return self._confirmed(client, wish)

    def _write(self, writing: ScimWriting, wish: Wish, changes: tuple[FieldChange, ...], account: Account | None) -> None:
        fields: dict[str, Any] = {one.field: one.after for one in changes}
        if account is None:
            user = writing.create(wish)
        else:
            user = account.native_id
            writing.update(account, fields)
        if "groups" in fields:
            before, after = {*(account.groups if account else ())}, {*fields["groups"]}
            writing.regroup(user, add=after - before, remove=before - after)

    def _confirmed(self, client: ScimClient, wish: Wish) -> Snapshot:
        """What the service shows now; raises ScimIgnored where it said yes and did nothing."""
        pauses = list(PAUSES)
        while True:
            after = read_snapshot(client, Scope(logins=(wish.login,)))
            left = [one.field for one in self.plan(wish, after)] if after.account(wish.login) else ["account"]
            if not left:
                return after
            if not pauses:
                raise ScimIgnored(client.where, ", ".join(left))
            client.clock.sleep(pauses.pop(0))

    def _client(self) -> ScimClient:
        token = self.reached.secrets(self.settings.token)
        reached = self.reached
        return ScimClient.open(
            reached.where, self.settings, token=token, root=reached.root, clock=reached.clock, timeout=reached.timeout
        )


def _same_name(change: FieldChange) -> bool:
    """Services compose letters as they like: a name that differs in nothing else is the same."""
    return change.field == "name" and same(str(change.before), str(change.after))


class _Scim:
    name = "scim"
    settings = ScimSettings

    def open(self, reached: Reached) -> Directory:
        if not isinstance(reached.settings, ScimSettings):
            raise TypeError(reached.where)
        return ScimDirectory(reached, reached.settings)


KIND = _Scim()
