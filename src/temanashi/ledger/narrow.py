"""The narrow tables that reports read: filled with each append, rebuilt from the chain where they are missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic_core import from_json
from sqlalchemy import Connection, delete, select

from temanashi.ledger.demanded import asked_row, demand_table
from temanashi.ledger.statements import inserting
from temanashi.ledger.tables import bodies, ledger
from temanashi.ledger.work import WORK_KINDS, work_row, work_table

__all__ = ["NARROW_KINDS", "add_rows", "fill_rows", "pages", "rebuild_rows", "row_of"]

NARROW_KINDS = (*sorted(WORK_KINDS), "demand")

_PAGE = 2000
_ADD_WORK = inserting(work_table)
_ADD_DEMAND = inserting(demand_table, known_too=True)


def add_rows(connection: Connection, records: Iterable[tuple[dict[str, Any], dict[str, Any]]], at: int | None = None) -> None:
    """The rows of records (envelope fields and body) that were not there before, in order.

    `at`: their time in microseconds since 1970, where all have the same.
    """
    work: list[tuple[Any, ...]] = []
    demand: list[tuple[Any, ...]] = []
    for fields, body in records:
        if (row := row_of(fields, body, at)) is not None:
            (demand if fields["kind"] == "demand" else work).append(row)
    _ADD_WORK.many(connection, work)
    _ADD_DEMAND.many(connection, demand)


def row_of(fields: Mapping[str, Any], body: Mapping[str, Any], at: int | None = None) -> tuple[Any, ...] | None:
    """The row of a record in its table; None for one that tells nothing, or that was altered so that it cannot be read."""
    try:
        return asked_row(fields, body) if fields["kind"] == "demand" else work_row(fields, at)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def fill_rows(connection: Connection) -> int:
    """The rows of every record there is, into empty tables; how many records told something."""
    told = 0
    for chain in connection.scalars(select(ledger.c.chain).distinct()).all():
        for page in pages(connection, chain):
            add_rows(connection, page)
            told += len(page)
    return told


def rebuild_rows(connection: Connection) -> int:
    """Empty both tables and fill them from the chain, in the caller's transaction; how many records told something."""
    connection.execute(delete(work_table))
    connection.execute(delete(demand_table))
    return fill_rows(connection)


def pages(connection: Connection, chain: str) -> Iterator[list[tuple[dict[str, Any], dict[str, Any]]]]:
    """The envelopes' fields and the bodies of all records that may have a row, in order, page by page."""
    after = 0
    while page := list(_page(connection, chain, after)):
        after = page[-1][0]["seq"]
        yield page


def _page(connection: Connection, chain: str, after: int) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    joined = ledger.outerjoin(
        bodies, (ledger.c.kind == "demand") & (bodies.c.chain == ledger.c.chain) & (bodies.c.seq == ledger.c.seq)
    )
    query = select(ledger.c.seq, ledger.c.envelope, bodies.c.text).select_from(joined)
    # By the row's own kind: without it SQLite takes the index of kinds, and sorts.
    query = query.where(ledger.c.chain == chain, ledger.c.seq > after, ledger.c.kind.concat("").in_(NARROW_KINDS))
    for seq, envelope, text in connection.execute(query.order_by(ledger.c.seq).limit(_PAGE)):
        yield _parsed(envelope) | {"seq": seq}, _parsed(text)


def _parsed(text: object) -> dict[str, Any]:
    """A JSON object; empty for what is none, as only an altered ledger has it."""
    try:
        found = from_json(text) if isinstance(text, str) else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
