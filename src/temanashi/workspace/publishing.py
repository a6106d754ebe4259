"""Publish: store the files as an immutable version and make it live, unless privileged runbooks need a second person first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, func, insert, select

from temanashi.canonical import canonical_json, digest_of
from temanashi.clock import Clock
from temanashi.ledger.database import Database
from temanashi.ledger.ledger import Ledger
from temanashi.people import Actor, Channel
from temanashi.workspace.approving import (
    ApproverNotAPerson,
    NoEarlierVersion,
    NothingPending,
    NothingPublished,
    PublicationStale,
    SamePerson,
    approve_publication,
    publish_back,
    refuse_publication,
)
from temanashi.workspace.difference import Difference, FileDifference, Known, difference
from temanashi.workspace.directory import is_guarded
from temanashi.workspace.faults import fault_json
from temanashi.workspace.loading import PEOPLE, Workspace
from temanashi.workspace.publication import By, Publication, PublicationKind, enter, taking_turns
from temanashi.workspace.shipped import shipped_versions
from temanashi.workspace.version_rows import (
    StoredVersion,
    VersionAltered,
    content_of,
    left_by_going_back,
    live_version,
    stored_versions,
    versions,
)
from temanashi.workspace.versions import NoSuchVersion, PublishedWorkspace, current_version, published_version

__all__ = [
    "ApproverNotAPerson",
    "Difference",
    "FileDifference",
    "NoEarlierVersion",
    "NoSuchVersion",
    "NothingPending",
    "NothingPublished",
    "Publication",
    "PublicationStale",
    "PublishedWorkspace",
    "SamePerson",
    "StoredVersion",
    "VersionAltered",
    "approve_publication",
    "current_version",
    "live_version",
    "publish",
    "publish_back",
    "published_version",
    "refuse_publication",
    "stored_versions",
]


def publish(
    database: Database,
    ledger: Ledger,
    workspace: Workspace,
    *,
    actor: Actor,
    clock: Clock,
    channel: Channel = "cli",
    reason: str = "",
    automatic: bool = False,
) -> Publication:
    """Store what the files say now as a version, and make it live unless it needs a second person.

    Broken files refuse nothing: their runbooks are left out. The same content makes no new version. `automatic` (on start, on
    change) does not bring back what somebody went back from. Raises LedgerError and VersionAltered.
    """
    settings = {"languages": list(workspace.settings.languages), "timezone": workspace.settings.timezone}
    content = {"files": workspace.texts, "settings": settings}
    with taking_turns(database) as connection:
        live = live_version(connection)
        if (known := _known(connection, live, digest_of(content), automatic=automatic)) is not None:
            return known
        version = _store(connection, workspace, content, live, author=actor.name, clock=clock)
        kind: PublicationKind = "pending" if version.needs_second else "published"
        enter(connection, ledger, version, kind, by=By(actor=actor, channel=channel, reason=reason), clock=clock)
        return Publication.of(version, "pending" if version.needs_second else "live")


def _known(connection: Connection, live: StoredVersion | None, digest: str, *, automatic: bool) -> Publication | None:
    if live is not None and live.digest == digest:
        return Publication.of(live, "unchanged")
    waiting = next((version for version in stored_versions(connection, limit=1) if version.state == "pending"), None)
    if waiting is not None and waiting.digest == digest:
        return Publication.of(waiting, "pending")
    left = left_by_going_back(connection) if automatic else None
    if left is not None and left.digest == digest:
        return Publication.of(left, "held")
    return None


def _store(
    connection: Connection, workspace: Workspace, content: dict[str, Any], live: StoredVersion | None, *, author: str, clock: Clock
) -> StoredVersion:
    now = {
        name: Known(
            file=found.file, version=found.runbook.version, privileged=found.runbook.privileged, guarded=is_guarded(found.runbook)
        )
        for name, found in workspace.runbooks.items()
    }
    before = live.runbooks if live else {}
    old_texts = content_of(connection, live.number)["files"] if live else {}
    watched = frozenset(live.watched if live else ())
    two = len(workspace.people.people) > 1
    findings = {
        "base": live.number if live else 0,
        "runbooks": {name: known.model_dump() for name, known in now.items()},
        # An id that was privileged stays watched after it is removed, or removing and adding it again would need nobody.
        # What says who may run or approve is watched once two people are listed: one of them must not take that away.
        "watched": sorted(
            (watched - now.keys()) | {name for name, known in now.items() if known.privileged or known.guarded & two}
        ),
        "needs_second": [*_needing_second(before, now, watched), *_people_changed(old_texts, content["files"], before, watched)],
        "difference": difference(before, now, old_texts=old_texts, new_texts=content["files"]).model_dump(mode="json"),
        "faults": [fault_json(fault) for fault in workspace.faults],
    }
    number = (connection.scalar(select(func.max(versions.c.number))) or 0) + 1
    row = {"number": number, "digest": digest_of(content), "author": author, "created_at": clock.now().isoformat()}
    texts = {"content": canonical_json(content), "findings": canonical_json(findings)}
    connection.execute(insert(versions), [row | texts])
    return stored_versions(connection, numbers=(number,))[0]


def _people_changed(
    old: Mapping[str, str], new: Mapping[str, str], before: Mapping[str, Known], watched: frozenset[str]
) -> list[str]:
    """Who belongs to which group decides who may approve, so where anything is approved a change of it takes two people."""
    asked = any(known.guarded and name in watched for name, known in before.items())
    return [PEOPLE] if asked and old.get(PEOPLE) != new.get(PEOPLE) else []


def _needing_second(before: Mapping[str, Known], now: Mapping[str, Known], watched: frozenset[str]) -> list[str]:
    """Privileged runbooks that are new or changed. Stopping one needs nobody: it must always be easy.

    One that is new and exactly as this release brings it was reviewed already, so that the first day needs one person.
    """
    privileged = [name for name, known in now.items() if known.privileged or name in watched]
    known_good = {name for name in now.keys() - watched - before.keys() if shipped_versions().get(name) == now[name].version}
    return sorted(
        name for name in privileged if name not in known_good and (name not in before or before[name].version != now[name].version)
    )
