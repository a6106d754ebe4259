"""The second person's answer to a version that waits, and the way back to the version before."""

from __future__ import annotations

from sqlalchemy import Connection, select

from temanashi.clock import Clock
from temanashi.errors import WorkspaceError
from temanashi.ledger.database import Database
from temanashi.ledger.ledger import Ledger
from temanashi.people import Actor, Channel
from temanashi.workspace.live import live_directory
from temanashi.workspace.publication import By, Publication, enter, taking_turns
from temanashi.workspace.version_rows import StoredVersion, check_version, live_version, publications, stored_versions
from temanashi.workspace.versions import NoSuchVersion

__all__ = [
    "ApproverNotAPerson",
    "NoEarlierVersion",
    "NothingPending",
    "NothingPublished",
    "PublicationStale",
    "SamePerson",
    "approve_publication",
    "publish_back",
    "refuse_publication",
]


class NothingPending(WorkspaceError):
    """No version with that number waits for approval."""

    key = "workspace.nothing-pending"


class PublicationStale(WorkspaceError):
    """Another version became live after this one was made, so approving it would undo that."""

    key = "workspace.publication-stale"

    def __init__(self, number: int, *, live: int) -> None:
        super().__init__(number=number, live=live)


class SamePerson(WorkspaceError):
    """The author of a version cannot approve it."""

    key = "workspace.same-person"

    def __init__(self, number: int, *, actor: str) -> None:
        super().__init__(number=number, actor=actor)


class ApproverNotAPerson(WorkspaceError):
    """A part of the system cannot approve."""

    key = "workspace.approver-not-a-person"

    def __init__(self, number: int, *, actor: str) -> None:
        super().__init__(number=number, actor=actor)


class NothingPublished(WorkspaceError):
    """No version is live."""

    key = "workspace.nothing-published"


class NoEarlierVersion(WorkspaceError):
    """There is no version to go back to."""

    key = "workspace.no-earlier-version"

    def __init__(self, number: int) -> None:
        super().__init__(number=number)


def approve_publication(
    database: Database, ledger: Ledger, number: int, *, actor: Actor, clock: Clock, channel: Channel = "cli", reason: str = ""
) -> Publication:
    """Make the waiting version `number` live; raises NothingPending, PublicationStale, SamePerson and ApproverNotAPerson."""
    with taking_turns(database) as connection:
        version = _waiting(connection, number)
        if actor.kind != "person":
            raise ApproverNotAPerson(number, actor=actor.name)
        people = live_directory(connection).people
        if people.identity(version.author) in people.identities(actor):
            raise SamePerson(number, actor=actor.name)
        check_version(connection, number)
        by = By(actor=actor, channel=channel, reason=reason, approvers=(actor.name,))
        enter(connection, ledger, version, "approved", by=by, clock=clock)
        return Publication.of(version, "live")


def refuse_publication(
    database: Database, ledger: Ledger, number: int, *, actor: Actor, clock: Clock, channel: Channel = "cli", reason: str = ""
) -> Publication:
    """Refuse the waiting version `number`; its author may, too. Raises NothingPending and PublicationStale."""
    with taking_turns(database) as connection:
        version = _waiting(connection, number)
        enter(connection, ledger, version, "refused", by=By(actor=actor, channel=channel, reason=reason), clock=clock)
        return Publication.of(version, "refused")


def publish_back(
    database: Database,
    ledger: Ledger,
    *,
    actor: Actor,
    clock: Clock,
    to: int | None = None,
    channel: Channel = "cli",
    reason: str = "",
) -> Publication:
    """Make the version before the live one live again, or version `to`; one person may, as it was live before.

    Going back again goes further back. Raises NothingPublished, NoEarlierVersion, NoSuchVersion and VersionAltered.
    """
    with taking_turns(database) as connection:
        live = live_version(connection)
        if live is None:
            raise NothingPublished
        chosen = _once_live(connection, to) if to is not None else _before(connection, live)
        check_version(connection, chosen.number)
        enter(connection, ledger, chosen, "back", by=By(actor=actor, channel=channel, reason=reason), clock=clock)
        return Publication.of(chosen, "back")


def _waiting(connection: Connection, number: int) -> StoredVersion:
    version = next(iter(stored_versions(connection, numbers=(number,))), None)
    if version is None or version.state not in {"pending", "stale"}:
        raise NothingPending
    if version.state == "stale":
        live = live_version(connection)
        raise PublicationStale(number, live=live.number if live else 0)
    return version


def _once_live(connection: Connection, number: int) -> StoredVersion:
    query = select(publications.c.number).where(publications.c.version == number, publications.c.live == 1).limit(1)
    if connection.execute(query).first() is None:
        raise NoSuchVersion(number)
    return stored_versions(connection, numbers=(number,))[0]


def _before(connection: Connection, live: StoredVersion) -> StoredVersion:
    query = select(publications.c.version).where(publications.c.live == 1, publications.c.version < live.number).distinct()
    numbers = connection.scalars(query).all()
    found = (
        [version for version in stored_versions(connection, numbers=numbers) if version.digest != live.digest] if numbers else []
    )
    if not found:
        raise NoEarlierVersion(live.number)
    return found[0]
