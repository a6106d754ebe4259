"""The narrow tables that reports read: filled with each append, rebuilt from the chain where they are missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pydantic_core import from_json
from sqlalchemy import Connection, delete, select

from temanashi.ledger.demanded import asked_row, demand_table
from temanashi.ledger.statements import inserting
from temanashi.ledger.tables import bodies, ledger
from temanashi.ledger.work import WORK_KINDS, work_row, work_table

__all__ = ["NARROW_KINDS", "add_rows", "fill_rows", "rebuild_rows"]

NARROW_KINDS = (*sorted(WORK_KINDS), "demand")

_PAGE = 2000
_ADD_WORK = inserting(work_table)
_ADD_DEMAND = inserting(demand_table, known_too=True)


def add_rows(connection: Connection, records: Iterable[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    """The rows of records (envelope fields and body) that were not there before, in order."""
    work, demand = [], []
    for fields, body in records:
        if (row := work_row(fields)) is not None:
            work.append(row)
        elif (asked := asked_row(fields, body)) is not None:
            demand.append(asked)
    _ADD_WORK.many(connection, work)
    _ADD_DEMAND.many(connection, demand)


def fill_rows(connection: Connection) -> int:
    """The rows of every record there is, into empty tables; how many records told something."""
    told = 0
    for chain in connection.scalars(select(ledger.c.chain).distinct()).all():
        after = 0
        while page := list(_page(connection, chain, after)):
            after = page[-1][0]["seq"]
            add_rows(connection, page)
            told += len(page)
    return told


def rebuild_rows(connection: Connection) -> int:
    """Empty both tables and fill them from the chain, in the caller's transaction; how many records told something."""
    connection.execute(delete(work_table))
    connection.execute(delete(demand_table))
    return fill_rows(connection)


def _page(connection: Connection, chain: str, after: int) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    joined = ledger.outerjoin(
        bodies, (ledger.c.kind == "demand") & (bodies.c.chain == ledger.c.chain) & (bodies.c.seq == ledger.c.seq)
    )
    query = select(ledger.c.envelope, bodies.c.text).select_from(joined)
    # By the row's own kind: without it SQLite takes the index of kinds, and sorts.
    query = query.where(ledger.c.chain == chain, ledger.c.seq > after, ledger.c.kind.concat("").in_(NARROW_KINDS))
    for envelope, text in connection.execute(query.order_by(ledger.c.seq).limit(_PAGE)):
        yield from_json(envelope), from_json(text or "{}")
