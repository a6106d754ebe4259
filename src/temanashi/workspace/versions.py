"""Versions of the workspace in the database: immutable, found by number or digest, and checked against their digest when read."""

from __future__ import annotations

import json
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Column, Connection, ForeignKey, Integer, MetaData, Row, Select, Table, Text, func, select

from temanashi.accounts.directories_file import Directories
from temanashi.accounts.reviews.register import Register
from temanashi.accounts.roles import Roles
from temanashi.books import KpiWanted, Roadmap
from temanashi.calendars import SiteCalendars
from temanashi.canonical import digest_of
from temanashi.errors import LedgerError, WorkspaceError
from temanashi.faq.entries import Entry
from temanashi.hosts.inventory import Inventory
from temanashi.monitoring.recurring import Recurring, RecurringWindow
from temanashi.monitoring.senders.rules import AlertRules
from temanashi.people import People
from temanashi.runbooks.model import Runbook
from temanashi.runbooks.steps.contract import StepKind
from temanashi.text import Lang
from temanashi.workspace.difference import Difference, Known
from temanashi.workspace.faults import Fault, revived_fault, unfaulty
from temanashi.workspace.importing.tickets.kinds import TicketKinds
from temanashi.workspace.loading import load_content

__all__ = [
    "NoSuchVersion",
    "PublishedWorkspace",
    "StoredVersion",
    "VersionAltered",
    "check_version",
    "content_of",
    "current_version",
    "left_by_going_back",
    "live_between",
    "live_number",
    "live_version",
    "publications",
    "published_version",
    "stored_versions",
    "versions",
]

metadata = MetaData()
versions = Table(
    "versions",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("digest", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("findings", Text, nullable=False),
)
publications = Table(
    "publications",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, ForeignKey("versions.number"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("live", Integer, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Text, nullable=False),
)


class NoSuchVersion(WorkspaceError):
    """No version with that number or digest was ever live."""

    key = "workspace.no-version"

    def __init__(self, wanted: str | int) -> None:
        super().__init__(wanted=wanted)


class VersionAltered(LedgerError):
    """A stored version is not what its digest says."""

    key = "workspace.version-altered"

    def __init__(self, number: int) -> None:
        super().__init__(number=number)


@dataclass(frozen=True, kw_only=True)
class StoredVersion:
    """A version as its row tells it: what changed, what was disabled, and how far it came."""

    number: int
    digest: str
    author: str
    created_at: datetime
    state: Literal["live", "pending", "refused", "earlier", "stale"]
    base: int
    runbooks: dict[str, Known]
    watched: tuple[str, ...]
    needs_second: tuple[str, ...]
    difference: Difference
    faults: list[Fault]


@dataclass(frozen=True, kw_only=True)
class PublishedWorkspace:
    """What live runs use. `runbooks` are those that were enabled when the version was published and that this release can read."""

    number: int
    digest: str
    published_at: datetime
    author: str
    files: dict[str, str]
    runbooks: dict[str, Runbook]
    inventory: Inventory
    calendar: SiteCalendars
    maintenance: tuple[RecurringWindow, ...]
    tickets: TicketKinds
    alerts: AlertRules
    kpi: tuple[KpiWanted, ...]
    people: People
    roadmap: Roadmap | None
    roles: Roles
    directories: Directories
    register: Register
    flows: dict[str, str]
    entries: dict[str, Entry]
    site: dict[str, Any]
    languages: tuple[Lang, ...]
    timezone: str
    faults: list[Fault]

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which days and months are cut."""
        return ZoneInfo(self.timezone)

    @property
    def recurring(self) -> Recurring:
        """Maintenance that comes again."""
        return Recurring(windows=self.maintenance, calendars=self.calendar, zone=self.zone)


Cache = MutableMapping[int, PublishedWorkspace]


def current_version(
    connection: Connection, *, kinds: Mapping[str, StepKind], cache: Cache | None = None
) -> PublishedWorkspace | None:
    """The live version; None before the first one. With a `cache` an unchanged version is parsed once. Raises VersionAltered."""
    live = _last(connection, live_only=True)
    return None if live is None else _published(connection, live.version, kinds, cache)


def published_version(
    connection: Connection, digest: str, *, kinds: Mapping[str, StepKind], cache: Cache | None = None
) -> PublishedWorkspace:
    """The newest version with that digest that is or was live; raises NoSuchVersion and VersionAltered."""
    joined = versions.join(publications, publications.c.version == versions.c.number)
    query = select(func.max(versions.c.number)).select_from(joined).where(versions.c.digest == digest, publications.c.live == 1)
    number = connection.scalar(query)
    if number is None:
        raise NoSuchVersion(digest)
    return _published(connection, number, kinds, cache)


def live_between(
    connection: Connection, start: datetime, end: datetime, *, kinds: Mapping[str, StepKind], cache: Cache
) -> list[tuple[PublishedWorkspace, datetime, datetime]]:
    """The versions that were live in a stretch of time, each with its part of it, in order; raises VersionAltered."""
    rows = connection.execute(select(publications).where(publications.c.live == 1).order_by(publications.c.number)).all()
    changes = [(row.version, datetime.fromisoformat(row.at)) for row in rows]
    parts = []
    for index, (number, since) in enumerate(changes):
        until = changes[index + 1][1] if index + 1 < len(changes) else end
        first, last = max(since, start), min(until, end)
        if first < last:
            parts.append((_published(connection, number, kinds, cache), first, last))
    return parts


def live_number(connection: Connection) -> int:
    """The number of the live version, 0 before the first: quick enough to be asked at every keystroke."""
    live = _last(connection, live_only=True)
    return 0 if live is None else int(live.version)


def live_version(connection: Connection) -> StoredVersion | None:
    """The live version's row, without parsing its files."""
    live = _last(connection, live_only=True)
    return None if live is None else next(iter(stored_versions(connection, numbers=(live.version,))))


def stored_versions(connection: Connection, *, numbers: Sequence[int] = (), limit: int = 100) -> list[StoredVersion]:
    """Versions, newest first: all (up to a limit), or those with these numbers."""
    columns = [versions.c.number, versions.c.digest, versions.c.author, versions.c.created_at, versions.c.findings]
    query = select(*columns).order_by(versions.c.number.desc()).limit(limit)
    rows = connection.execute(query.where(versions.c.number.in_(numbers)) if numbers else query).all()
    states = _states(connection)
    return [_stored(row, states.get(row.number, "pending")) for row in rows]


def _stored(row: Row[Any], state: Any) -> StoredVersion:
    found = json.loads(row.findings)
    return StoredVersion(
        number=row.number,
        digest=row.digest,
        author=row.author,
        created_at=datetime.fromisoformat(row.created_at),
        state=state,
        base=found["base"],
        runbooks={name: Known.model_validate(known) for name, known in found["runbooks"].items()},
        watched=tuple(found["watched"]),
        needs_second=tuple(found["needs_second"]),
        difference=Difference.model_validate(found["difference"]),
        faults=[revived_fault(fault) for fault in found["faults"]],
    )


def _states(connection: Connection) -> dict[int, str]:
    rows = connection.execute(
        select(publications.c.version, publications.c.kind, publications.c.live).order_by(publications.c.number)
    ).all()
    states: dict[int, str] = {}
    live = 0
    for row in rows:
        # Whatever happens after a version was stored for approval makes that version stale.
        states = {number: "stale" if state == "pending" else state for number, state in states.items()}
        if row.live:
            states |= {live: "earlier"} if live else {}
            live = row.version
        states[row.version] = "live" if row.live else row.kind
    return states


def _last(connection: Connection, *, live_only: bool) -> Row[Any] | None:
    query: Select[Any] = select(publications).order_by(publications.c.number.desc()).limit(1)
    return connection.execute(query.where(publications.c.live == 1) if live_only else query).first()


def left_by_going_back(connection: Connection) -> StoredVersion | None:
    """The version that was live until somebody went back, if that is the last thing that happened."""
    query = (
        select(publications.c.version, publications.c.kind).where(publications.c.live == 1).order_by(publications.c.number.desc())
    )
    rows = connection.execute(query.limit(2)).all()
    if len(rows) == 2 and rows[0].kind == "back":  # noqa: PLR2004  (the last two)
        return stored_versions(connection, numbers=(rows[1].version,))[0]
    return None


def content_of(connection: Connection, number: int) -> dict[str, Any]:
    """The files and settings of a stored version; raises VersionAltered."""
    return _content(connection, number)[1]


def check_version(connection: Connection, number: int) -> None:
    """Raise VersionAltered when a stored version is not what its digest says."""
    _content(connection, number)


def _content(connection: Connection, number: int) -> tuple[Row[Any], dict[str, Any]]:
    row = connection.execute(select(versions).where(versions.c.number == number)).one()
    try:
        content = json.loads(row.content)
    except ValueError as error:
        raise VersionAltered(number) from error
    if digest_of(content) != row.digest:
        raise VersionAltered(number)
    return row, content


def _published(connection: Connection, number: int, kinds: Mapping[str, StepKind], cache: Cache | None) -> PublishedWorkspace:
    if cache is not None and number in cache:
        return cache[number]
    row, content = _content(connection, number)
    settings = content["settings"]
    findings = json.loads(row.findings)
    good = unfaulty(content["files"], [revived_fault(fault) for fault in findings["faults"]])
    loaded = load_content(content["files"], kinds=kinds, languages=tuple(settings["languages"]), good=good)
    enabled = findings["runbooks"]
    first = select(func.min(publications.c.at)).where(publications.c.version == number, publications.c.live == 1)
    published = PublishedWorkspace(
        number=number,
        digest=row.digest,
        published_at=datetime.fromisoformat(connection.execute(first).scalar_one()),
        author=row.author,
        files=content["files"],
        runbooks={name: found.runbook for name, found in loaded.runbooks.items() if name in enabled},
        inventory=loaded.inventory,
        calendar=loaded.calendar,
        maintenance=loaded.maintenance,
        tickets=loaded.tickets,
        alerts=loaded.alerts,
        kpi=loaded.kpi,
        people=loaded.people,
        roadmap=loaded.roadmap,
        roles=loaded.roles,
        directories=loaded.directories,
        register=loaded.register,
        flows=loaded.flows,
        entries={name: found.entry for name, found in loaded.entries.items()},
        site=loaded.site,
        languages=tuple(settings["languages"]),
        timezone=settings["timezone"],
        faults=loaded.faults,
    )
    if cache is not None:
        cache[number] = published
    return published
