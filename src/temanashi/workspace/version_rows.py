"""Rows of stored versions and of what became of them: immutable, and checked against their digest when read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Column, Connection, ForeignKey, Integer, MetaData, Row, Select, Table, Text, select

from temanashi.canonical import digest_of
from temanashi.errors import LedgerError
from temanashi.workspace.difference import Difference, Known
from temanashi.workspace.faults import Fault, revived_fault

__all__ = [
    "StoredVersion",
    "VersionAltered",
    "check_version",
    "content_of",
    "last_publication",
    "left_by_going_back",
    "live_number",
    "live_version",
    "publications",
    "stored_content",
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


def live_number(connection: Connection) -> int:
    """The number of the live version, 0 before the first: quick enough to be asked at every keystroke."""
    live = last_publication(connection, live_only=True)
    return 0 if live is None else int(live.version)


def live_version(connection: Connection) -> StoredVersion | None:
    """The live version's row, without parsing its files."""
    live = last_publication(connection, live_only=True)
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


def last_publication(connection: Connection, *, live_only: bool) -> Row[Any] | None:
    """What happened last, or what was made live last."""
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
    return stored_content(connection, number)[1]


def check_version(connection: Connection, number: int) -> None:
    """Raise VersionAltered when a stored version is not what its digest says."""
    stored_content(connection, number)


def stored_content(connection: Connection, number: int) -> tuple[Row[Any], dict[str, Any]]:
    """The row of a version, and its files and settings; raises VersionAltered."""
    row = connection.execute(select(versions).where(versions.c.number == number)).one()
    try:
        content = json.loads(row.content)
    except ValueError as error:
        raise VersionAltered(number) from error
    if digest_of(content) != row.digest:
        raise VersionAltered(number)
    return row, content
