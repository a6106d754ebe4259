"""The port to every place that has accounts, and the kinds of it that there are.

A third party registers one under the entry point group `temanashi.directories`: `name = "package.module:KIND"`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import Protocol

from temanashi.accounts.faults import NoSuchDirectory
from temanashi.accounts.model import Cap, Scope, Snapshot
from temanashi.accounts.wishes import FieldChange, Wish
from temanashi.clock import Clock
from temanashi.hosts.transport import Transport

__all__ = ["GROUP", "Directory", "DirectoryKind", "Reached", "directory_kind", "installed_directories"]

GROUP = "temanashi.directories"


@dataclass(frozen=True, kw_only=True)
class Reached:
    """How a directory is reached: commands on a host, at most `timeout` seconds for one call."""

    where: str
    transport: Transport
    timeout: float
    clock: Clock


class Directory(Protocol):
    """A place with accounts. Writing compares first: what is not as it was read raises AccountConflict and changes nothing."""

    @property
    def caps(self) -> frozenset[Cap]:
        """What it can do."""
        ...

    def read(self, scope: Scope) -> Snapshot:
        """Everything in scope, or IncompleteRead; raises TargetError."""
        ...

    def plan(self, wish: Wish, seen: Snapshot) -> tuple[FieldChange, ...]:
        """What has to become another; pure. Raises WishRefused."""
        ...

    def apply(self, wish: Wish, changes: tuple[FieldChange, ...], seen: Snapshot, *, secret: str | None) -> Snapshot:
        """Do it to what was seen, and read afresh. Raises AccountConflict, AccountRefused and TargetError (then: not known)."""
        ...


class DirectoryKind(Protocol):
    """A kind of directory."""

    name: str

    def open(self, reached: Reached) -> Directory:
        """The directory at a target; touches nothing yet."""
        ...


@cache
def installed_directories() -> Mapping[str, DirectoryKind]:
    """Every kind by name. A third party cannot replace one of ours; one that cannot be imported is not there."""
    from temanashi.accounts.directories import linux  # noqa: PLC0415  (directories name this port)

    found: dict[str, DirectoryKind] = {}
    for entry in entry_points(group=GROUP):
        try:
            found[entry.name] = entry.load()
        except Exception:  # noqa: BLE001, S112  (importing a stranger's module may raise anything; who names it is told that it is missing)
            continue
    return MappingProxyType(found | {linux.KIND.name: linux.KIND})


def directory_kind(name: str) -> DirectoryKind:
    """A kind by name; raises NoSuchDirectory."""
    kinds = installed_directories()
    if name not in kinds:
        raise NoSuchDirectory(name, known=kinds)
    return kinds[name]
