"""What a product of LDAP directory calls things: one module each, behind this port."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from temanashi.accounts.directories.ldap_connection import Entry
from temanashi.accounts.directories.ldap_policies import Enforced
from temanashi.accounts.directories.ldap_settings import LdapAccounts
from temanashi.accounts.model import Cap
from temanashi.accounts.wishes import FieldChange, Wish

__all__ = ["Mod", "Product", "State", "kept_state", "read_state"]


class Mod(NamedTuple):
    """An attribute that becomes another. `before`: what must be there, else nothing is changed; None: whatever is there."""

    attribute: str
    before: tuple[bytes, ...] | None
    after: tuple[bytes, ...]


class State(NamedTuple):
    """What was read of an entry and is compared before anything is written."""

    dn: str
    values: Mapping[str, tuple[bytes, ...]]
    enforced: frozenset[Enforced] = frozenset(Enforced)

    def value(self, attribute: str) -> tuple[bytes, ...]:
        """The values of an attribute."""
        return self.values.get(attribute.lower(), ())


class Product(Protocol):
    """One product."""

    @property
    def caps(self) -> frozenset[Cap]:
        """What it can do."""
        ...

    @property
    def lasting(self) -> str:
        """The attribute with the id that stays."""
        ...

    @property
    def person_filter(self) -> str:
        """Which entries are accounts."""
        ...

    @property
    def group_filter(self) -> str:
        """Which entries are groups."""
        ...

    def attributes(self, settings: LdapAccounts) -> tuple[str, ...]:
        """What is read of an account."""
        ...

    def watched(self, settings: LdapAccounts) -> tuple[str, ...]:
        """What is compared before anything is written."""
        ...

    def facts(self, entry: Entry, settings: LdapAccounts, now: datetime, enforced: frozenset[Enforced]) -> dict[str, Any]:
        """Fields of the account, without its groups."""
        ...

    def mods(self, change: FieldChange, state: State, settings: LdapAccounts) -> list[Mod]:
        """What a change of a field is there; groups and passwords are not among them."""
        ...

    def refuse(self, wish: Wish, changes: tuple[FieldChange, ...], state: State | None, where: str) -> None:
        """Raise WishRefused for what the server would take and then not do. `state` None: there is no entry yet."""
        ...

    def new(self, wish: Wish, settings: LdapAccounts, secret: str | None) -> tuple[str, dict[str, list[bytes]]]:
        """Distinguished name and attributes of an entry that does not exist yet."""
        ...


def kept_state(entry: Entry, watched: tuple[str, ...], enforced: frozenset[Enforced]) -> bytes:
    """The state as an account keeps it."""
    values = {name.lower(): [base64.b64encode(one).decode() for one in sorted(entry.all(name))] for name in watched}
    return json.dumps([entry.dn, values, sorted(enforced)]).encode()


def read_state(kept: bytes) -> State:
    """The state that an account keeps."""
    dn, values, enforced = json.loads(kept)
    return State(
        dn,
        {name: tuple(base64.b64decode(one) for one in found) for name, found in values.items()},
        frozenset(map(Enforced, enforced)),
    )
