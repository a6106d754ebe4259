"""Local accounts of a Linux host, read and changed with its own shadow tools by one command a call.

What runs there is `linux_account.sh`: sent along where we are root; an ordinary account runs the same text, installed, by sudo.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from temanashi.accounts.directories.linux_reading import read_snapshot
from temanashi.accounts.directory import Directory, Reached
from temanashi.accounts.faults import AccountConflict, AccountRefused, IncompleteRead
from temanashi.accounts.model import Cap, Scope, Snapshot
from temanashi.accounts.names import check_name
from temanashi.accounts.wishes import NEVER, FieldChange, Wish, differences
from temanashi.hosts.command import Script
from temanashi.hosts.transport import Result
from temanashi.text.local import phrase

__all__ = ["INSTALLED", "KIND", "LinuxDirectory", "program", "sudoers"]

INSTALLED = "/usr/local/sbin/temanashi-account"

CONFLICT = 9
NAMES = {
    "account": "create",
    "name": "comment",
    "shell": "shell",
    "must_change": "must",
    "failures": "failures",
    "sessions": "sessions",
    "jobs": "aside",
    "aside": "back",
}
"""What the program calls a field that becomes another."""
CAPS = frozenset(
    {Cap.LOCK, Cap.MUST_CHANGE, Cap.NATIVE_EXPIRY, Cap.CAS, Cap.SESSIONS, Cap.KEYS, Cap.LAST_SEEN, Cap.SHELL, Cap.JOBS}
)


@cache
def program() -> str:
    """The text that runs on the host; also what is installed there for sudo."""
    return (files("temanashi.accounts.directories") / "linux_account.sh").read_text(encoding="utf-8")


def sudoers(user: str) -> str:
    """What lets an account run the installed program, in this very text, and nothing else; raises BadAccountValue."""
    digest = hashlib.sha256(program().encode()).hexdigest()
    return f"{check_name(user)} ALL=(root) NOPASSWD: sha256:{digest} {INSTALLED}\n"


@dataclass(frozen=True)
class LinuxDirectory:
    """The accounts of one host."""

    reached: Reached
    caps: frozenset[Cap] = CAPS

    def read(self, scope: Scope) -> Snapshot:
        """The accounts of the host in one command; raises IncompleteRead and TargetError."""
        result = self._run("read", *map(check_name, scope.logins))
        if not result.ok:
            raise IncompleteRead(self.reached.where, phrase("accounts.read-failed", detail=_last(result)))
        return self._snapshot(result, scope)

    def plan(self, wish: Wish, seen: Snapshot) -> tuple[FieldChange, ...]:
        """What has to become another; raises WishRefused, and BadAccountValue for names that no host may have."""
        for name in (wish.login, *wish.groups, *wish.not_groups):
            check_name(name)
        return differences(wish, seen)

    def apply(self, wish: Wish, changes: tuple[FieldChange, ...], seen: Snapshot, *, secret: str | None) -> Snapshot:
        """Compare, change and read again, in one command."""
        account = seen.account(wish.login)
        state = "" if account is None else account.state.decode("utf-8", "surrogateescape")
        actions = [word for change in changes for pair in _actions(wish, change) for word in pair]
        result = self._run("change", wish.login, state, *actions, stdin=None if secret is None else f"{secret}\n")
        if result.exit == CONFLICT:
            raise AccountConflict(wish.login, self.reached.where)
        if not result.ok:
            raise AccountRefused(wish.login, self.reached.where, _last(result))
        return self._snapshot(result, Scope(logins=(wish.login,)))

    def _run(self, *words: str, stdin: str | None = None) -> Result:
        return self.reached.host.run(Script(program(), *words, stdin=stdin), timeout=self.reached.timeout)

    def _snapshot(self, result: Result, scope: Scope) -> Snapshot:
        return read_snapshot(result, where=self.reached.where, scope=scope, now=self.reached.clock.now())


def _actions(wish: Wish, change: FieldChange) -> list[tuple[str, str]]:
    """What the program on the host calls it."""
    if change.field == "groups":
        return _groups({*change.before}, {*change.after})
    if change.field == "keys":
        return [_keys(wish)]
    if change.field == "password":
        return [({"locked": "lock", "set": "unlock"}.get(change.after, "password"), "")]
    if change.field == "expires_on":
        return [("expire", "" if change.after == NEVER else change.after)]
    return [(NAMES[change.field], change.after if change.field in {"name", "shell"} else "")]


def _groups(before: set[str], after: set[str]) -> list[tuple[str, str]]:
    both = (("add", after - before), ("remove", before - after))
    return [(name, ",".join(sorted(groups))) for name, groups in both if groups]


def _keys(wish: Wish) -> tuple[str, str]:
    if wish.do == "disable":
        return ("aside", "")
    if wish.do == "restore":
        return ("former", "")
    return ("keys", "".join(f"{line}\n" for line in wish.keys or ()))


def _last(result: Result) -> str:
    said = result.error_text.strip().splitlines()
    return said[-1] if said else f"exit {result.exit}" if result.signal is None else f"signal {result.signal}"


class _Linux:
    name = "linux"
    settings = None

    def open(self, reached: Reached) -> Directory:
        return LinuxDirectory(reached)


KIND = _Linux()
