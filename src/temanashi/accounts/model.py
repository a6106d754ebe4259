"""Accounts as data: what a directory knows of one, what it can do, and what was read of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt

from temanashi.accounts.wide_names import AnyLogin

__all__ = ["ALL_CAPS", "Account", "AccountKind", "Cap", "LastSeen", "Password", "Scope", "Snapshot"]

AccountKind = Literal["person", "service", "shared", "break-glass"]

LastSeen = datetime | Literal["never", "unknown"]
Password = Literal["set", "locked", "none", "empty", "unknown"]
"""`locked`: there is one and it is refused; `none`: none was ever set; `empty`: anybody gets in without one."""

VOLATILE = frozenset({"state", "failures", "locked", "sessions", "last_seen"})


class Cap(StrEnum):
    """What a directory can do, or knows. SWITCH: an account is off or on as a whole, whatever else opens it."""

    LOCK = "lock"
    MUST_CHANGE = "must-change"
    NATIVE_EXPIRY = "native-expiry"
    CAS = "compare-and-swap"
    SESSIONS = "sessions"
    KEYS = "keys"
    LAST_SEEN = "last-seen"
    SHELL = "shell"
    JOBS = "jobs"
    SWITCH = "switch"
    NESTED = "nested-groups"
    EMPLOYEE = "employee"


ALL_CAPS = frozenset(Cap)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Account(_Frozen):
    """One account as a directory tells it.

    `native_id` never changes (uidNumber, entryUUID). `employee` is the employee number. `enabled` is the switch of a directory
    that has one. `locked`: after too many wrong passwords. `expires_on` is the first UTC day on which it is refused. `groups` are
    the supplementary ones, direct ones only. `keys` are fingerprints. `aside`: keys or jobs of it are kept aside. `state` is what
    a directory compares before it writes; opaque, without secrets.
    """

    login: str
    native_id: str
    employee: str = ""
    kind: AccountKind = "person"
    enabled: bool = True
    primary_group: str = ""
    name: str = ""
    home: str = ""
    shell: str = ""
    password: Password = "unknown"  # noqa: S105  (a state, no password)
    must_change: bool = False
    locked: bool = False
    expires_on: date | None = None
    groups: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    jobs: bool = False
    aside: bool = False
    system: bool = False
    privileged: str = Field(default="", description="Why it counts as privileged; empty: it does not")
    failures: NonNegativeInt = 0
    sessions: NonNegativeInt = 0
    last_seen: LastSeen = "unknown"
    state: bytes = Field(default=b"", repr=False)

    def expired(self, today: date) -> bool:
        """Whether it is refused on a UTC day because its time is over."""
        return self.expires_on is not None and self.expires_on <= today

    def closed(self, today: date) -> bool:
        """Whether it is switched off or its time is over, on a UTC day."""
        return not self.enabled or self.expired(today)

    def facts(self) -> dict[str, Any]:
        """What is kept as before and after: JSON, without what changes by itself."""
        return self.model_dump(mode="json", exclude=set(VOLATILE))


class Scope(_Frozen):
    """What to read: these logins, or all accounts."""

    logins: tuple[AnyLogin, ...] = ()


class Snapshot(_Frozen):
    """What was read of a directory, whole: a directory that could not tell everything raises IncompleteRead instead.

    `groups`: logins of direct members by group; a member that is no account of the scope stands there as the directory names it.
    `nested`: groups that are themselves direct members, by group. `foreign`: logins that the target knows from elsewhere.
    `taken_at` is aware UTC.
    """

    where: str
    accounts: tuple[Account, ...]
    groups: Mapping[str, tuple[str, ...]]
    scope: Scope
    nested: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    foreign: tuple[str, ...] = ()
    taken_at: datetime

    def members(self, group: str) -> frozenset[str]:
        """Everybody in a group, also through groups in it; a circle of groups ends."""
        found, todo, visited = set[str](), [group], set[str]()
        while todo:
            name = todo.pop()
            if name not in visited:
                visited.add(name)
                found |= {*self.groups.get(name, ())}
                todo += self.nested.get(name, ())
        return frozenset(found)

    def account(self, login: str) -> Account | None:
        """The account of a login, or None where there is none; asks only about what was read."""
        if self.scope.logins and login not in self.scope.logins:
            raise KeyError(login)
        return next((one for one in self.accounts if one.login == login), None)

    @property
    def today(self) -> date:
        """The UTC day of the read, the one that expiry goes by."""
        return self.taken_at.astimezone(UTC).date()
