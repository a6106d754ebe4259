"""What the password policies of an OpenLDAP server make of an account: what none of them enforces is only written down there.

slapo-ppolicy(5): without `pwdLockout TRUE` in the policy that applies a lock is ignored, without `pwdMustChange TRUE` a reset
forces no change, and without any policy an end is no end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import reduce

from temanashi.accounts.directories.ldap_answers import PPOLICY
from temanashi.accounts.directories.ldap_connection import Entry, Session
from temanashi.accounts.directories.ldap_names import dn_key
from temanashi.accounts.directories.ldap_settings import LdapAccounts

__all__ = ["SUBENTRY", "Enforced", "Policies", "read_policies", "suffix_of"]

SUBENTRY = "pwdPolicySubentry"


class Enforced(StrEnum):
    """What happens at a sign-in."""

    END = "end"
    LOCK = "lock"
    MUST_CHANGE = "must-change"


Flags = frozenset[Enforced]
NOTHING: Flags = frozenset()


@dataclass(frozen=True)
class Policies:
    """Every policy by its name, and what holds for accounts that name none."""

    by_name: Mapping[tuple[tuple[str, ...], ...], Flags]
    default: Flags

    def of(self, entry: Entry) -> Flags:
        """What is enforced for an account."""
        own = entry.text(SUBENTRY)
        return self.by_name.get(dn_key(own), NOTHING) if own else self.default


def suffix_of(base: str) -> str:
    """The domain that a base is in: `dc=example,dc=jp` of `ou=people,dc=example,dc=jp`; its last part where there is none."""
    parts = base.replace("\\,", "\0").split(",")
    domain = [part for part in parts if part.strip().lower().startswith("dc=")] or parts[-1:]
    return ",".join(domain).replace("\0", "\\,")


def read_policies(session: Session) -> Policies:
    """The policies of the server; raises IncompleteRead. Which one is the default it does not tell: that all have holds."""
    settings = session.settings
    root = session.entry("", ("supportedControl",))
    if root is None or PPOLICY.encode() not in root.all("supportedControl"):
        return Policies({}, NOTHING)
    found = session.search(suffix_of(settings.user_base), "(objectClass=pwdPolicy)", ("pwdLockout", "pwdMustChange"))
    by_name = {dn_key(entry.dn): _enforced(entry) for entry in found}
    return Policies(by_name, _default(settings, by_name))


def _default(settings: LdapAccounts, by_name: Mapping[tuple[tuple[str, ...], ...], Flags]) -> Flags:
    if settings.default_policy:
        return by_name.get(dn_key(settings.default_policy), NOTHING)
    return reduce(lambda one, other: one & other, by_name.values()) if by_name else NOTHING


def _enforced(entry: Entry) -> Flags:
    told = {Enforced.LOCK: entry.text("pwdLockout"), Enforced.MUST_CHANGE: entry.text("pwdMustChange")}
    return frozenset({Enforced.END, *(flag for flag, value in told.items() if value == "TRUE")})
