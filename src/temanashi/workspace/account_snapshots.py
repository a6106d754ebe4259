"""A snapshot of all accounts: read, keep, compare with the last one, record what changed without us, and tell people of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from temanashi.accounts.reviews.drift import Drift, drift_between
from temanashi.accounts.reviews.faults import NothingToRead, PopulationAltered, PopulationPruned
from temanashi.accounts.reviews.keeping import keep, last_snapshot, note_snapshot
from temanashi.accounts.reviews.population import NotRead, Population, Target
from temanashi.ledger.records import Draft, TargetOutcome
from temanashi.notices import Notice, Notifier
from temanashi.people import Actor, Channel
from temanashi.secrets import resolve
from temanashi.text import Phrase, say
from temanashi.text.local import phrase
from temanashi.workspace.opening import Installation
from temanashi.workspace.our_account_changes import our_changes
from temanashi.workspace.own_accounts import OWN
from temanashi.workspace.reading_accounts import places_of, read_places

__all__ = ["Taken", "drift_line", "snapshot_accounts", "targets_told"]

SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What a snapshot found. `first` are places that were never read before; `problems` is what went wrong besides."""

    population: Population
    drift: tuple[Drift, ...]
    first: tuple[str, ...]
    seq: int
    problems: tuple[Phrase, ...] = ()


def snapshot_accounts(
    installation: Installation,
    *,
    actor: Actor,
    channel: Channel,
    secret: Callable[[str], str] = resolve,
    notifier: Notifier | None = None,
) -> Taken:
    """Read every place and compare; raises NothingToRead and LedgerError. Places that do not answer are told as not read."""
    places = places_of(installation)
    if not places.any:
        raise NothingToRead
    population = read_places(installation, places, secret=secret)
    with installation.database.transaction() as connection:
        taken = _kept(installation, connection, population, actor, channel)
    told = _tell(installation, taken, notifier)
    return Taken(**{**vars(taken), "problems": (*taken.problems, *told)})


def targets_told(population: Population, digests: dict[str, str]) -> list[dict[str, object]]:
    """What a record says of each place that was read: query, counts and digests."""
    return [
        {
            "where": one.where,
            "kind": one.kind,
            "query": one.query,
            "taken_at": one.taken_at.isoformat(),
            "accounts": len(one.entries),
            "groups": len(one.groups),
            "digest": one.digest,
            "kept": digests[one.where],
        }
        for one in population.targets
    ]


def _kept(installation: Installation, connection: Connection, population: Population, actor: Actor, channel: Channel) -> Taken:
    now = installation.clock.now()
    before, problems = _before(connection, population)
    since = min((one.taken_at for one in before.values()), default=now)
    ours = list(our_changes(installation.ledger, connection, since=since)) if before else []
    drift = [found for one in population.targets if one.where in before for found in drift_between(before[one.where], one, ours)]
    digests = {one.where: keep(connection, one, used=False, now=now) for one in population.targets}
    body = {
        "targets": targets_told(population, digests),
        "not_read": [one.model_dump(mode="json") for one in population.not_read],
        "drift": len(drift),
    }
    said = {"actor": actor.name, "actor_kind": actor.kind, "assurance": actor.assurance, "channel": channel}
    record = installation.ledger.append(connection, Draft(kind="account_snapshot", body=body, **said))
    for one in population.targets:
        note_snapshot(connection, one, digests[one.where], seq=record.seq)
    installation.ledger.append_all(connection, list(_drift_drafts(population, before, drift)))
    first = tuple(one.where for one in population.targets if one.where not in before and one.where != OWN)
    return Taken(population=population, drift=tuple(drift), first=first, seq=record.seq, problems=problems)


def _before(connection: Connection, population: Population) -> tuple[dict[str, Target], tuple[Phrase, ...]]:
    """The last read of each place. Our own users change here and nowhere else, on the record."""
    found: dict[str, Target] = {}
    problems: list[Phrase] = []
    for one in population.targets:
        if one.where == OWN:
            continue
        try:
            last = last_snapshot(connection, one.where, one.kind)
        except (PopulationPruned, PopulationAltered) as error:
            problems.append(Phrase(key=error.key, data=error.data))
            continue
        if last is not None:
            found[one.where] = last
    return found, tuple(problems)


def _drift_drafts(population: Population, before: dict[str, Target], drift: list[Drift]) -> Iterator[Draft]:
    """One record a place."""
    for one in population.targets:
        mine = [found for found in drift if found.where == one.where]
        if mine:
            yield Draft(
                kind="account_drift",
                actor="temanashi",
                actor_kind="system",
                channel="schedule",
                targets=(TargetOutcome(target=one.where, outcome="changed"),),
                body={
                    "where": one.where,
                    "since": before[one.where].taken_at.isoformat(),
                    "until": one.taken_at.isoformat(),
                    "before": before[one.where].digest,
                    "after": one.digest,
                    "changes": [found.model_dump(mode="json") for found in mine],
                },
            )


def _tell(installation: Installation, taken: Taken, notifier: Notifier | None) -> list[Phrase]:
    """Tell of changes once each, and of places that cannot be read until they can."""
    settings = installation.settings
    teller = notifier or Notifier(settings.notify, database=installation.database, clock=installation.clock, lang=settings.language)
    failures: list[Phrase] = []
    if taken.drift:
        places = sorted({one.where for one in taken.drift})
        title = say("reviews.drift-title", teller.lang, count=len(taken.drift), places=places)
        lines = [drift_line(one).text(teller.lang) for one in taken.drift[:SHOWN]]
        rest = [say("reviews.drift-more", teller.lang, count=len(taken.drift) - SHOWN)] if len(taken.drift) > SHOWN else []
        body = "\n".join([*lines, *rest, "", say("reviews.drift-next", teller.lang)])
        failures += teller.send(Notice(key=f"account-drift:{taken.seq}", title=title, body=body)).failures
    for read in taken.population.targets:
        failures += teller.resolve(f"accounts-not-read:{read.where}").failures
    for missing in taken.population.not_read:
        failures += teller.send(_not_read(missing, teller)).failures
    return failures


def _not_read(missing: NotRead, teller: Notifier) -> Notice:
    title = say("reviews.not-read-title", teller.lang, where=missing.where)
    body = "\n".join([missing.reason.text(teller.lang), say("reviews.not-read-next", teller.lang)])
    return Notice(key=f"accounts-not-read:{missing.where}", title=title, body=body)


def drift_line(drift: Drift) -> Phrase:
    """One change as a sentence."""
    fields = [
        phrase(
            "reviews.drift-field",
            field=phrase(f"reviews.field-{f.field.replace('_', '-')}"),
            before=_plain(f.before),
            after=_plain(f.after),
        )
        for f in drift.fields
    ]
    key = "reviews.drift-group" if drift.group else f"reviews.drift-{drift.change}"
    told = phrase(key, where=drift.where, name=drift.group or drift.login, fields=[one.model_dump() for one in fields])
    return phrase("reviews.drift-unsure", what=told, run=drift.run) if drift.run else told


def _plain(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "-"
    return "-" if value in (None, "") else str(value)


def due_at(day: datetime, at: str) -> datetime:
    """The moment of a day (aware, in the workspace's zone) at which accounts are read."""
    hour, minute = map(int, at.split(":"))
    return day.replace(hour=hour, minute=minute, second=0, microsecond=0)
