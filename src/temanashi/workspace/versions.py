"""Versions of the workspace in the database: immutable, found by number or digest, and checked against their digest when read."""

from __future__ import annotations

import json
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from temanashi.accounts.directories_file import Directories
from temanashi.accounts.reviews.register import Register
from temanashi.accounts.roles import Roles
from temanashi.books import KpiWanted, Roadmap
from temanashi.calendars import SiteCalendars
from temanashi.errors import WorkspaceError
from temanashi.faq.entries import Entry
from temanashi.hosts.inventory import Inventory
from temanashi.monitoring.recurring import Recurring, RecurringWindow
from temanashi.monitoring.senders.rules import AlertRules
from temanashi.people import People
from temanashi.runbooks.model import Runbook
from temanashi.runbooks.steps.contract import StepKind
from temanashi.text import Lang
from temanashi.workspace.faults import Fault, revived_fault, unfaulty
from temanashi.workspace.importing.tickets.kinds import TicketKinds
from temanashi.workspace.loading import load_content
from temanashi.workspace.version_rows import last_publication, publications, stored_content, versions

__all__ = [
    "NoSuchVersion",
    "PublishedWorkspace",
    "current_version",
    "live_between",
    "published_version",
]


class NoSuchVersion(WorkspaceError):
    """No version with that number or digest was ever live."""

    key = "workspace.no-version"

    def __init__(self, wanted: str | int) -> None:
        super().__init__(wanted=wanted)


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
    live = last_publication(connection, live_only=True)
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


def _published(connection: Connection, number: int, kinds: Mapping[str, StepKind], cache: Cache | None) -> PublishedWorkspace:
    if cache is not None and number in cache:
        return cache[number]
    row, content = stored_content(connection, number)
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
