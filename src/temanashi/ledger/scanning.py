"""One pass over a chain, record by record, each against its own text, its predecessor and its body."""

from __future__ import annotations

import sqlite3
from bisect import bisect_right
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from pydantic_core import from_json
from sqlalchemy import Connection, Select, select
from sqlalchemy.exc import DBAPIError

from temanashi.ledger.chain import GENESIS, body_hash, record_hash
from temanashi.ledger.narrow_checking import Rows, RowsSeen, agree, first_difference
from temanashi.ledger.pruning import KEPT
from temanashi.ledger.statements import plain_rows
from temanashi.ledger.tables import COLUMNS, ledger
from temanashi.ledger.tables import bodies as body_table
from temanashi.text.local import Phrase, phrase

__all__ = ["Scan", "pruned_ranges", "scan", "scan_part"]

_PAGE = 2000
_WIDTH = len(COLUMNS)
_SEQ, _KIND, _RECORDED_AT, _PREV, _BODY_HASH = (
    COLUMNS.index(name) for name in ("seq", "kind", "recorded_at", "prev_hash", "body_hash")
)
_repeated = itemgetter(*COLUMNS)


@dataclass
class Scan:
    """How far the pass came: the last good record, counts, the hashes at wanted places, and the first problem.

    `rows` of the narrow tables for the records that were read, where bodies were and nothing was wrong.
    """

    seq: int = 0
    hash: str = GENESIS
    recorded_at: str = ""
    records: int = 0
    pruned: int = 0
    older: int = 0
    hashes: dict[int, str] = field(default_factory=dict)
    bad_seq: int | None = None
    problem: Phrase | None = None
    rows: Rows | None = None


def scan(connection: Connection, *, chain: str, bodies: bool, wanted: AbstractSet[int]) -> Scan:
    """Read a chain until its end or its first bad record, and compare the narrow tables with it."""
    try:
        found = scan_part(connection, Scan(), chain=chain, bodies=bodies, wanted=wanted)
    except DBAPIError as error:
        if not (isinstance(error.orig, sqlite3.OperationalError) and "decode" in str(error.orig)):
            raise
        found = _replaced(connection, chain, bodies=bodies, wanted=wanted)
    if found.rows is not None and not agree([found.rows]) and (wrong := first_difference(connection, chain)) is not None:
        found.bad_seq, found.problem = wrong, phrase("ledger.rows-differ", seq=wrong)
    return found


def _replaced(connection: Connection, chain: str, *, bodies: bool, wanted: AbstractSet[int]) -> Scan:
    # Bytes that are no UTF-8 stop sqlite3 in mid-way. Replaced, they do not match their hash, and the pass finds the record.
    raw: Any = connection.connection.dbapi_connection
    raw.text_factory = lambda stored: stored.decode("utf-8", "replace")
    try:
        return scan_part(connection, Scan(), chain=chain, bodies=bodies, wanted=wanted)
    finally:
        raw.text_factory = str


def scan_part(
    connection: Connection, so_far: Scan, *, chain: str, bodies: bool, wanted: AbstractSet[int], until: int | None = None
) -> Scan:
    """Go on from where a pass is, until a number, the end or the first bad record; `so_far` is moved on."""
    rows, after = RowsSeen(), so_far.seq
    listed = pruned_ranges(connection, chain=chain) if bodies else []
    starts = [low for low, _ in listed]
    for row in plain_rows(connection, _query(chain, after, until, bodies=bodies), _PAGE):
        problem, said = _problem(row, so_far)
        if problem is None and bodies:
            problem = _body_problem(row, so_far, listed, starts)
        if problem is not None:
            so_far.bad_seq, so_far.problem = so_far.seq + 1, problem
            return so_far
        if bodies:
            rows.see(said, row[-1])
        so_far.older += row[_RECORDED_AT] < so_far.recorded_at
        so_far.seq, so_far.hash, so_far.recorded_at = row[_SEQ], row[_WIDTH], row[_RECORDED_AT]
        so_far.records += 1
        if so_far.seq in wanted:
            so_far.hashes[so_far.seq] = so_far.hash
    if bodies:
        so_far.rows = rows.beside(connection, chain, after=after, until=until)
    return so_far


def pruned_ranges(connection: Connection, *, chain: str) -> list[tuple[int, int]]:
    """The ranges of sequence numbers that `pruned` records list, ascending and apart. A record lists only what stands before it."""
    joined = ledger.join(body_table, (body_table.c.chain == ledger.c.chain) & (body_table.c.seq == ledger.c.seq))
    query = select(ledger.c.seq, body_table.c.text).select_from(joined).where(ledger.c.chain == chain, ledger.c.kind == "pruned")
    ranges: list[tuple[int, int]] = []
    for seq, text in connection.execute(query):
        try:
            listed = [(int(low), int(high)) for low, high in from_json(text or "{}").get("ranges", ())]
        except (ValueError, TypeError, AttributeError):
            continue
        ranges.extend((low, high) for low, high in listed if low <= high < seq)
    apart: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if apart and low <= apart[-1][1]:
            apart[-1] = (apart[-1][0], max(high, apart[-1][1]))
        else:
            apart.append((low, high))
    return apart


def _query(chain: str, after: int, until: int | None, *, bodies: bool) -> Select[Any]:
    columns = [*(ledger.c[name] for name in COLUMNS), ledger.c.hash, ledger.c.envelope]
    query = select(*columns)
    if bodies:
        joined = ledger.outerjoin(body_table, (body_table.c.chain == ledger.c.chain) & (body_table.c.seq == ledger.c.seq))
        query = select(*columns, body_table.c.seq, body_table.c.salt, body_table.c.text).select_from(joined)
    query = query.where(ledger.c.chain == chain).order_by(ledger.c.seq)
    return query if until is None else query.where(ledger.c.seq > after, ledger.c.seq <= until)


def _problem(row: tuple[Any, ...], before: Scan) -> tuple[Phrase | None, dict[str, Any]]:
    """What is wrong with a record's place, text or columns; and what its envelope says."""
    seq, own_hash, envelope = row[_SEQ], row[_WIDTH], row[_WIDTH + 1]
    if seq != before.seq + 1:
        return phrase("ledger.record-missing", seq=before.seq + 1), {}
    # SQLite stores any type in any column.
    if not isinstance(envelope, str) or record_hash(envelope) != own_hash:
        return phrase("ledger.record-edited", seq=seq), {}
    if row[_PREV] != before.hash:
        return phrase("ledger.link-broken", seq=seq), {}
    try:
        fields = from_json(envelope, cache_strings="keys")
        said = _repeated(fields)
    except (ValueError, KeyError, TypeError):
        return phrase("ledger.record-edited", seq=seq), {}
    if said != row[:_WIDTH]:
        names = [name for name, one, other in zip(COLUMNS, said, row, strict=False) if one != other]
        return phrase("ledger.columns-edited", seq=seq, columns=names), {}
    return None, fields


def _body_problem(row: tuple[Any, ...], so_far: Scan, listed: list[tuple[int, int]], starts: list[int]) -> Phrase | None:
    """What is wrong with a record's body; counts what was pruned as recorded."""
    seq, (body_seq, salt, text) = row[_SEQ], row[_WIDTH + 2 :]
    if body_seq is not None and salt is None and text is None and row[_KIND] not in KEPT:
        at = bisect_right(starts, seq) - 1
        if at >= 0 and listed[at][1] >= seq:
            so_far.pruned += 1
            return None
    if salt is None or text is None:
        return phrase("ledger.body-gone", seq=seq)
    # SQLite stores any type in any column; psycopg hands out bytes.
    if isinstance(salt, bytes) and isinstance(text, str) and body_hash(salt, text) == row[_BODY_HASH]:
        return None
    return phrase("ledger.body-edited", seq=seq)
