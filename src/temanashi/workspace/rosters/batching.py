"""A roster file read, compared with every place that the runbook changes, and made into the inputs of a run."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from temanashi.accounts.directory import Directory
from temanashi.accounts.model import Scope
from temanashi.errors import InputError, TemanashiError
from temanashi.hosts.connecting import connecting
from temanashi.hosts.fanout import fan_out
from temanashi.runbooks.model import Runbook
from temanashi.runbooks.steps.account_acting import plain_data
from temanashi.runbooks.steps.account_places import EVERYWHERE, Place, at_host, places_of
from temanashi.secrets import resolve
from temanashi.text.local import Phrase
from temanashi.workspace.importing.roster.reading import read_roster
from temanashi.workspace.opening import Installation
from temanashi.workspace.rosters.accepting import keep_roster, known_before
from temanashi.workspace.rosters.batch import APPLY, Batch, SeenPlace
from temanashi.workspace.rosters.comparing import compare
from temanashi.workspace.versions import PublishedWorkspace

__all__ = ["NoBatchRunbook", "NoRosterFile", "batch_of", "batch_runbook", "read_everywhere"]

SECONDS = 120.0


class NoBatchRunbook(InputError):
    """The workspace lacks the runbook that carries out what was found."""

    key = "lifecycle.no-runbook"

    def __init__(self, runbook: str = APPLY) -> None:
        super().__init__(runbook=runbook)


class NoRosterFile(InputError):
    """No file was chosen, or an empty one."""

    key = "lifecycle.no-file"


def batch_runbook(published: PublishedWorkspace) -> Runbook:
    """The runbook that carries a batch out; raises NoBatchRunbook."""
    if APPLY not in published.runbooks:
        raise NoBatchRunbook
    return published.runbooks[APPLY]


def batch_of(
    installation: Installation,
    published: PublishedWorkspace,
    data: bytes,
    *,
    name: str,
    by: str,
    roles: tuple[str, ...] = (),
    secret: Callable[[str], str] = resolve,
) -> Batch:
    """What would be done for the people of a file. Only reads. Raises what `read_roster` raises, NoBatchRunbook and LedgerError."""
    runbook = batch_runbook(published)
    settings, now = installation.settings, installation.clock.now()
    today = now.astimezone(settings.zone).date()
    roster = read_roster(data, name=name, today=today, zone=settings.zone)
    published.roles.known(roles)
    seen = read_everywhere(installation, published, runbook, secret=secret)
    with installation.database.transaction() as connection:
        keep_roster(connection, roster, by=by, now=now)
        known = known_before(connection, settings.zone)
    return compare(
        roster,
        seen,
        roles=published.roles,
        known=known,
        register=published.register,
        today=today,
        given_roles=roles,
        most=settings.accounts.people_per_run,
    )


def read_everywhere(
    installation: Installation, published: PublishedWorkspace, runbook: Runbook, *, secret: Callable[[str], str] = resolve
) -> list[SeenPlace]:
    """Every place that a runbook would change, read whole; what could not be read says why."""
    places = places_of(EVERYWHERE, published.inventory.select(runbook.targets), published.directories)
    seen = fan_out(places, partial(_read, installation, published, secret))
    return [_seen(place, seen[place.name]) for place in places]


def _read(installation: Installation, published: PublishedWorkspace, secret: Callable[[str], str], place: Place) -> SeenPlace:
    directory = _opened(installation, published, secret, place)
    return SeenPlace(name=place.name, kind=place.kind, snapshot=directory.read(Scope()), caps=directory.caps)


def _opened(installation: Installation, published: PublishedWorkspace, secret: Callable[[str], str], place: Place) -> Directory:
    if place.host is not None:
        transport = connecting(installation.settings, installation.connections, secret=secret)(place.host, None)
        return at_host(place.host, place.kind, transport=transport, clock=installation.clock, seconds=SECONDS)
    return published.directories.opened(
        place.name, clock=installation.clock, secrets=secret, root=installation.settings.root, timeout=SECONDS
    )


def _seen(place: Place, found: SeenPlace | TemanashiError) -> SeenPlace:
    if isinstance(found, SeenPlace):
        return found
    return SeenPlace(name=place.name, kind=place.kind, problem=Phrase(key=found.key, data=plain_data(found.data)))
