"""The port to every place that has accounts, and the kinds of it that there are.

A third party registers one under the entry point group `temanashi.directories`: `name = "package.module:KIND"`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple, Protocol

from pydantic import BaseModel

from temanashi.accounts.faults import DirectoryNotLoaded, NoSuchDirectory
from temanashi.accounts.model import Cap, Scope, Snapshot
from temanashi.accounts.refusals import Refusals
from temanashi.accounts.wishes import FieldChange, Wish
from temanashi.clock import Clock
from temanashi.hosts.transport import Transport
from temanashi.secrets import resolve

__all__ = ["GROUP", "Directory", "DirectoryKind", "Reached", "directory_kind", "installed_directories", "settings_model"]

GROUP = "temanashi.directories"


@dataclass(frozen=True, kw_only=True)
class Reached:
    """How a directory is reached: by commands on a host, or as `settings` of `directories.yaml` say.

    At most `timeout` seconds for one call. `secrets` resolves a SecretRef at the last moment; files are relative to `root`.
    `refusals` knows which of our passwords were refused.
    """

    where: str
    timeout: float
    clock: Clock
    transport: Transport | None = None
    settings: BaseModel | None = None
    secrets: Callable[[str], str] = resolve
    root: Path = Path()
    refusals: Refusals = field(default_factory=Refusals)

    @property
    def host(self) -> Transport:
        """The way to the host, for kinds that are reached through hosts."""
        if self.transport is None:
            raise TypeError(self.where)
        return self.transport


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
    """A kind of directory. `settings` is the frozen, closed pydantic model of its entries in `directories.yaml`; None: by hosts."""

    @property
    def name(self) -> str:
        """What `kind:` says."""
        ...

    @property
    def settings(self) -> type[BaseModel] | None:
        """What an entry says besides kind and title."""
        ...

    def open(self, reached: Reached) -> Directory:
        """The directory at a target; touches nothing yet."""
        ...


def installed_directories() -> Mapping[str, DirectoryKind]:
    """Every kind by name. A third party cannot replace one of ours."""
    return _loaded().known


class _Loaded(NamedTuple):
    """Kinds by name, and those that could not be loaded."""

    known: Mapping[str, DirectoryKind]
    broken: Mapping[str, DirectoryNotLoaded]


@cache
def _loaded() -> _Loaded:
    from temanashi.accounts.directories import ldap, linux, scim  # noqa: PLC0415  (directories name this port)

    ours: tuple[DirectoryKind, ...] = (ldap.KIND, linux.KIND, scim.KIND)
    found: dict[str, DirectoryKind] = {}
    broken: dict[str, DirectoryNotLoaded] = {}
    for entry in entry_points(group=GROUP):
        try:
            found[entry.name] = entry.load()
        except Exception as error:  # noqa: BLE001  (importing a stranger's module may raise anything)
            package = entry.dist.name if entry.dist else entry.value
            broken[entry.name] = DirectoryNotLoaded(entry.name, package=package, detail=f"{type(error).__name__}: {error}")
    return _Loaded(MappingProxyType(found | {kind.name: kind for kind in ours}), MappingProxyType(broken))


def directory_kind(name: str) -> DirectoryKind:
    """A kind by name; raises NoSuchDirectory, and DirectoryNotLoaded where its package is broken."""
    known, broken = _loaded()
    if name in known:
        return known[name]
    if name in broken:
        raise broken[name]
    raise NoSuchDirectory(name, known=known)


def settings_model(kind: DirectoryKind) -> type[BaseModel] | None:
    """What an entry of a kind says; None for a kind that is reached through hosts, as those from before there were entries."""
    return getattr(kind, "settings", None)
