"""The census and the baseline versions of an installation: read and written in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from fractions import Fraction

from sqlalchemy import Connection

from temanashi.books import (
    BaselineVersion,
    CensusEntry,
    CensusLine,
    ProposedTask,
    SignedVersion,
    baseline_versions,
    census_lines,
    census_of,
    confirmed_baseline,
    occasions_per_month,
    prepared_baseline,
    proposed_tasks,
    read_census,
    read_manual_work,
    read_register,
    refused_baseline,
    samples_of,
    signed_versions,
)
from temanashi.books.sealing import Hand, Proof
from temanashi.books.tasks import Demand
from temanashi.calendars import BusinessCalendar, Month
from temanashi.people import Actor, Channel
from temanashi.workspace.demanding import today_of
from temanashi.workspace.live import live_directory
from temanashi.workspace.opening import Installation
from temanashi.workspace.publishing import PublishedWorkspace
from temanashi.workspace.signatures import signatures_of

__all__ = ["Census", "confirm_baseline", "freeze_baseline", "hand_of", "read_whole_census", "refuse_baseline"]

YEARS = 2
"""How far back measured samples are looked for; older ones say little of today's work."""


@dataclass(frozen=True, kw_only=True)
class Census:
    """Every task with what is known of it, all recorded estimates, the versions of the baseline, and the day of this."""

    lines: tuple[CensusLine, ...]
    entries: dict[str, tuple[CensusEntry, ...]]
    versions: tuple[BaselineVersion, ...]
    proposals: dict[str, ProposedTask]
    today: date

    @property
    def waiting(self) -> BaselineVersion | None:
        """The version that waits for a second person."""
        return next((version for version in self.versions if version.state == "waiting"), None)

    @property
    def confirmed(self) -> tuple[BaselineVersion, ...]:
        """The versions that count, the oldest first."""
        return tuple(version for version in self.versions if version.state == "confirmed")


def hand_of(installation: Installation, connection: Connection, actor: Actor, channel: Channel, *, sign: bool) -> Hand:
    """Who acts. `sign`: with the gate's key, for the gate and for who signed in at a terminal."""
    people = live_directory(connection).people
    return Hand(actor=actor, channel=channel, people=people, signatures=signatures_of(installation.settings, sign=sign))


def _proof(installation: Installation, connection: Connection) -> Proof:
    people = live_directory(connection).people
    return Proof(signatures=signatures_of(installation.settings, sign=False), people=people)


def read_whole_census(installation: Installation, connection: Connection, published: PublishedWorkspace | None) -> Census:
    """Everything that the census knows now."""
    ledger, zone, today = installation.ledger, installation.settings.zone, today_of(installation)
    records = read_census(ledger, connection)
    proposed = proposed_tasks(published.runbooks.values()) if published is not None else ()
    entries, signed = census_of(records), signed_versions(records)
    # A signed task stays as it is until somebody says something else, so that its samples need not be read.
    unsettled = {task.task for task in proposed if _may_change(signed.get(task.task, ()), entries.get(task.task, ()))}
    since = datetime.combine(Month.of(today).shift(-YEARS * 12).first, time.min, tzinfo=zone)
    samples = samples_of(read_manual_work(ledger, connection, unsettled, since=since), zone)
    register = read_register(ledger, connection, zone=zone, since=Month.of(today).shift(-12))
    business = published.calendar if published is not None else BusinessCalendar()

    def occasions(task: str, demand: Demand) -> Fraction | None:
        return occasions_per_month(task, demand, register=register, business=business, today=today)

    return Census(
        lines=census_lines(proposed, entries, signed, samples, occasions, today=today),
        entries=entries,
        versions=baseline_versions(records, _proof(installation, connection)),
        proposals={task.task: task for task in proposed},
        today=today,
    )


def _may_change(signed: Sequence[SignedVersion], entries: Sequence[CensusEntry]) -> bool:
    """Whether freezing may sign other minutes: nobody signed, or somebody said something since."""
    return not signed or (bool(entries) and entries[-1].seq > signed[-1].seq)


def freeze_baseline(
    installation: Installation,
    connection: Connection,
    published: PublishedWorkspace | None,
    *,
    hand: Hand,
    day: date | None = None,
    note: str = "",
) -> BaselineVersion:
    """Lay the next version before a second person; the first day of the month unless another is given.

    Raises NothingToFreeze, ClosedMonth and what signing raises.
    """
    census = read_whole_census(installation, connection, published)
    draft = prepared_baseline(
        census.lines,
        census.versions,
        hand=hand,
        day=day or Month.of(census.today).first,
        now=installation.clock.now(),
        zone=installation.settings.zone,
        note=" ".join(note.split()),
    )
    record = installation.ledger.append(connection, draft)
    return next(version for version in _versions(installation, connection) if version.seq == record.seq)


def _versions(installation: Installation, connection: Connection) -> tuple[BaselineVersion, ...]:
    return baseline_versions(read_census(installation.ledger, connection), _proof(installation, connection))


def confirm_baseline(installation: Installation, connection: Connection, *, hand: Hand, number: int = 0) -> BaselineVersion:
    """Confirm the waiting version, which signs its tasks. Raises NoWaitingBaseline, OwnBaseline, ClosedMonth."""
    versions = _versions(installation, connection)
    records = {record.seq: record for record in read_census(installation.ledger, connection)}
    waiting = next((version for version in versions if version.state == "waiting"), None)
    drafts = confirmed_baseline(
        versions,
        records.get(waiting.seq) if waiting is not None else None,
        hand=hand,
        now=installation.clock.now(),
        zone=installation.settings.zone,
        number=number,
    )
    installation.ledger.append_all(connection, drafts)
    return next(one for one in _versions(installation, connection) if waiting is not None and one.seq == waiting.seq)


def refuse_baseline(installation: Installation, connection: Connection, *, hand: Hand, reason: str) -> BaselineVersion:
    """Take the waiting version away. Raises NoWaitingBaseline and RefusedWithoutReason."""
    versions = _versions(installation, connection)
    draft = refused_baseline(versions, hand=hand, reason=reason)
    installation.ledger.append(connection, draft)
    return next(one for one in _versions(installation, connection) if one.seq == draft.body["prepared"])
