"""Everybody who has an account somewhere, as directories told it at one moment, with groups within groups resolved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from functools import cached_property

from pydantic import BaseModel, ConfigDict, Field

from temanashi.accounts.model import LastSeen, Password
from temanashi.canonical import digest_of
from temanashi.text.local import Phrase

__all__ = ["Entry", "NotRead", "Population", "Target"]

NOLOGINS = frozenset({"nologin", "false"})


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Entry(_Frozen):
    """One account at one place. `groups` are the direct ones; `owner` is who the directory itself says answers for it."""

    login: str
    native_id: str
    employee: str = ""
    kind: str = "person"
    name: str = ""
    owner: str = ""
    enabled: bool = True
    password: Password = "unknown"  # noqa: S105  (a state, no password)
    shell: str = ""
    keys: tuple[str, ...] = ()
    expires_on: date | None = None
    groups: tuple[str, ...] = ()
    system: bool = False
    privileged: str = ""
    last_seen: LastSeen = "unknown"

    def closed(self, today: date) -> bool:
        """Whether it is switched off or its time is over, on a UTC day."""
        return not self.enabled or self.past(today)

    def past(self, today: date) -> bool:
        """Whether its time is over, on a UTC day."""
        return self.expires_on is not None and self.expires_on <= today

    @property
    def interactive(self) -> bool:
        """Whether somebody can sign in with it, as far as it is known."""
        opens = bool(self.keys) or self.password in {"set", "empty"}
        return opens and self.shell.rpartition("/")[2] not in NOLOGINS

    @property
    def stable(self) -> dict[str, object]:
        """What does not change by being used: what two nights are compared by."""
        return self.model_dump(mode="json", exclude={"last_seen"})


class NotRead(_Frozen):
    """A place that could not be read: nothing is known of it, which is not the same as nobody being there."""

    where: str
    kind: str
    reason: Phrase


class Target(BaseModel):
    """One place, read whole. `query` says what was asked of it; `groups` are logins by group, `nested` groups by group."""

    model_config = ConfigDict(frozen=True, extra="forbid", ignored_types=(cached_property,))

    where: str
    kind: str
    query: str
    taken_at: datetime
    entries: tuple[Entry, ...]
    groups: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    nested: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Of everything that was read, but for when and for when each was last used."""
        return digest_of(
            {
                "where": self.where,
                "kind": self.kind,
                "entries": [one.stable for one in sorted(self.entries, key=lambda e: (e.login, e.native_id))],
                "groups": {name: sorted(members) for name, members in sorted(self.groups.items())},
                "nested": {name: sorted(members) for name, members in sorted(self.nested.items())},
            }
        )

    @cached_property
    def ways(self) -> dict[str, dict[str, tuple[str, ...]]]:
        """By login every group that somebody is in, with the way there: `(direct group, ..., that group)`."""
        direct: dict[str, set[str]] = defaultdict(set)
        for entry in self.entries:
            direct[entry.login] |= {*entry.groups}
        for group, members in self.groups.items():
            for login in members:
                direct[login].add(group)
        above: dict[str, set[str]] = defaultdict(set)
        for parent, children in self.nested.items():
            for child in children:
                above[child].add(parent)
        return {login: _ways(groups, above) for login, groups in direct.items()}


def _ways(groups: set[str], above: Mapping[str, set[str]]) -> dict[str, tuple[str, ...]]:
    """Breadth first, so that the shortest way is told; a circle of groups ends."""
    found: dict[str, tuple[str, ...]] = {group: (group,) for group in sorted(groups)}
    todo = list(found)
    while todo:
        group = todo.pop(0)
        for parent in sorted(above.get(group, ())):
            if parent not in found:
                found[parent] = (*found[group], parent)
                todo.append(parent)
    return found


class Population(_Frozen):
    """What was read of every place, and which places could not be read."""

    targets: tuple[Target, ...]
    not_read: tuple[NotRead, ...] = ()

    @property
    def count(self) -> int:
        """Accounts altogether."""
        return sum(len(target.entries) for target in self.targets)
