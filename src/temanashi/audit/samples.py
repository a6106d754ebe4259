"""Random samples that another person can draw again: the population is what the ledger holds, the choice is a hash of the seed.

The population are the records of one kind in a period, up to a record number, in their order; its digest is the SHA-256 of one line
`SEQ<tab>EVENT ID<tab>HASH<newline>` for each. Chosen are the records with the smallest SHA-256 of `SEED<newline>EVENT ID`, in that
order, so that a larger sample with the same seed begins with the smaller one.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import from_json
from sqlalchemy import Connection, select

from temanashi.audit.periods import period_of
from temanashi.ledger.chain import stamp
from temanashi.ledger.marks import value_of
from temanashi.ledger.records import Kind
from temanashi.ledger.tables import ledger

__all__ = ["MOST_DRAWN", "Sample", "SampleItem", "SampleTerms", "draw"]

MOST_DRAWN = 1_000


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SampleTerms(_Frozen):
    """All that a sample depends on. Texts are whole values of the record itself; case, width and spaces make no difference.

    `up_to` is the last record number that belongs to the population.
    """

    period: str
    kind: Kind = "run_requested"
    size: int = Field(ge=1, le=MOST_DRAWN)
    seed: str = Field(min_length=1, max_length=100)
    up_to: int = Field(ge=0)
    person: str = ""
    runbook: str = ""
    system: str = ""
    privileged: bool = False
    emergency: bool = False


class SampleItem(_Frozen):
    """One record that was drawn."""

    seq: int
    event_id: str
    hash: str
    at: datetime
    run: str
    runbook: str
    actor: str
    beneficiary: str


class Sample(_Frozen):
    """What was drawn, in the order in which it was drawn, and from how many."""

    terms: SampleTerms
    population: int
    population_digest: str
    items: tuple[SampleItem, ...]


def draw(connection: Connection, terms: SampleTerms, *, zone: ZoneInfo, chain: str = "main") -> Sample:
    """The sample, the same whenever and by whomever it is drawn; raises BadPeriod."""
    digest, count = hashlib.sha256(), 0

    def keyed() -> Iterator[tuple[str, int, Any]]:
        nonlocal count
        for row in _population(connection, terms, zone, chain):
            count += 1
            digest.update(f"{row.seq}\t{row.event_id}\t{row.hash}\n".encode())
            yield hashlib.sha256(f"{terms.seed}\n{row.event_id}".encode()).hexdigest(), row.seq, row

    drawn = heapq.nsmallest(terms.size, keyed(), key=lambda one: one[:2])
    return Sample(
        terms=terms,
        population=count,
        population_digest=digest.hexdigest(),
        items=tuple(_item(row) for _, _, row in drawn),
    )


def _population(connection: Connection, terms: SampleTerms, zone: ZoneInfo, chain: str) -> Iterator[Any]:
    since, until = period_of(terms.period).bounds(zone)
    when = (ledger.c.recorded_at >= stamp(since)) & (ledger.c.recorded_at < stamp(until)) & (ledger.c.seq <= terms.up_to)
    query = select(ledger.c.seq, ledger.c.event_id, ledger.c.hash, ledger.c.envelope)
    query = query.where(ledger.c.kind == terms.kind, when, ledger.c.chain.concat("") == chain).order_by(ledger.c.seq)
    for row in connection.execute(query, execution_options={"yield_per": 1000}):
        if _fits(row.envelope, terms):
            yield row


def _fits(envelope: str, terms: SampleTerms) -> bool:
    wanted = {"actor": terms.person, "runbook": terms.runbook, "system": terms.system}
    if not (terms.privileged or terms.emergency or any(wanted.values())):
        return True
    said = from_json(envelope)
    flags = all(said[name] for name in ("privileged", "emergency") if getattr(terms, name))
    return flags and all(value_of(said[name]) == value_of(value) for name, value in wanted.items() if value)


def _item(row: Any) -> SampleItem:
    said = from_json(row.envelope)
    texts = {name: said[name] for name in ("run", "runbook", "actor", "beneficiary")}
    return SampleItem(seq=row.seq, event_id=row.event_id, hash=row.hash, at=said["recorded_at"], **texts)
