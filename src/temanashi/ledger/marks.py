"""What the ledger is searched by: marks of its entries, derived from records and never changed.

An entry is a run with all its records, or one record that belongs to no run; its number is that of its first record, its time
that record's time. A mark says one thing of an entry: `person` alice, `host` web1. Marks are a way to find records; what is
shown, exported and sampled is read from the records themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal, NamedTuple, get_args

from pydantic_core import from_json
from sqlalchemy import BigInteger, Column, Connection, Integer, String, Table, Text, bindparam, func, literal_column, select

from temanashi.changes import NO_TARGET
from temanashi.ledger.chain import micros
from temanashi.ledger.statements import Statement, inserting
from temanashi.ledger.tables import bodies, ledger, metadata
from temanashi.people import folded

__all__ = ["FACETS", "Facet", "Marked", "add_marks", "complete_marks", "marked", "marks", "value_of"]

Facet = Literal[
    "all",  # any, and run where it is one
    "about",  # a run that this one undoes, repeats or was called by
    "beneficiary", "channel", "flag", "host", "kind", "mode", "outcome", "person", "runbook", "system", "task", "team", "ticket",
]  # fmt: skip
FACETS: tuple[Facet, ...] = get_args(Facet)

VALUE_LIMIT = 200
"""Characters. PostgreSQL refuses index entries over 2,704 bytes."""

_PAGE = 2000
_ENVELOPE_FACETS: tuple[Facet, ...] = ("beneficiary", "channel", "kind", "mode", "runbook", "system", "task", "team", "ticket")

marks = Table(
    "ledger_marks",
    metadata,
    Column("chain", String(40), primary_key=True),
    Column("facet", String(20), primary_key=True),
    Column("value", Text, primary_key=True),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("entry", Integer, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)


class _Place(NamedTuple):
    """Where a record of a run belongs: the number and the time of the run's first record."""

    entry: int
    at: int


@lru_cache(maxsize=4096)
def value_of(text: str) -> str:
    """A text as marks hold it: case, width and spaces make no difference."""
    return folded(text)[:VALUE_LIMIT]


def marked(fields: dict[str, Any], body: dict[str, Any]) -> Iterator[tuple[Facet, str]]:
    """The marks of one record, from its envelope and (where it is still there) its body."""
    yield "all", "any"
    if fields["run"]:
        yield "all", "run"
    for facet in _ENVELOPE_FACETS:
        if fields.get(facet):
            yield facet, value_of(fields[facet])
    for name in {fields["actor"], *fields.get("approvers", ()), *_hands(fields["kind"], body)}:
        yield "person", value_of(name)
    for target in fields.get("targets", ()):
        if target["target"] != NO_TARGET:
            yield "host", value_of(target["target"])
    if fields["outcome"] and (not fields["run"] or fields["kind"] == "run_finished"):
        yield "outcome", value_of(fields["outcome"])
    yield from (("flag", flag) for flag in ("privileged", "emergency") if fields.get(flag))
    yield from (("about", value_of(run)) for run in _answered(fields["kind"], body))


def _answered(kind: str, body: dict[str, Any]) -> Iterator[str]:
    """The runs to which a request answers."""
    for name in ("parent", "origin", "again") if kind == "run_requested" else ():
        if run := str(body.get(name) or "").partition("/")[0].rpartition(":")[2]:
            yield run


def _hands(kind: str, body: dict[str, Any]) -> Iterator[str]:
    """Who did or confirmed a line of a checklist, and whom an event is about."""
    if kind == "noted" and isinstance(body.get("user"), str):
        yield body["user"]
    lines = body.get("lines") if kind == "decision" else None
    for line in lines if isinstance(lines, list) else ():
        yield from (str(line[name]) for name in ("by", "confirmed_by") if isinstance(line, dict) and line.get(name))


class Marked(NamedTuple):
    """A record with its marks: its number, its time in microseconds since 1970, its run or an empty text."""

    seq: int
    at: int
    run: str
    marks: Iterable[tuple[Facet, str]]


def add_marks(connection: Connection, chain: str, records: Sequence[Marked]) -> None:
    """Mark new records, in the transaction that writes them."""
    places: dict[str, _Place] = {}
    for each in records:
        if each.run and each.run not in places:
            places[each.run] = _first(connection, chain, each.run) or _Place(each.seq, each.at)
    _ADD.many(connection, sorted(_rows(chain, records, places)))


_FIRST = Statement(
    ("run", "chain"),
    lambda _: (
        select(ledger.c.seq, ledger.c.recorded_at)
        .where((ledger.c.run == bindparam("run")) & (ledger.c.chain.concat(literal_column("''")) == bindparam("chain")))
        .order_by(ledger.c.seq)
    ),
)
_ADD = inserting(marks, known_too=True)


def _first(connection: Connection, chain: str, run: str) -> _Place | None:
    row = _FIRST.one(connection, run, chain)
    return _Place(row[0], micros(datetime.fromisoformat(row[1]))) if row else None


def _rows(chain: str, records: Iterable[Marked], places: dict[str, _Place]) -> set[tuple[str, str, str, int, int]]:
    found: set[tuple[str, str, str, int, int]] = set()
    for each in records:
        own = _Place(each.seq, each.at)
        place = places.setdefault(each.run, own) if each.run else own
        found |= {(chain, facet, value, place.at, place.entry) for facet, value in each.marks if value}
    return found


def complete_marks(connection: Connection) -> int:
    """Add every mark that is missing, from the first record on; how many were. Marks of pruned bodies are not lost by it."""
    before = connection.execute(select(func.count()).select_from(marks)).scalar_one()
    for chain in connection.scalars(select(ledger.c.chain).distinct()).all():
        places: dict[str, _Place] = {}
        after = 0
        while page := _page(connection, chain, after):
            after = page[-1].seq
            _ADD.many(connection, sorted(_rows(chain, page, places)))
    return int(connection.execute(select(func.count()).select_from(marks)).scalar_one() - before)


def _page(connection: Connection, chain: str, after: int) -> list[Marked]:
    query = select(ledger.c.seq, ledger.c.envelope).where(ledger.c.chain == chain, ledger.c.seq > after)
    rows = connection.execute(query.order_by(ledger.c.seq).limit(_PAGE)).all()
    if not rows:
        return []
    # Only these bodies are read: others can be big, and nothing is found by what they say.
    joined = ledger.join(bodies, (bodies.c.chain == ledger.c.chain) & (bodies.c.seq == ledger.c.seq))
    told = select(bodies.c.seq, bodies.c.text).select_from(joined)
    told = told.where(ledger.c.chain == chain, ledger.c.seq.between(rows[0].seq, rows[-1].seq))
    texts = {row.seq: row.text for row in connection.execute(told.where(ledger.c.kind.in_(("run_requested", "decision", "noted"))))}
    return [_marked(from_json(row.envelope), from_json(texts.get(row.seq) or "{}")) for row in rows]


def _marked(fields: dict[str, Any], body: dict[str, Any]) -> Marked:
    at = micros(datetime.fromisoformat(fields["recorded_at"]))
    return Marked(fields["seq"], at, fields["run"], tuple(marked(fields, body)))
