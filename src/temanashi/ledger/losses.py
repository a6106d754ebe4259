"""Which records a restore takes back: those of the replaced database that the backup does not have."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from temanashi.clock import Clock
from temanashi.errors import LedgerError
from temanashi.ledger.database import open_database
from temanashi.ledger.ledger import Ledger
from temanashi.ledger.tables import ledger

__all__ = ["Losses", "losses"]

LISTED = 1000
"""Lost records that are named; more are only counted."""

_NAMED = ("seq", "event_id", "kind", "recorded_at", "task", "run", "actor", "outcome")


@dataclass(frozen=True)
class Losses:
    """The lost records: how many, the head that the replaced database had, and the first 1,000 by name."""

    count: int
    head: int
    head_hash: str
    records: tuple[dict[str, Any], ...]

    def as_json(self) -> dict[str, Any]:
        """For the body of the `restored` record."""
        return {"count": self.count, "head": self.head, "head_hash": self.head_hash, "records": list(self.records)}


def losses(replaced: Path, source: Path, *, clock: Clock, chain: str) -> Losses | None:
    """Compare two SQLite databases; None when the replaced one cannot be read."""
    try:
        old = open_database(replaced, clock=clock, read_only=True)
        new = open_database(source, clock=clock, read_only=True)
        with closing(old), closing(new), old.reading() as before, new.reading() as after:
            head = Ledger(old, clock=clock, chain=chain).head(before)
            common = _common(before, after, chain, min(head.seq, Ledger(new, clock=clock, chain=chain).head(after).seq))
            query = select(*(ledger.c[name] for name in _NAMED)).where(ledger.c.chain == chain, ledger.c.seq > common)
            rows = before.execute(query.order_by(ledger.c.seq).limit(LISTED)).mappings()
            return Losses(head.seq - common, head.seq, head.hash, tuple(dict(row) for row in rows))
    except LedgerError:
        return None


def _common(before: Connection, after: Connection, chain: str, highest: int) -> int:
    """The last sequence number up to which both chains are one. Equal hashes mean equal pasts, so halving finds it."""
    low, high = 0, highest
    while low < high:
        middle = (low + high + 1) // 2
        if _hash_at(before, chain, middle) == _hash_at(after, chain, middle):
            low = middle
        else:
            high = middle - 1
    return low


def _hash_at(connection: Connection, chain: str, seq: int) -> str | None:
    found: str | None = connection.execute(select(ledger.c.hash).where(ledger.c.chain == chain, ledger.c.seq == seq)).scalar()
    return found
