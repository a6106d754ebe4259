"""What figures need of the records of demand, as narrow rows beside the bodies: the first record of each occasion counts.

Like the rows of `work`, these are derived in the transaction that appends, can be rebuilt, and are compared with the chain.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from temanashi.ledger.chain import clean_text, micros
from temanashi.ledger.records import Record
from temanashi.ledger.tables import metadata

__all__ = ["Asked", "asked_of", "asked_row", "day_number", "demand_table", "unit_of"]

LARGEST = 2**53
"""No number of the tables is larger; a larger one was no number of seconds or targets."""

demand_table = Table(
    "ledger_demand",
    metadata,
    Column("chain", String(40), primary_key=True),
    Column("cancelled", Integer, primary_key=True, autoincrement=False),
    Column("unit", String(32), primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("day", Integer, nullable=False),
    Column("task", Text, nullable=False),
    Column("slot", Text, nullable=False),
    Column("targets", BigInteger, nullable=False),
    Column("source", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("ticket", Text, nullable=False),
    Column("beneficiary", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Index("ledger_demand_day", "chain", "day", "at"),
    sqlite_with_rowid=False,
)


class Asked(NamedTuple):
    """A record of demand: an occasion, or (`cancelled` 1) that it fell away for a `reason`.

    `at` in microseconds since 1970; `day` is the ordinal of the day that was written down, or 0; `targets` 0: as signed.
    """

    cancelled: int
    seq: int
    at: int
    day: int
    task: str
    slot: str
    targets: int
    source: str
    actor: str
    ticket: str
    beneficiary: str
    reason: str


def unit_of(task: str, slot: str) -> str:
    """32 hex digits that stand for an occasion: names are too long for an index of PostgreSQL."""
    return hashlib.blake2b(f"{task}\0{slot}".encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def day_number(written: object) -> int:
    """The ordinal of a day in ISO 8601; 0 for what is no day."""
    try:
        return date.fromisoformat(written).toordinal() if isinstance(written, str) else 0
    except ValueError:
        return 0


def asked_of(record: Record) -> Asked | None:
    """What a record of demand says; None for a cancellation without a reason, which is void, and for other records."""
    if record.draft.kind != "demand":
        return None
    return _asked(vars(record.draft), record.draft.body, record.seq, micros(record.recorded_at))


def asked_row(fields: Mapping[str, Any], body: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """The table's row for an envelope's fields and its body, in the order of its columns; None where `asked_of` says None."""
    if fields["kind"] != "demand":
        return None
    asked = _asked(fields, body, fields["seq"], micros(datetime.fromisoformat(fields["recorded_at"])))
    return asked and (fields["chain"], asked.cancelled, unit_of(asked.task, asked.slot), *asked[1:])


def _asked(fields: Mapping[str, Any], body: Mapping[str, Any], seq: int, at: int) -> Asked | None:
    task, slot, actor = fields["task"], fields["slot"], fields["actor"]
    if fields["outcome"] == "cancelled":
        reason = fields["reason"]
        return Asked(1, seq, at, 0, task, slot, 0, "", actor, "", "", reason) if reason.strip() else None
    targets = body.get("targets", 0)
    # Records of requests did not always name their source.
    source = body.get("source") or ("requests" if body.get("basis") == "request" else "hand")
    return Asked(
        cancelled=0,
        seq=seq,
        at=at,
        day=day_number(body.get("day")),
        task=task,
        slot=slot,
        targets=min(targets, LARGEST) if isinstance(targets, int) and targets > 0 else 0,
        source=clean_text(source)[:20] if isinstance(source, str) else "hand",
        actor=actor,
        ticket=fields["ticket"],
        beneficiary=fields["beneficiary"],
        reason="",
    )
