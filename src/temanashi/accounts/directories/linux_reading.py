"""What the program printed on the host, as a snapshot: everything, or nothing."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from temanashi.accounts.directories.linux_rights import Rights, read_rights
from temanashi.accounts.faults import IncompleteRead
from temanashi.accounts.model import Account, LastSeen, Password, Scope, Snapshot
from temanashi.accounts.names import fingerprint
from temanashi.accounts.roles import PRIVILEGED_GROUPS
from temanashi.hosts.transport import Result
from temanashi.text.local import phrase

__all__ = ["PROTOCOL", "read_snapshot"]

PROTOCOL = "2"
EPOCH = date(1970, 1, 1)
LAST_DAYS = 80_000
"""Days from the epoch that a date is made of; more stands for "never"."""
HIGHEST_UID = 65534
TAGS = "TAKSCFPGXRLE"
STATE = frozenset("AKSC")
PASSWORDS: dict[str, Password] = {"set": "set", "locked": "locked", "none": "none", "empty": "empty"}
SEEN = re.compile(r"\S{3} (\S{3} +\d{1,2} \d\d:\d\d:\d\d [+-]\d{4} \d{4})$")


class _Line(NamedTuple):
    """One line: what it is about, the login or group, and the rest."""

    tag: str
    name: str
    rest: str


class _Told:
    """Everything that was printed, by tag; raises ValueError for what nobody would print."""

    def __init__(self, text: str) -> None:
        self._state: dict[str, list[str]] = defaultdict(list)
        self._lines: dict[str, list[_Line]] = {tag: [] for tag in TAGS}
        for line in filter(None, text.split("\n")):
            tag, _, rest = line.partition(":")
            name, _, more = rest.partition(":")
            self._lines[tag].append(_Line(tag, name, rest if tag == "L" else more))
            if tag in STATE:
                self._state[name].append(line)

    @property
    def whole(self) -> bool:
        """It begins as this release understands it, and it ends."""
        return [line.name for line in self._lines["T"]] == [PROTOCOL] and len(self._lines["E"]) == 1

    @property
    def minimum(self) -> int:
        """The lowest uid of people."""
        return int(self._lines["T"][0].rest)

    def of(self, tag: str) -> list[_Line]:
        """Lines with a tag."""
        return self._lines[tag]

    def count(self, tag: str, login: str) -> int:
        """A number that is told about a login; 0 where none is."""
        return next((int(line.rest) for line in self._lines[tag] if line.name == login), 0)

    def names(self, tag: str) -> frozenset[str]:
        """Who a tag is told about."""
        return frozenset(line.name for line in self._lines[tag])

    def state(self, login: str) -> bytes:
        """The lines that are compared before anything is written."""
        return "\n".join(self._state[login]).encode("utf-8", "surrogateescape")


def read_snapshot(result: Result, *, where: str, scope: Scope, now: datetime) -> Snapshot:
    """The snapshot; raises IncompleteRead for anything that is not all of it."""
    if result.truncated:
        raise IncompleteRead(where, phrase("accounts.read-truncated"))
    try:
        told = _Told(result.stdout.decode("utf-8", "surrogateescape"))
        if not told.whole:
            raise IncompleteRead(where, phrase("accounts.read-cut"))
        return Snapshot(
            where=where,
            accounts=_accounts(told),
            groups={line.name: _listed(line.rest.partition(":")[2]) for line in told.of("G")},
            scope=scope,
            foreign=tuple(line.name for line in told.of("X")),
            taken_at=now.astimezone(UTC),
        )
    except (ValueError, KeyError, IndexError):
        raise IncompleteRead(where, phrase("accounts.read-garbled")) from None


def _listed(text: str) -> tuple[str, ...]:
    return tuple(sorted(filter(None, text.split(","))))


def _accounts(told: _Told) -> tuple[Account, ...]:
    keys = defaultdict(list)
    for line in told.of("K"):
        keys[line.name].append(fingerprint(line.rest))
    seen = dict(filter(None, (_seen(line.rest) for line in told.of("L"))))
    jobs, aside = told.names("C"), told.names("S")
    rights = read_rights((line.name, line.rest) for line in told.of("R"))
    return tuple(
        _account(line, told, rights).model_copy(
            update={
                "keys": tuple(sorted(keys.get(line.name, ()))),
                "jobs": line.name in jobs,
                "aside": line.name in aside,
                "last_seen": seen.get(line.name, "unknown"),
            }
        )
        for line in told.of("A")
    )


def _account(line: _Line, told: _Told, rights: Rights) -> Account:
    uid, gid, primary, name, home, shell, password, changed, expires, groups = line.rest.split(":")
    mine = _listed(groups)
    return Account(
        login=line.name,
        native_id=uid,
        primary_group=primary,
        name=_readable(name),
        home=_readable(home),
        shell=_readable(shell),
        password=PASSWORDS.get(password, "unknown"),
        must_change=changed == "0",
        expires_on=_day(expires),
        groups=mine,
        system=not told.minimum <= int(uid) < HIGHEST_UID,
        privileged=_privileged(line.name, uid, {primary: gid, **dict.fromkeys(mine, "")}, rights),
        failures=told.count("F", line.name),
        sessions=told.count("P", line.name),
        state=told.state(line.name),
    )


def _seen(line: str) -> tuple[str, LastSeen] | None:
    """Of a line of lastlog(8): who, and when, if it says so."""
    if line.endswith("**Never logged in**"):
        return line.split(maxsplit=1)[0], "never"
    at = SEEN.search(line)
    return (line.split(maxsplit=1)[0], datetime.strptime(at[1], "%b %d %H:%M:%S %z %Y").astimezone(UTC)) if at else None


def _readable(text: str) -> str:
    """What is no UTF-8 in an old comment is shown as such; the state keeps its bytes."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _day(text: str) -> date | None:
    days = int(text) if text else -1
    return EPOCH + timedelta(days=days) if 0 <= days < LAST_DAYS else None


def _privileged(login: str, uid: str, groups: Mapping[str, str], rights: Rights) -> str:
    """Why an account counts as privileged: its number, its groups, and what sudoers says of it; `groups` are gids by name."""
    if uid == "0":
        return "uid 0"
    powerful = sorted(PRIVILEGED_GROUPS.intersection(groups))
    # What sudoers gives to such a group is what the group stands for.
    told = rights.of(login, uid, {name: gid for name, gid in groups.items() if name not in powerful})
    return ", ".join([*powerful, *told])
