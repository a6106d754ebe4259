"""One line for an entry of the ledger: who asked for what, for whom, and what came of it; read from the records themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic_core import from_json
from sqlalchemy import Connection, func, select

from temanashi.audit.finding import OPEN, Criteria, Cursor, find_entries
from temanashi.changes import NO_TARGET
from temanashi.ledger.database import Database
from temanashi.ledger.tables import ledger, of_runs

__all__ = ["EntryView", "all_entries", "entry_views"]

_BATCH = 500


class EntryView(BaseModel):
    """One entry: `seq` is its number (its first record), `last_seq` its last record; times are aware UTC.

    `outcome` of a run is that of its `run_finished` record, or `open`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seq: int
    last_seq: int
    records: int
    at: datetime
    ended_at: datetime | None
    kind: str
    run: str
    task: str
    runbook: str
    version: str
    actor: str
    actor_kind: str
    assurance: str
    channel: str
    beneficiary: str
    identity_check: str
    approvers: tuple[str, ...]
    ticket: str
    reason: str
    system: str
    team: str
    hosts: tuple[str, ...]
    mode: str
    privileged: bool
    emergency: bool
    outcome: str
    event_id: str
    hash: str


def entry_views(connection: Connection, entries: Sequence[Cursor], *, chain: str = "main") -> list[EntryView]:
    """The entries in the order given."""
    here = ledger.c.chain == chain
    query = select(ledger.c.seq, ledger.c.hash, ledger.c.envelope).where(here, ledger.c.seq.in_([e.entry for e in entries]))
    first = {row.seq: (from_json(row.envelope), row.hash) for row in connection.execute(query)}
    runs = [fields["run"] for fields, _ in first.values() if fields["run"]]
    extents, told = _of_runs(connection, runs, chain)
    return [
        _view(*first[entry.entry], extents.get(first[entry.entry][0]["run"]), told[first[entry.entry][0]["run"]])
        for entry in entries
        if entry.entry in first
    ]


def all_entries(database: Database, criteria: Criteria, *, chain: str = "main", most: int | None = None) -> Iterator[EntryView]:
    """Every entry that was asked for, the newest first, read while you iterate; raises LedgerError.

    Each batch is read in a transaction of its own, so that a slow reader holds nothing back; what comes in meanwhile is newer, and
    left out.
    """

    def every() -> Iterator[EntryView]:
        after: Cursor | None = None
        while True:
            with database.reading() as connection:
                found = find_entries(connection, criteria, chain=chain, limit=_BATCH, after=after)
                views = entry_views(connection, found.entries, chain=chain)
            yield from views
            after = found.following
            if after is None:
                return

    return islice(every(), most)


def _of_runs(connection: Connection, runs: list[str], chain: str) -> tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]:
    """How many records runs have and the last one of each, and the envelopes that say how they ended and who approved."""
    mine = of_runs(runs, chain)
    counted = select(ledger.c.run, func.count().label("records"), func.max(ledger.c.seq).label("last")).where(mine)
    extents = {row.run: row for row in connection.execute(counted.group_by(ledger.c.run))} if runs else {}
    told: dict[str, list[dict[str, Any]]] = defaultdict(list)
    # SQLite would rather read all records of these kinds, by the index that begins with the kind.
    telling = ledger.c.kind.concat("").in_(("decision", "step_done", "run_finished"))
    query = select(ledger.c.run, ledger.c.envelope).where(mine, telling).order_by(ledger.c.run, ledger.c.seq)
    for row in connection.execute(query) if runs else ():
        told[row.run].append(from_json(row.envelope))
    return extents, told


def _view(fields: dict[str, Any], own_hash: str, extent: Any, told: list[dict[str, Any]]) -> EntryView:
    end = next((record for record in reversed(told) if record["kind"] == "run_finished"), None)
    run = fields["run"]
    approvers = [r["actor"] for r in told if r["kind"] == "decision" and r["outcome"] == "approved"]
    hosts = [t["target"] for r in (fields, *told) for t in r["targets"] if t["target"] != NO_TARGET]
    last = end or (fields if not run or fields["kind"] == "run_finished" else None)
    same = {name: fields[name] for name in EntryView.model_fields if name in fields}
    return EntryView.model_validate(
        same
        | {
            "last_seq": extent.last if extent else fields["seq"],
            "records": extent.records if extent else 1,
            "at": fields["recorded_at"],
            "ended_at": end["recorded_at"] if end else None,
            "approvers": tuple(dict.fromkeys([*fields["approvers"], *approvers])),
            "hosts": tuple(dict.fromkeys(hosts)),
            "outcome": last["outcome"] if last else OPEN,
            "hash": own_hash,
        }
    )
