"""Whether the narrow tables that reports read say what the chain says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from pydantic_core import from_json
from sqlalchemy import Connection, Table, inspect, select

from temanashi.ledger.demanded import demand_table
from temanashi.ledger.narrow import NARROW_KINDS, pages, row_of
from temanashi.ledger.statements import plain_rows
from temanashi.ledger.work import work_table

__all__ = ["Rows", "RowsSeen", "agree", "first_difference"]

_KINDS = frozenset(NARROW_KINDS)
_PAGE = 5000


class Rows(NamedTuple):
    """Sums of hashes of rows: those of work that records call for and those that are there, then the same of demand.

    Of demand only the first record of an occasion has a row, so that these are kept by occasion, in the order of the chain.
    """

    work: int
    work_there: int
    demand: Mapping[int, int]
    demand_there: int


class RowsSeen:
    """Sums up the rows that the records of a part of the chain call for.

    A sum of Python's hashes, which are keyed anew each time: nobody can write rows that make up for others.
    """

    def __init__(self) -> None:
        self._work = 0
        self._demand: dict[int, int] = {}

    def see(self, fields: Mapping[str, Any], body: str | None) -> None:
        """Take in a record that was found good."""
        if fields["kind"] not in _KINDS:
            return
        asked = fields["kind"] == "demand"
        row = row_of(fields, from_json(body) if asked and body else {})
        if row is None:
            return
        if asked:
            self._demand.setdefault(hash(row[1:3]), hash(row))
        else:
            self._work += hash(row)

    def beside(self, connection: Connection, chain: str, *, after: int = 0, until: int | None = None) -> Rows | None:
        """With the rows that are there for these records; None in a database of an older version, which has no such tables."""
        for table in (work_table, demand_table):
            schema = "temanashi" if connection.dialect.name == "postgresql" else None
            if not inspect(connection).has_table(table.name, schema=schema):
                return None
        there = [sum(map(hash, _rows(connection, table, chain, after, until))) for table in (work_table, demand_table)]
        return Rows(self._work, there[0], self._demand, there[1])


def agree(parts: Iterable[Rows]) -> bool:
    """Whether the rows of all parts of a chain, in order, are as its records call for."""
    wanted, there, asked, asked_there = 0, 0, dict[int, int](), 0
    for part in parts:
        wanted, there, asked_there = wanted + part.work, there + part.work_there, asked_there + part.demand_there
        for occasion, row in part.demand.items():
            asked.setdefault(occasion, row)
    return wanted == there and sum(asked.values()) == asked_there


def _rows(connection: Connection, table: Table, chain: str, after: int = 0, until: int | None = None) -> Iterator[tuple[Any, ...]]:
    query = select(table).where(table.c.chain == chain)
    if until is not None:
        query = query.where(table.c.seq > after, table.c.seq <= until)
    return plain_rows(connection, query, _PAGE)


def first_difference(connection: Connection, chain: str) -> int | None:
    """The first record whose row is not as it must be, found one by one; None where all are."""
    wanted: dict[tuple[str, int], tuple[Any, ...]] = {}
    occasions: set[Any] = set()
    for page in pages(connection, chain):
        for fields, body in page:
            row = row_of(fields, body)
            if row is None or (fields["kind"] == "demand" and row[1:3] in occasions):
                continue
            occasions.add(row[1:3] if fields["kind"] == "demand" else None)
            wanted["ledger_demand" if fields["kind"] == "demand" else "ledger_work", fields["seq"]] = row
    there = [(table.name, row) for table in (work_table, demand_table) for row in _rows(connection, table, chain)]
    wrong = [int(row[3]) for name, row in there if wanted.pop((name, row[3]), None) != row]
    return min([*wrong, *(seq for _, seq in wanted)], default=None)
