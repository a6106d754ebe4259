"""One step of a version's way to being live: its row and its record are written together, one step at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, func, insert, select, text

from temanashi.clock import Clock
from temanashi.ledger.database import Database
from temanashi.ledger.ledger import Ledger
from temanashi.ledger.records import Draft
from temanashi.people import Actor, Channel
from temanashi.workspace.difference import Difference
from temanashi.workspace.faults import Fault, fault_line
from temanashi.workspace.version_rows import StoredVersion, publications

__all__ = ["By", "Publication", "PublicationKind", "enter", "taking_turns"]

PublicationKind = Literal["published", "pending", "approved", "refused", "back"]
LIVE_KINDS = ("published", "approved", "back")
_PUBLISH_LOCK = 0x74656D61_00000002


@dataclass(frozen=True, kw_only=True)
class Publication:
    """What publishing did; only `live` and `back` changed what runs.

    `unchanged`: the live version has the same content. `pending`: another person must approve, because of the privileged runbooks
    in `needs_second`. `held`: an automatic publication of what somebody went back from. `faults` are to be told loudly.
    """

    status: Literal["live", "pending", "refused", "unchanged", "held", "back"]
    number: int
    digest: str
    difference: Difference
    faults: list[Fault]
    needs_second: tuple[str, ...] = ()

    @classmethod
    def of(cls, version: StoredVersion, status: Literal["live", "pending", "refused", "unchanged", "held", "back"]) -> Publication:
        """What became of a stored version."""
        return cls(
            status=status,
            number=version.number,
            digest=version.digest,
            difference=version.difference,
            faults=version.faults,
            needs_second=version.needs_second,
        )


@dataclass(frozen=True, kw_only=True)
class By:
    """Who publishes, through what, and why."""

    actor: Actor
    channel: Channel = "cli"
    reason: str = ""
    approvers: tuple[str, ...] = ()


@contextmanager
def taking_turns(database: Database) -> Iterator[Connection]:
    """A write transaction in which nobody else publishes."""
    with database.transaction() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _PUBLISH_LOCK})
        yield connection


def enter(connection: Connection, ledger: Ledger, version: StoredVersion, kind: PublicationKind, *, by: By, clock: Clock) -> None:
    """Write the step's row and its record."""
    live = kind in LIVE_KINDS
    number = (connection.scalar(select(func.max(publications.c.number))) or 0) + 1
    row = {
        "number": number,
        "version": version.number,
        "kind": kind,
        "live": int(live),
        "actor": by.actor.name,
        "reason": by.reason,
    }
    connection.execute(insert(publications), [{**row, "at": clock.now().isoformat()}])
    draft = Draft(
        kind="published" if live else "publication",
        version=version.digest,
        actor=by.actor.name,
        actor_kind=by.actor.kind,
        assurance=by.actor.assurance,
        channel=by.channel,
        approvers=by.approvers,
        reason=by.reason,
        privileged=bool(version.needs_second),
        outcome=kind,
        body=_body(version),
    )
    ledger.append(connection, draft)


def _body(version: StoredVersion) -> dict[str, Any]:
    changed = version.difference.model_dump(mode="json", exclude={"files"})
    return {
        "number": version.number,
        "author": version.author,
        "base": version.base,
        "needs_second": list(version.needs_second),
        "runbooks": {name: known.version for name, known in version.runbooks.items()},
        "difference": changed | {"files": {found.file: found.change for found in version.difference.files}},
        "faults": [fault_line(fault, "en") for fault in version.faults],
    }
