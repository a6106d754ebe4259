"""Local accounts of a Linux host, read and changed with its own shadow tools by one command a call.

What runs there are the three `linux_*.sh` as one text: sent along where we are root; an ordinary account runs the same text,
installed, by sudo.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from temanashi.accounts.directories.linux_reading import read_snapshot
from temanashi.accounts.directory import Directory, Reached
from temanashi.accounts.faults import AccountConflict, AccountRefused, IncompleteRead
from temanashi.accounts.host_faults import AccountFilesBusy, AccountFilesStuck, ToolMissing
from temanashi.accounts.host_wishes import HostWish, host_differences
from temanashi.accounts.model import Account, Cap, Scope, Snapshot
from temanashi.accounts.names import check_name, fingerprint, fingerprint_of
from temanashi.accounts.wishes import NEVER, FieldChange, Wish, differences
from temanashi.hosts.command import Script
from temanashi.hosts.transport import Result
from temanashi.text.local import phrase

__all__ = ["INSTALLED", "KIND", "LinuxDirectory", "program", "sudoers"]

INSTALLED = "/usr/local/sbin/temanashi-account"

CONFLICT = 9
HIDDEN = "***"
FAULTS: dict[int, type[AccountRefused]] = {5: ToolMissing, 6: AccountFilesStuck, 7: AccountFilesBusy}
"""Exit codes of the program that are no refusal of a tool."""

PARTS = ("linux_reading.sh", "linux_keys.sh", "linux_changing.sh")
NAMES = {
    "account": "create",
    "name": "comment",
    "shell": "shell",
    "must_change": "must",
    "failures": "failures",
    "sessions": "sessions",
    "jobs": "aside",
    "aside": "back",
    "uid": "uid",
    "home": "home",
    "primary_group": "primary",
}
"""What the program calls a field that becomes another."""

WITH_VALUE = frozenset({"name", "shell", "uid", "home", "primary_group"})
CAPS = frozenset(
    {Cap.LOCK, Cap.MUST_CHANGE, Cap.NATIVE_EXPIRY, Cap.CAS, Cap.SESSIONS, Cap.KEYS, Cap.LAST_SEEN, Cap.SHELL, Cap.JOBS}
)


@cache
def program() -> str:
    """The text that runs on the host; also what is installed there for sudo."""
    folder = files("temanashi.accounts.directories")
    return "".join((folder / part).read_text(encoding="utf-8") for part in PARTS)


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
        return differences(wish, seen) if wish.on_host is None else host_differences(wish, _more(wish), seen)

    def apply(self, wish: Wish, changes: tuple[FieldChange, ...], seen: Snapshot, *, secret: str | None) -> Snapshot:
        """Compare, change and read again, in one command."""
        account = seen.account(wish.login)
        state = "" if account is None else account.state.decode("utf-8", "surrogateescape")
        actions = [word for change in changes for pair in _actions(wish, change, account) for word in pair]
        result = self._run("change", wish.login, state, *actions, stdin=None if secret is None else f"{secret}\n")
        if result.exit == CONFLICT:
            raise AccountConflict(wish.login, self.reached.where)
        if not result.ok:
            # A tool may repeat what it was given.
            said = _last(result) if secret is None else _last(result).replace(secret, HIDDEN)
            raise FAULTS.get(result.exit or 0, AccountRefused)(wish.login, self.reached.where, said)
        return self._snapshot(result, Scope(logins=(wish.login,)))

    def _run(self, *words: str, stdin: str | None = None) -> Result:
        return self.reached.host.run(Script(program(), *words, stdin=stdin), timeout=self.reached.timeout)

    def _snapshot(self, result: Result, scope: Scope) -> Snapshot:
        return read_snapshot(result, where=self.reached.where, scope=scope, now=self.reached.clock.now())


def _more(wish: Wish) -> HostWish:
    return HostWish.model_validate(wish.on_host or {})


def _actions(wish: Wish, change: FieldChange, account: Account | None) -> list[tuple[str, str]]:
    """What the program on the host calls it."""
    if change.field in {"groups", "new_groups"}:
        name = "groups" if change.field == "new_groups" else ""
        return [(name, ",".join(change.after))] if name else _groups({*change.before}, {*change.after})
    if change.field == "keys":
        return _keys(wish, account)
    if change.field == "password":
        return [({"locked": "lock", "set": "unlock"}.get(change.after, "password"), "")]
    if change.field == "expires_on":
        return [("expire", "" if change.after == NEVER else change.after)]
    return [(NAMES[change.field], str(change.after) if change.field in WITH_VALUE else "")]


def _groups(before: set[str], after: set[str]) -> list[tuple[str, str]]:
    both = (("add", after - before), ("remove", before - after))
    return [(name, ",".join(sorted(groups))) for name, groups in both if groups]


def _keys(wish: Wish, account: Account | None) -> list[tuple[str, str]]:
    if wish.do == "disable":
        return [("aside", "")]
    if wish.do == "restore":
        return [("former", _image((wish.before or {}).get("keys", ())))]
    had = account.keys if account is not None else ()
    image = ("image", _image(had) or _image(("none",)))
    if wish.keys is not None:
        return [image, ("keys", _lines(wish.keys))]
    more = _more(wish)
    come = _lines(line for line in more.add_keys if fingerprint_of(line) not in had)
    gone = " ".join(blob for blob in _blobs(account) if fingerprint(blob) in more.drop_keys)
    said = [("keys-more", come), ("keys-open", "yes" if gone and more.add_keys else ""), ("keys-gone", gone)]
    return [image, *((name, value) for name, value in said if value)]


def _image(fingerprints: Iterable[str]) -> str:
    """What the former keys are kept under; empty where there were none."""
    had = sorted(fingerprints)
    return hashlib.sha256("\n".join(had).encode()).hexdigest()[:16] if had else ""


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _blobs(account: Account | None) -> Iterator[str]:
    """The keys of an account themselves, as its state holds them."""
    for line in (account.state if account is not None else b"").decode("ascii", "replace").splitlines():
        tag, _, rest = line.partition(":")
        if tag == "K":
            yield rest.partition(":")[2]


def _last(result: Result) -> str:
    said = result.error_text.strip().splitlines()
    return said[-1] if said else f"exit {result.exit}" if result.signal is None else f"signal {result.signal}"


class _Linux:
    name = "linux"
    settings = None

    def open(self, reached: Reached) -> Directory:
        return LinuxDirectory(reached)


KIND = _Linux()
