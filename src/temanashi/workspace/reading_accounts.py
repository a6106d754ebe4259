"""Reading every place that has accounts: named hosts, directories, and our own users. What cannot be read is told, never empty."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from pydantic import BaseModel

from temanashi.accounts.directories.linux import KIND as LINUX
from temanashi.accounts.directories_file import Directories
from temanashi.accounts.directory import Directory, Reached
from temanashi.accounts.model import Scope
from temanashi.accounts.reviews.population import NotRead, Population, Target
from temanashi.accounts.reviews.reading import target_of
from temanashi.accounts.reviews.register import Register
from temanashi.canonical import canonical_json
from temanashi.errors import TemanashiError
from temanashi.hosts.connecting import connecting
from temanashi.hosts.fanout import JobFailed
from temanashi.hosts.inventory import Host, Inventory
from temanashi.hosts.transport import Transport
from temanashi.people import People
from temanashi.secrets import resolve
from temanashi.text.local import Phrase
from temanashi.workspace.live import live_directories, live_directory, live_inventory, live_register
from temanashi.workspace.opening import Installation
from temanashi.workspace.own_accounts import own_target

__all__ = ["Places", "places_of", "read_places"]

SECONDS = 120.0
WORKERS = 32


@dataclass(frozen=True, kw_only=True)
class Places:
    """What the live version says of places with accounts."""

    register: Register
    inventory: Inventory
    directories: Directories
    people: People

    @property
    def hosts(self) -> tuple[Host, ...]:
        """The hosts whose local accounts are read."""
        return self.inventory.select(self.register.policy.hosts) if self.register.policy.hosts else ()

    @property
    def any(self) -> bool:
        """Whether there is anything to read besides our own users."""
        return bool(self.register.policy.hosts or self.directories.names)


def places_of(installation: Installation) -> Places:
    """Where accounts are, in the live version; raises LedgerError."""
    with installation.database.reading() as connection:
        return Places(
            register=live_register(connection),
            inventory=live_inventory(connection),
            directories=live_directories(connection),
            people=live_directory(connection).people,
        )


@dataclass(frozen=True)
class _Job:
    where: str
    kind: str
    query: str
    open: Callable[[], Directory]


def read_places(
    installation: Installation, places: Places, *, secret: Callable[[str], str] = resolve, only: tuple[str, ...] = ()
) -> Population:
    """Read all of them at once, as many as 32 at a time, and our own users; `only` names the places that are wanted."""
    jobs = [job for job in _jobs(installation, places, secret) if not only or job.where in only]
    with ThreadPoolExecutor(max_workers=max(1, min(WORKERS, len(jobs)))) as pool:
        read = list(pool.map(_read, jobs))
    with installation.database.reading() as connection:
        own = own_target(connection, places.people, now=installation.clock.now())
    targets = [one for one in read if isinstance(one, Target)]
    return Population(
        targets=(*targets, *([own] if not only or own.where in only else [])),
        not_read=tuple(one for one in read if isinstance(one, NotRead)),
    )


def _jobs(installation: Installation, places: Places, secret: Callable[[str], str]) -> Iterator[_Job]:
    reach = connecting(installation.settings, installation.connections, secret=secret)
    for host in places.hosts:
        yield _Job(host.name, LINUX.name, "all local accounts", partial(_on_host, installation, reach(host, None), host))
    for name in places.directories.names:
        entry = places.directories.entries.get(name)
        kind, query = (entry.kind, _query(entry.settings)) if entry is not None else ("-", "-")
        yield _Job(name, kind, query, partial(_by_name, installation, places.directories, name, secret))


def _on_host(installation: Installation, transport: Transport, host: Host) -> Directory:
    reached = Reached(where=host.name, transport=transport, timeout=SECONDS, clock=installation.clock)
    return LINUX.open(reached)


def _by_name(installation: Installation, directories: Directories, name: str, secret: Callable[[str], str]) -> Directory:
    return directories.opened(name, clock=installation.clock, secrets=secret, root=installation.settings.root, timeout=SECONDS)


def _query(settings: BaseModel) -> str:
    """What was asked of a directory: its entry, without references to secrets and without what is as usual."""
    said = settings.model_dump(mode="json", exclude_defaults=True)
    return canonical_json({name: value for name, value in said.items() if not str(value).startswith(("env:", "file:"))})


def _read(job: _Job) -> Target | NotRead:
    try:
        return target_of(job.open().read(Scope()), kind=job.kind, query=job.query)
    except TemanashiError as error:
        found: TemanashiError = error
    except Exception as error:  # noqa: BLE001  (one place's surprise must not hide the others)
        found = JobFailed(job.where, error)
    return NotRead(where=job.where, kind=job.kind, reason=Phrase(key=found.key, data=_plain(found.data)))


def _plain(data: dict[str, object]) -> dict[str, object]:
    return {name: value.model_dump() if isinstance(value, Phrase) else value for name, value in data.items()}
