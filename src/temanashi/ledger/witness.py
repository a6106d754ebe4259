"""Records of one run that stand in the chain: whoever acts on what the ledger says reads them here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from temanashi.ledger.chain import GENESIS, body_hash, record_hash
from temanashi.ledger.ledger import Ledger
from temanashi.ledger.records import Kind, Record
from temanashi.ledger.tables import COLUMNS, bodies, ledger, of_runs

__all__ = ["witnessed"]


def witnessed(book: Ledger, connection: Connection, run: str, kinds: Sequence[Kind]) -> Iterator[Record]:
    """The records of a run whose text, body and links to both neighbours agree; what does not agree is left out."""
    mine = of_runs([run], book.chain) & ledger.c.kind.concat("").in_(kinds)
    # By the row's own number: an envelope that was copied names the place of the record it was copied from.
    for seq in connection.scalars(select(ledger.c.seq).where(mine).order_by(ledger.c.seq)).all():
        if _stands(connection, book.chain, seq) and (record := book.get(connection, seq)) is not None:
            yield record


def _stands(connection: Connection, chain: str, seq: int) -> bool:
    near = select(ledger).where((ledger.c.chain == chain) & ledger.c.seq.between(seq - 1, seq + 1))
    rows = {row.seq: row for row in connection.execute(near)}
    row, before, after = rows[seq], rows.get(seq - 1), rows.get(seq + 1)
    linked = row.prev_hash == (before.hash if before is not None else GENESIS if seq == 1 else None)
    followed = after is None or after.prev_hash == row.hash
    return linked and followed and record_hash(row.envelope) == row.hash and _repeats(row) and _has_body(connection, row)


def _repeats(row: Row[Any]) -> bool:
    envelope = json.loads(row.envelope)
    return all(row._mapping[name] == envelope.get(name) for name in COLUMNS)  # noqa: SLF001  (SQLAlchemy's name for it)


def _has_body(connection: Connection, row: Row[Any]) -> bool:
    where = (bodies.c.chain == row.chain) & (bodies.c.seq == row.seq)
    body = connection.execute(select(bodies.c.salt, bodies.c.text).where(where)).one_or_none()
    return body is not None and body.text is not None and body_hash(body.salt, body.text) == row.body_hash
