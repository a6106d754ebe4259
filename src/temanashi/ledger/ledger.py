"""Appending to the chain and reading it back."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple

from pydantic import ValidationError
from sqlalchemy import BindParameter, ColumnElement, Connection, Row, Select, bindparam, func, select

from temanashi.clock import Clock
from temanashi.ledger.chain import GENESIS, Prepared, clean_text, event_id, micros, placed, prepared, record_hash, stamp
from temanashi.ledger.database import Database
from temanashi.ledger.faults import RecordUnreadable
from temanashi.ledger.marks import Facet, Marked, add_marks, marked
from temanashi.ledger.narrow import add_rows
from temanashi.ledger.records import Draft, Kind, Mode, Record
from temanashi.ledger.statements import Statement, inserting
from temanashi.ledger.tables import COLUMNS, bodies, ledger, of_runs

__all__ = ["Head", "Ledger", "Ready"]

_ENVELOPE_ONLY = ("chain", "seq", "event_id", "schema_version", "recorded_at", "prev_hash", "body_hash")
_PAGE = 500
_columns = itemgetter(*COLUMNS)
_ADD_RECORD, _ADD_BODY = inserting(ledger), inserting(bodies)
_HEAD = Statement(("chain",), lambda _: _last(bindparam("chain")))
_TURN = Statement(("key",), lambda _: select(func.pg_advisory_xact_lock(bindparam("key"))))


class Head(NamedTuple):
    """The end of a chain; `seq` is 0 where there is no record yet."""

    seq: int
    hash: str


class Ready(NamedTuple):
    """A record that can be written: all of it but its place in the chain."""

    record: Prepared
    random: bytes
    marks: tuple[tuple[Facet, str], ...]


class Ledger:
    """One chain of records in a database.

    Appends happen in the caller's transaction, so that a record and what it tells of commit together. The order of records is
    `seq`. `recorded_at` is what the clock said: after a clock was set back, a later record can carry an earlier time, and
    verification counts such records instead of hiding them.
    """

    def __init__(self, database: Database, *, clock: Clock, chain: str = "main") -> None:
        self.database = database
        self.chain = chain
        self._clock = clock

    def record(self, *drafts: Draft) -> Head:
        """Add records in a transaction of their own, prepared before it is this writer's turn; the new end of the chain.

        The quickest way to record. Raises BadRecord and LedgerError.
        """
        ready = self.prepare(drafts)
        with self.database.transaction() as connection:
            if not ready:
                return self.head(connection)
            fields, own_hash, _ = self._write(connection, ready)[-1]
        return Head(fields["seq"], own_hash)

    def append(self, connection: Connection, draft: Draft) -> Record:
        """Add one record; raises BadRecord and writes nothing when the draft cannot be recorded."""
        return self.append_all(connection, [draft])[0]

    def append_all(self, connection: Connection, drafts: Iterable[Draft]) -> list[Record]:
        """Add records in order, all or none; they share one time. NUL and lone surrogates in texts are replaced by U+FFFD."""
        return [_record(*each) for each in self._write(connection, self.prepare(drafts))]

    def prepare(self, drafts: Iterable[Draft]) -> list[Ready]:
        """What can be done before it is this writer's turn; raises BadRecord."""
        ready = []
        for draft in drafts:
            each = prepared(draft, salt=secrets.token_bytes(16))
            ready.append(Ready(each, secrets.token_bytes(10), tuple(marked(each.fields, draft.body))))
        return ready

    def _write(self, connection: Connection, ready: Sequence[Ready]) -> list[tuple[dict[str, Any], str, str]]:
        """Write records at the end of the chain; the envelope's fields, the hash and the body's text of each."""
        self._take_turn(connection)
        seq, prev_hash = self.head(connection)
        now = self._clock.now()
        moment, at = stamp(now), micros(now)
        rows, texts, written, told, found = [], [], [], [], []
        for each, random, marks in ready:
            seq += 1
            event = event_id(now, random)
            fields, envelope = placed(each, chain=self.chain, seq=seq, event=event, recorded_at=moment, prev_hash=prev_hash)
            prev_hash = record_hash(envelope)
            rows.append((*_columns(fields), prev_hash, envelope))
            texts.append((self.chain, seq, each.salt, each.body))
            written.append((fields, prev_hash, each.body))
            told.append((fields, each.draft.body))
            found.append(Marked(seq, at, fields["run"], marks))
        if rows:
            add_marks(connection, self.chain, found)
            _ADD_RECORD.many(connection, rows)
            _ADD_BODY.many(connection, texts)
            add_rows(connection, told, at)
        return written

    def head(self, connection: Connection) -> Head:
        """The last record's number and hash."""
        row = _HEAD.one(connection, self.chain)
        return Head(*row) if row else Head(0, GENESIS)

    def get(self, connection: Connection, which: int | str) -> Record | None:
        """The record with a sequence number or an event id."""
        wanted = ledger.c.seq == which if isinstance(which, int) else ledger.c.event_id == clean_text(which)
        row = connection.execute(self._query(bodies_too=True).where(wanted)).first()
        return _read(row) if row else None

    def records(
        self,
        connection: Connection,
        *,
        kinds: Sequence[Kind] = (),
        since: datetime | None = None,
        until: datetime | None = None,
        after: int = 0,
        run: str = "",
        runbook: str = "",
        task: str = "",
        slot: str = "",
        mode: Mode | None = None,
        limit: int | None = None,
        newest_first: bool = False,
        bodies_too: bool = True,
    ) -> Iterator[Record]:
        """Records in the order of the chain, read in pages while you iterate: stay inside the connection's block.

        `since` is included, `until` is not; `after` is a sequence number. Without `bodies_too` every body is empty, which is
        quicker. Raises RecordUnreadable.
        """
        by_kind = bool(kinds) and limit is None
        query = self._query(bodies_too=bodies_too, by_kind=by_kind).where(*_equal({"runbook": runbook, "task": task, "slot": slot}))
        if run:
            query = query.where(of_runs([clean_text(run)], self.chain))
        if kinds:
            query = query.where(ledger.c.kind.in_(kinds))
        if mode:
            query = query.where(ledger.c.mode == mode)
        if since:
            query = query.where(ledger.c.recorded_at >= stamp(since))
        if until:
            query = query.where(ledger.c.recorded_at < stamp(until))
        if after:
            query = query.where(ledger.c.seq > after)
        query = query.order_by(ledger.c.seq.desc() if newest_first else ledger.c.seq).limit(limit)
        for row in connection.execute(query, execution_options={"yield_per": _PAGE}):
            yield _read(row)

    def _take_turn(self, connection: Connection) -> None:
        # SQLite's BEGIN IMMEDIATE already lets one writer in at a time; on PostgreSQL appenders queue here until they commit.
        if connection.dialect.name == "postgresql":
            key = int.from_bytes(hashlib.sha256(b"temanashi/ledger/" + self.chain.encode()).digest()[:8], "big", signed=True)
            _TURN.one(connection, key)

    def _query(self, *, bodies_too: bool, by_kind: bool = False) -> Select[Any]:
        columns: list[Any] = [ledger.c.seq, ledger.c.hash, ledger.c.envelope]
        # Without statistics SQLite reads the whole chain in order to find a few kinds in it.
        mine = (ledger.c.chain.concat("") if by_kind else ledger.c.chain) == self.chain
        if not bodies_too:
            return select(*columns).where(mine)
        joined = ledger.outerjoin(bodies, (bodies.c.chain == ledger.c.chain) & (bodies.c.seq == ledger.c.seq))
        return select(*columns, bodies.c.text).select_from(joined).where(mine)


def _last(chain: BindParameter[str]) -> Select[Any]:
    last = select(func.max(ledger.c.seq)).where(ledger.c.chain == chain).scalar_subquery()
    return select(ledger.c.seq, ledger.c.hash).where((ledger.c.chain == chain) & (ledger.c.seq == last))


def _equal(wanted: dict[str, str]) -> list[ColumnElement[bool]]:
    return [ledger.c[name] == clean_text(value) for name, value in wanted.items() if value]


def _read(row: Row[Any]) -> Record:
    try:
        return _record(json.loads(row.envelope), row.hash, row.text if len(row) > 3 else "{}")  # noqa: PLR2004  (a fourth column is the body)
    except (ValueError, TypeError, ValidationError) as error:
        raise RecordUnreadable(seq=row.seq) from error


def _record(fields: dict[str, Any], own_hash: str, body: str | None) -> Record:
    draft = {name: value for name, value in fields.items() if name not in _ENVELOPE_ONLY}
    return Record.model_validate(
        {name: fields.get(name) for name in _ENVELOPE_ONLY}
        | {"hash": own_hash, "pruned": body is None, "draft": draft | {"body": json.loads(body or "{}")}}
    )
