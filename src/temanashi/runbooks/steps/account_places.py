"""Where an `accounts` step acts: local accounts of hosts, directories of `directories.yaml`, or all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from temanashi.accounts.directories_file import Directories
from temanashi.accounts.directory import Directory, Reached, directory_kind, installed_directories, settings_model
from temanashi.changes import Change
from temanashi.clock import Clock
from temanashi.hosts.inventory import LOCALHOST, Host
from temanashi.hosts.transport import Transport
from temanashi.runbooks.steps.account_directories import opened_directory
from temanashi.runbooks.steps.contract import Effects

__all__ = ["EVERYWHERE", "HOSTS", "Place", "at_host", "by_hosts", "directory_of", "opened", "places_of"]

EVERYWHERE = "everywhere"
HOSTS = "linux"


@dataclass(frozen=True)
class Place:
    """One target: the accounts of a host, or a directory by its name."""

    name: str
    kind: str
    host: Host | None = None


def by_hosts(directory: str) -> bool:
    """Whether it names a kind of directory that is reached through hosts."""
    known = installed_directories()
    return directory in known and settings_model(known[directory]) is None


def places_of(directory: str, hosts: Iterable[Host], known: Directories, *, only: tuple[str, ...] = ()) -> tuple[Place, ...]:
    """The targets of a step, `only` these directories where a run is limited. Raises UnknownDirectory."""
    return tuple(_places(directory, hosts, known, only))


def _places(directory: str, hosts: Iterable[Host], known: Directories, only: tuple[str, ...]) -> Iterator[Place]:
    if directory == EVERYWHERE:
        # A host without a shell has no accounts that could be reached this way. Our own machine is meant only by its name in
        # hosts.yaml: `localhost` is among all hosts of every workspace.
        yield from (Place(host.name, HOSTS, host) for host in hosts if host.shell != "none" and host.name != LOCALHOST)
        yield from (Place(name, _kind(known, name)) for name in known.names if not only or name in only)
    elif by_hosts(directory):
        yield from (Place(host.name, directory, host) for host in hosts)
    else:
        yield Place(directory, known.entry(directory).kind)


def _kind(known: Directories, name: str) -> str:
    """Of a directory whose entry has a mistake the kind is not known; asking it says what is wrong."""
    return known.entries[name].kind if name in known.entries else ""


def at_host(host: Host, kind: str, *, transport: Transport, clock: Clock, seconds: float) -> Directory:
    """The directory at a host, over a way that is there; nothing is asked yet."""
    return directory_kind(kind).open(Reached(where=host.name, transport=transport, timeout=seconds, clock=clock))


def opened(effects: Effects, host: Host, kind: str, seconds: float) -> Directory:
    """The directory at a host; nothing is asked yet."""
    return at_host(host, kind, transport=effects.connect(host), clock=effects.clock, seconds=seconds)


def directory_of(effects: Effects, change: Change) -> Directory:
    """The directory that a planned change is about; nothing is asked yet. Raises UnknownDirectory."""
    seconds = float(change.payload["timeout"])
    if change.payload.get("entry"):
        return opened_directory(effects, change.target, timeout=seconds)
    return opened(effects, effects.host(change.target), change.payload["directory"], seconds)
