"""Accounts that nobody has used for long, as the inputs of a run. What is not known is never called long."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from temanashi.accounts.reviews.register import Register
from temanashi.runbooks.model import Runbook
from temanashi.runbooks.steps.account_places import by_hosts
from temanashi.text.local import Phrase
from temanashi.workspace.rosters.batch import SeenPlace
from temanashi.workspace.rosters.batching import NoBatchRunbook
from temanashi.workspace.versions import PublishedWorkspace

__all__ = ["CLOSE_DORMANT", "Dormant", "dormant_among", "dormant_runbook"]

CLOSE_DORMANT = "close-dormant-accounts"


@dataclass(frozen=True, kw_only=True)
class Dormant:
    """`PLACE/LOGIN` of accounts with their last use: `now` of this run, `later` of the next; and places that could not be read."""

    on_hosts: tuple[str, ...]
    in_directories: tuple[str, ...]
    later: int
    last_used: Mapping[str, datetime]
    not_read: Mapping[str, Phrase]

    @property
    def inputs(self) -> dict[str, list[str]]:
        """The inputs of the runbook."""
        return {"on_hosts": list(self.on_hosts), "in_directories": list(self.in_directories)}


def dormant_runbook(published: PublishedWorkspace) -> Runbook:
    """The runbook that closes them; raises NoBatchRunbook."""
    if CLOSE_DORMANT not in published.runbooks:
        raise NoBatchRunbook(CLOSE_DORMANT)
    return published.runbooks[CLOSE_DORMANT]


def dormant_among(places: Sequence[SeenPlace], register: Register, *, days: int, most: int) -> Dormant:
    """People's open accounts whose last use is known and longer ago, the longest first; at most so many a run."""
    found = sorted(((used, kind, name) for place in places for used, kind, name in _unused(place, register, days)))
    taken = found[:most]
    return Dormant(
        on_hosts=tuple(name for _, kind, name in taken if by_hosts(kind)),
        in_directories=tuple(name for _, kind, name in taken if not by_hosts(kind)),
        later=len(found) - len(taken),
        last_used={name: used for used, _, name in taken},
        not_read={place.name: place.problem for place in places if place.problem is not None},
    )


def _unused(place: SeenPlace, register: Register, days: int) -> Iterator[tuple[datetime, str, str]]:
    if place.snapshot is None:
        return
    seen = place.snapshot
    for account in seen.accounts:
        ours = account.kind == "person" and not account.system and not account.closed(seen.today)
        if not ours or not isinstance(account.last_seen, datetime) or register.registered(account.login, place.name):
            continue
        if seen.taken_at - account.last_seen > timedelta(days=days):
            yield account.last_seen, place.kind, f"{place.name}/{account.login}"
