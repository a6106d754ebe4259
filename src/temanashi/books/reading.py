"""The ledger's records that a month's figures need: the only part of the books that reads a database."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from temanashi.books.baseline import signed_versions
from temanashi.books.collecting import without_collecting
from temanashi.books.demand import Register, register_of, registered
from temanashi.books.material import Material
from temanashi.books.usage import usage_of_work
from temanashi.calendars import Month
from temanashi.ledger.ledger import Ledger
from temanashi.ledger.narrow_reading import Stretch, asked_for, late_work, others_asked, work_near
from temanashi.ledger.records import Kind, Record

__all__ = [
    "read_baselines",
    "read_census",
    "read_investment",
    "read_manual_work",
    "read_material",
    "read_materials",
    "read_month",
    "read_register",
    "read_samples",
]

LAID_DOWN: tuple[Kind, ...] = ("task_version", "demand")
WORK: tuple[Kind, ...] = ("run_finished", "decision", "step_done")


def read_baselines(ledger: Ledger, connection: Connection) -> list[Record]:
    """Every record that signs the minutes of a task."""
    return list(ledger.records(connection, kinds=("task_version",)))


def read_investment(ledger: Ledger, connection: Connection) -> list[Record]:
    """Every record of hours that were put into automation."""
    return list(ledger.records(connection, kinds=("investment",)))


def read_census(ledger: Ledger, connection: Connection) -> list[Record]:
    """What people said about tasks, frozen baseline versions, and every signature."""
    return list(ledger.records(connection, kinds=("census", "baseline_frozen", "task_version")))


def read_month(ledger: Ledger, connection: Connection, month: Month, *, zone: ZoneInfo) -> list[Record]:
    """Signatures and demand of all times, and what runs did since the month began, without the bodies that figures do not need.

    Late work may serve an earlier day; work never serves a later month.
    """
    begin = _beginning(month, zone)
    laid_down = ledger.records(connection, kinds=LAID_DOWN)
    work = ledger.records(connection, kinds=WORK, since=begin, bodies_too=False)
    return [*laid_down, *work]


def read_material(ledger: Ledger, connection: Connection, month: Month, *, zone: ZoneInfo) -> Material:
    """What a month's figures need, from the narrow tables beside the records: in the time of the month, not of the ledger."""
    return read_materials(ledger, connection, [month], zone=zone)[month]


@without_collecting()
def read_materials(ledger: Ledger, connection: Connection, months: Sequence[Month], *, zone: ZoneInfo) -> dict[Month, Material]:
    """What the figures of several months need. Signatures and late work are read once for all of them."""
    if not months:
        return {}
    stretches = {month: Stretch(month.first, month.last, zone) for month in months}
    chain, first = ledger.chain, stretches[min(stretches)]
    versions = signed_versions(read_baselines(ledger, connection))
    late = late_work(connection, chain, first)
    late_for = others_asked(connection, chain, first, late=True) if late else []

    def material(stretch: Stretch) -> Material:
        work = {each.seq: each for each in (*late, *work_near(connection, chain, stretch))}
        asked = (*asked_for(connection, chain, stretch), *others_asked(connection, chain, stretch), *late_for)
        known = {each.seq: each for each in asked}
        signed = sum(len(each) for each in versions.values())
        return Material(
            register_of(known.values(), zone), versions, usage_of_work(work.values(), zone), len(work) + len(known) + signed
        )

    return {month: material(stretch) for month, stretch in stretches.items()}


def _beginning(month: Month, zone: ZoneInfo) -> datetime:
    return datetime.combine(month.first, time.min, tzinfo=zone).astimezone(UTC)


def read_register(
    ledger: Ledger, connection: Connection, *, zone: ZoneInfo, since: Month | None = None, task: str = "", slot: str = ""
) -> Register:
    """The register of demand: of all times, or what was recorded since a month began. No occasion is recorded before its day."""
    begin = _beginning(since, zone) if since is not None else None
    return registered(ledger.records(connection, kinds=("demand",), since=begin, task=task, slot=slot), zone)


def read_manual_work(ledger: Ledger, connection: Connection, tasks: Collection[str], *, since: datetime) -> list[Record]:
    """Runs of some tasks in which people did steps by hand since a moment, whole: what tells how long they worked."""
    decisions = ledger.records(connection, kinds=("decision",), since=since)
    runs = dict.fromkeys(
        r.draft.run for r in decisions if r.draft.task in tasks and (r.pruned or r.draft.body.get("wait") == "manual")
    )
    kinds = ("decision", "run_finished", "step_done")
    return [record for run in runs for record in ledger.records(connection, run=run) if record.draft.kind in kinds]


def read_samples(ledger: Ledger, connection: Connection, task: str) -> list[Record]:
    """What tells how long people worked on a task: its ended runs and steps, its demand, and decisions with their bodies."""
    told = ledger.records(connection, kinds=("decision", "demand"), task=task)
    ended = ledger.records(connection, kinds=("run_finished", "step_done"), task=task, bodies_too=False)
    return [*told, *ended]
