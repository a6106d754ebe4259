"""Whether single records stand in the chain as they were written: text, columns, body, and the links to both neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from pydantic_core import from_json
from sqlalchemy import Connection, Row, select

from temanashi.ledger.chain import GENESIS, body_hash, record_hash
from temanashi.ledger.scanning import pruned_ranges
from temanashi.ledger.tables import COLUMNS, bodies, ledger

__all__ = ["Sound", "soundness"]

_BATCH = 300


class Sound(NamedTuple):
    """The numbers of records that do not stand, and of those whose body was pruned and is on the record as such."""

    broken: frozenset[int]
    pruned: frozenset[int]


def soundness(connection: Connection, seqs: Sequence[int], *, chain: str = "main") -> Sound:
    """Look at these records now. It proves them against their neighbours; the whole chain is proven by `verify`."""
    listed = pruned_ranges(connection, chain=chain)
    broken, pruned = set(), set()
    for start in range(0, len(seqs), _BATCH):
        wanted = seqs[start : start + _BATCH]
        rows = _rows(connection, chain, wanted)
        for seq in wanted:
            row = rows.get(seq)
            if row is None or not _stands(row, rows.get(seq - 1), rows.get(seq + 1)):
                broken.add(seq)
            elif row.salt is None and row.text is None and any(low <= seq <= high for low, high in listed):
                pruned.add(seq)
            elif row.salt is None or row.text is None or body_hash(row.salt, row.text) != row.body_hash:
                broken.add(seq)
    return Sound(frozenset(broken), frozenset(pruned))


def _rows(connection: Connection, chain: str, seqs: Sequence[int]) -> dict[int, Row[Any]]:
    near = sorted({near for seq in seqs for near in (seq - 1, seq, seq + 1)})
    joined = ledger.outerjoin(bodies, (bodies.c.chain == ledger.c.chain) & (bodies.c.seq == ledger.c.seq))
    query = select(ledger, bodies.c.salt, bodies.c.text).select_from(joined)
    return {row.seq: row for row in connection.execute(query.where(ledger.c.chain == chain, ledger.c.seq.in_(near)))}


def _stands(row: Row[Any], before: Row[Any] | None, after: Row[Any] | None) -> bool:
    linked = row.prev_hash == (before.hash if before is not None else GENESIS if row.seq == 1 else None)
    followed = after is None or after.prev_hash == row.hash
    if not (linked and followed and record_hash(row.envelope) == row.hash):
        return False
    said = from_json(row.envelope)
    return all(row._mapping[name] == said.get(name) for name in COLUMNS)  # noqa: SLF001  (SQLAlchemy's name for it)
