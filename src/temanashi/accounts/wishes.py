"""What somebody wishes of an account, and the difference to what is there, field by field. Pure: no clock, no I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from temanashi.accounts.faults import WishRefused
from temanashi.accounts.model import ALL_CAPS, Account, Cap, Snapshot
from temanashi.accounts.names import DisplayName, fingerprint
from temanashi.accounts.wide_names import AnyGroup, AnyLogin, Employee
from temanashi.text.local import Phrase, phrase

__all__ = ["NEVER", "NOLOGIN", "Deed", "FieldChange", "Wish", "differences", "told"]

Deed = Literal["join", "set", "disable", "enable", "unlock", "reset", "restore"]
NOLOGIN = "nologin"
NOLOGINS = frozenset({"nologin", "false"})
NEVER = "never"
ON_HOSTS = ALL_CAPS - {Cap.SWITCH, Cap.EMPLOYEE}
"""What local accounts of hosts have."""

LONG_OVER = date(1970, 1, 2)
"""The day that stands for "closed": `usermod -e 1`."""

JOIN_SHELL = "/bin/bash"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Wish(_Frozen):
    """What is wished for one login; None is "as it is". What a directory does not know (see `Cap`) is left out there.

    `groups` it shall be in, `not_groups` it shall not; of others nothing is said. `keys` are whole lines; an empty tuple takes all
    away. `expires_on` is the first UTC day without access. `privileged`: a role says that its groups give power over others.
    `before`: the facts from before, of a change that is taken back. `on_host`: a `HostWish` as JSON, which only kinds of directory
    that are reached through hosts look at.
    """

    do: Deed
    login: AnyLogin
    name: DisplayName | None = None
    employee: Employee | None = None
    shell: str | None = None
    groups: tuple[AnyGroup, ...] = ()
    not_groups: tuple[AnyGroup, ...] = ()
    keys: tuple[str, ...] | None = None
    expires_on: date | Literal["never"] | None = None
    with_password: bool = False
    privileged: bool = False
    before: dict[str, Any] | None = None
    on_host: dict[str, Any] | None = None


class FieldChange(_Frozen):
    """One field of an account that becomes another; values are JSON, never a secret."""

    field: Literal[
        "account",
        "name",
        "employee",
        "enabled",
        "locked",
        "shell",
        "groups",
        "expires_on",
        "password",
        "must_change",
        "keys",
        "jobs",
        "failures",
        "sessions",
        "aside",
        "uid",
        "home",
        "primary_group",
        "new_groups",
    ]
    before: Any
    after: Any


def differences(wish: Wish, seen: Snapshot, *, caps: frozenset[Cap] = ON_HOSTS) -> tuple[FieldChange, ...]:
    """What has to become another so that the wish is met in a directory that can do `caps`; nothing where it is.

    Raises WishRefused for what is not done.
    """
    account = seen.account(wish.login)
    if account is not None and account.system:
        raise WishRefused(wish.login, seen.where, phrase("accounts.system-account"))
    if account is None:
        return _absent(wish, seen, caps)
    _refuse(wish, account, seen)
    return tuple(_Difference(wish, account, seen.today, caps).changes())


def _absent(wish: Wish, seen: Snapshot, caps: frozenset[Cap]) -> tuple[FieldChange, ...]:
    if wish.do == "disable":
        return ()  # there is nothing to close
    if wish.do != "join":
        raise WishRefused(wish.login, seen.where, phrase("accounts.no-account"))
    if wish.login in seen.foreign:
        raise WishRefused(wish.login, seen.where, phrase("accounts.foreign"))
    _groups_exist(wish, seen)
    new = Account(login=wish.login, native_id="", password="none")  # noqa: S106  (a state)
    full = wish if wish.shell else wish.model_copy(update={"shell": JOIN_SHELL})
    return (FieldChange(field="account", before=None, after=wish.login), *_Difference(full, new, seen.today, caps).wished())


def _refuse(wish: Wish, account: Account, seen: Snapshot) -> None:
    over = account.closed(seen.today)
    if wish.do in {"join", "unlock", "reset"} and over:
        raise WishRefused(wish.login, seen.where, phrase("accounts.closed"))
    if wish.do == "unlock" and account.password == "none":  # noqa: S105  (a state)
        raise WishRefused(wish.login, seen.where, phrase("accounts.no-password"))
    _groups_exist(wish, seen)


def _groups_exist(wish: Wish, seen: Snapshot) -> None:
    if missing := [group for group in wish.groups if group not in seen.groups]:
        raise WishRefused(wish.login, seen.where, phrase("accounts.no-group", groups=missing))


@dataclass(frozen=True)
class _Difference:
    """What has to become another in an account that is there, by what is to be done; `today` is a UTC day."""

    wish: Wish
    account: Account
    today: date
    caps: frozenset[Cap]

    def changes(self) -> Iterator[FieldChange]:
        deeds: dict[Deed, Callable[[], Iterator[FieldChange]]] = {
            "join": self.wished,
            "set": self.wished,
            "disable": self.disable,
            "enable": self.enable,
            "unlock": self.unlock,
            "reset": self.reset,
            "restore": self.restore,
        }
        return deeds[self.wish.do]()

    def wished(self) -> Iterator[FieldChange]:
        if self.wish.name is not None and self.wish.name != self.account.name:
            yield FieldChange(field="name", before=self.account.name, after=self.wish.name)
        if self.wish.employee is not None and Cap.EMPLOYEE in self.caps and self.wish.employee != self.account.employee:
            yield FieldChange(field="employee", before=self.account.employee, after=self.wish.employee)
        if self.wish.shell is not None and Cap.SHELL in self.caps and self.wish.shell != self.account.shell:
            yield FieldChange(field="shell", before=self.account.shell, after=self.wish.shell)
        yield from self.groups({*self.account.groups, *self.wish.groups} - {*self.wish.not_groups})
        yield from self.expiry(self.wish.expires_on)
        if self.wish.keys is not None and Cap.KEYS in self.caps:
            wanted = [fingerprint(line.split(" ")[1]) for line in self.wish.keys]
            if sorted(set(wanted)) != sorted(set(self.account.keys)):
                yield FieldChange(field="keys", before=sorted(self.account.keys), after=sorted(wanted))
        if self.wish.with_password and self.account.password not in {"set", "unknown"}:
            yield from self.new_password()

    def groups(self, wanted: set[str], *, primary: str = "") -> Iterator[FieldChange]:
        after = wanted - {primary or self.account.primary_group}
        if after != {*self.account.groups}:
            yield FieldChange(field="groups", before=sorted(self.account.groups), after=sorted(after))

    def expiry(self, wanted: date | str | None) -> Iterator[FieldChange]:
        """`wanted` is a day, NEVER, or nothing that is wished."""
        after = wanted if isinstance(wanted, date) else None
        if Cap.NATIVE_EXPIRY not in self.caps:
            return
        if wanted is not None and after != self.account.expires_on:
            before = self.account.expires_on.isoformat() if self.account.expires_on else NEVER
            yield FieldChange(field="expires_on", before=before, after=after.isoformat() if after else NEVER)

    def disable(self) -> Iterator[FieldChange]:
        """A locked password alone still lets keys in where sshd uses PAM: everything that opens the account is closed."""
        if Cap.SWITCH in self.caps:
            if self.account.enabled:
                yield FieldChange(field="enabled", before=True, after=False)
        else:
            yield from self.close()
        if self.account.keys and Cap.KEYS in self.caps:
            yield FieldChange(field="keys", before=sorted(self.account.keys), after=[])
        if self.account.jobs:
            yield FieldChange(field="jobs", before=True, after=False)
        if self.account.sessions:
            yield FieldChange(field="sessions", before=self.account.sessions, after=0)

    def close(self) -> Iterator[FieldChange]:
        """Where there is no switch: password, time and shell."""
        if self.account.password not in {"locked", "none"}:
            yield FieldChange(field="password", before=self.account.password, after="locked")
        if not self.account.expired(self.today):
            yield from self.expiry(LONG_OVER)
        if Cap.SHELL in self.caps and self.account.shell.rpartition("/")[2] not in NOLOGINS:
            yield FieldChange(field="shell", before=self.account.shell, after=NOLOGIN)

    def enable(self) -> Iterator[FieldChange]:
        """Open again. Keys and jobs that were put aside stay there: who comes back brings a key."""
        if not self.account.enabled:
            yield FieldChange(field="enabled", before=False, after=True)
        if self.account.password == "locked":  # noqa: S105  (a state)
            yield FieldChange(field="password", before="locked", after="set")
        shell = self.wish.shell or (JOIN_SHELL if self.account.shell.rpartition("/")[2] in NOLOGINS else None)
        expires = self.wish.expires_on or ("never" if self.account.expired(self.today) else None)
        wish = self.wish.model_copy(update={"shell": shell, "expires_on": expires})
        yield from _Difference(wish, self.account, self.today, self.caps).wished()

    def unlock(self) -> Iterator[FieldChange]:
        if self.account.password == "locked":  # noqa: S105  (a state)
            yield FieldChange(field="password", before="locked", after="set")
        yield from self.attempts()

    def reset(self) -> Iterator[FieldChange]:
        yield from self.new_password()
        yield from self.attempts()

    def attempts(self) -> Iterator[FieldChange]:
        """Wrong passwords are forgotten."""
        if self.account.locked:
            yield FieldChange(field="locked", before=True, after=False)
        if self.account.failures:
            yield FieldChange(field="failures", before=self.account.failures, after=0)

    def new_password(self) -> Iterator[FieldChange]:
        yield FieldChange(field="password", before=self.account.password, after="new")
        if Cap.MUST_CHANGE in self.caps:
            yield FieldChange(field="must_change", before=self.account.must_change, after=True)

    def restore(self) -> Iterator[FieldChange]:
        """Back to the facts from before, as far as they can come back: a former password cannot."""
        before = Account.model_validate(self.wish.before or {})
        if {self.account.password, before.password} == {"locked", "set"}:
            yield FieldChange(field="password", before=self.account.password, after=before.password)
        if before.primary_group and before.primary_group != self.account.primary_group:
            yield FieldChange(field="primary_group", before=self.account.primary_group, after=before.primary_group)
        for field in self.plain():
            if getattr(before, field) != getattr(self.account, field):
                yield FieldChange(field=field, before=getattr(self.account, field), after=getattr(before, field))
        yield from self.expiry(before.expires_on or NEVER)
        yield from self.groups({*before.groups}, primary=before.primary_group)
        if self.account.aside and not before.aside:
            yield FieldChange(field="aside", before=True, after=False)
        elif sorted(self.account.keys) != sorted(before.keys):
            yield FieldChange(field="keys", before=sorted(self.account.keys), after=sorted(before.keys))

    def plain(self) -> Iterator[Literal["name", "employee", "enabled", "shell"]]:
        """Fields that come back as they were."""
        yield "name"
        if Cap.EMPLOYEE in self.caps:
            yield "employee"
        if Cap.SWITCH in self.caps:
            yield "enabled"
        if Cap.SHELL in self.caps:
            yield "shell"


def told(change: FieldChange) -> Phrase:
    """One field of the difference as words."""
    if change.field in {"enabled", "locked"}:
        return phrase(f"accounts.field-{change.field}-{'yes' if change.after else 'no'}")
    return phrase(f"accounts.field-{change.field.replace('_', '-')}", before=_plain(change.before), after=_plain(change.after))


def _plain(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or "-"
    return "-" if value in {None, ""} else str(value)
