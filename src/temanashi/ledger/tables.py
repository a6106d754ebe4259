"""The ledger's two tables. Migration 0001 creates them, with the triggers that keep them append-only."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import (
    Column,
    ColumnElement,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

__all__ = ["COLUMNS", "bodies", "ledger", "metadata", "of_runs"]

metadata = MetaData()

# Times are ISO 8601 text of one width, as hashed; a locale's collation must not order them.
_TIME = String(27).with_variant(String(27, collation="C"), "postgresql")

ledger = Table(
    "ledger",
    metadata,
    Column("chain", String(40), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("event_id", String(36), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("recorded_at", _TIME, nullable=False),
    Column("task", Text, nullable=False),
    Column("runbook", Text, nullable=False),
    Column("run", Text, nullable=False),
    Column("slot", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("mode", String(20), nullable=False),
    Column("prev_hash", String(64), nullable=False),
    Column("body_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("envelope", Text, nullable=False),
    UniqueConstraint("event_id", name="ledger_event"),
    UniqueConstraint("chain", "prev_hash", name="ledger_link"),
    # A month's report reads this index alone.
    Index("ledger_usage", "kind", "recorded_at", "task", "slot", "run", "mode", "outcome"),
    Index("ledger_run", "run", "seq"),
)

bodies = Table(
    "ledger_body",
    metadata,
    Column("chain", String(40), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("salt", LargeBinary, nullable=True),
    Column("text", Text, nullable=True),
    ForeignKeyConstraint(["chain", "seq"], ["ledger.chain", "ledger.seq"], name="ledger_body_record"),
)

COLUMNS = (
    "chain", "seq", "event_id", "kind", "recorded_at", "task", "runbook", "run", "slot",
    "actor", "outcome", "mode", "prev_hash", "body_hash",
)  # fmt: skip
"""The columns that repeat what the hashed envelope says; verification compares every one."""


def of_runs(runs: Sequence[str], chain: str) -> ColumnElement[bool]:
    """The records of some runs, found by the index of runs."""
    mine = ledger.c.run == runs[0] if len(runs) == 1 else ledger.c.run.in_(runs)
    # Without statistics SQLite takes the index that begins with the chain, and reads all of it.
    return mine & (ledger.c.chain.concat("") == chain)
