"""Whether the narrow tables that reports read say what the chain says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic_core import from_json
from sqlalchemy import Connection, Table, inspect, select

from temanashi.ledger.demanded import demand_table
from temanashi.ledger.narrow import NARROW_KINDS, pages, row_of
from temanashi.ledger.work import work_table

__all__ = ["RowsSeen", "first_difference"]

_KINDS = frozenset(NARROW_KINDS)
_PAGE = 5000


class RowsSeen:
    """Sums up the rows that the records of a chain call for, and compares the sum with that of the rows that are there.

    A sum of Python's hashes, which are keyed anew in each process: nobody can write rows that make up for others.
    """

    def __init__(self) -> None:
        self._sums = {"ledger_work": 0, "ledger_demand": 0}
        self._occasions: set[int] = set()

    def see(self, fields: Mapping[str, Any], body: str | None) -> None:
        """Take in a record that was found good."""
        if fields["kind"] not in _KINDS:
            return
        asked = fields["kind"] == "demand"
        row = row_of(fields, from_json(body) if asked and body else {})
        if row is None or (asked and not self._first(row)):
            return
        self._sums["ledger_demand" if asked else "ledger_work"] += hash(row)

    def _first(self, row: tuple[Any, ...]) -> bool:
        """Whether this is the first record of an occasion, or of its cancellation."""
        occasion = hash(row[1:3])
        known = occasion in self._occasions
        self._occasions.add(occasion)
        return not known

    def differs(self, connection: Connection, chain: str) -> int | None:
        """The first record whose row is missing, wrong or of no record; None where every row is as it must be.

        A database that an older version made has no such tables, and nothing to compare.
        """
        for table in (work_table, demand_table):
            schema = "temanashi" if connection.dialect.name == "postgresql" else None
            if not inspect(connection).has_table(table.name, schema=schema):
                return None
        if all(sum(map(hash, _rows(connection, table, chain))) == self._sums[table.name] for table in (work_table, demand_table)):
            return None
        return first_difference(connection, chain)


def _rows(connection: Connection, table: Table, chain: str) -> Iterator[tuple[Any, ...]]:
    query = select(table).where(table.c.chain == chain)
    for row in connection.execute(query, execution_options={"yield_per": _PAGE}):
        yield tuple(row)


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
