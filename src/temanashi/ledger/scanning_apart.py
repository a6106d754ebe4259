"""The pass over a long chain by several processes at once, each over a part of it.

A part begins with the hash that stands before it, and ends with the hash that the next part began with, so that parts that are good
and fit together are a good chain. Whatever is found amiss is not judged here: one process then reads the whole in its order.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from contextlib import ExitStack, closing
from itertools import pairwise
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection, func, inspect, or_, select

from temanashi.clock import SystemClock
from temanashi.ledger.addresses import Address
from temanashi.ledger.chain import GENESIS
from temanashi.ledger.database import open_database
from temanashi.ledger.demanded import demand_table
from temanashi.ledger.narrow_checking import Rows, agree
from temanashi.ledger.scanning import Scan, scan_part
from temanashi.ledger.tables import ledger
from temanashi.ledger.work import work_table

__all__ = ["WORTH_IT", "scan_apart"]

WORTH_IT = 50_000
"""Records. Starting a process takes about as long as reading these."""

_MOST = 8
"""Processes; more would wait for one disk."""


class _Part(NamedTuple):
    """A part of a chain: from after one number until another, and what stands before it."""

    after: int
    until: int
    hash: str
    recorded_at: str


class _Found(NamedTuple):
    """What a process found of its part, which was good."""

    hash: str
    recorded_at: str
    records: int
    pruned: int
    older: int
    hashes: dict[int, str]
    rows: Rows | None


_FOUND = TypeAdapter(_Found)


def scan_apart(
    connection: Connection, address: Address, *, chain: str, bodies: bool, wanted: AbstractSet[int], processes: int | None = None
) -> Scan | None:
    """The pass by several processes over what `connection` sees; None where it is not worth it, or anything is amiss."""
    count = min(_cores() if processes is None else processes, _MOST)
    head = connection.execute(select(func.max(ledger.c.seq)).where(ledger.c.chain == chain)).scalar() or 0
    # SQLite stores any type in any column.
    if count < 2 or not isinstance(head, int) or head < (WORTH_IT if processes is None else count):  # noqa: PLR2004  (alone is the ordinary pass)
        return None
    if _strays(connection, chain, head, bodies=bodies):
        return None
    parts = _parts(connection, chain, head, count)
    told = _asked(address, parts, {"chain": chain, "bodies": bodies, "wanted": sorted(wanted)}) if parts else None
    if told is None or parts is None:
        return None
    fits = all(found.hash == after.hash for found, after in zip(told, parts[1:], strict=False))
    every = [found.rows for found in told if found.rows is not None]
    if not fits or (every and not (len(every) == len(told) and agree(every))):
        return None
    return Scan(
        seq=head,
        hash=told[-1].hash,
        recorded_at=told[-1].recorded_at,
        records=sum(found.records for found in told),
        pruned=sum(found.pruned for found in told),
        older=sum(found.older for found in told),
        hashes={seq: own_hash for found in told for seq, own_hash in found.hashes.items()},
    )


def _cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _strays(connection: Connection, chain: str, head: int, *, bodies: bool) -> bool:
    """Whether anything stands outside the numbers that the parts cover."""
    tables = [ledger]
    if bodies:
        schema = "temanashi" if connection.dialect.name == "postgresql" else None
        tables += [each for each in (work_table, demand_table) if inspect(connection).has_table(each.name, schema=schema)]
    return any(
        connection.execute(
            select(table.c.seq).where(table.c.chain == chain, or_(table.c.seq < 1, table.c.seq > head)).limit(1)
        ).first()
        for table in tables
    )


def _parts(connection: Connection, chain: str, head: int, count: int) -> list[_Part] | None:
    """Parts of about one length; None where a record that one would begin after is not there."""
    bounds = sorted({head * number // count for number in range(count + 1)})
    query = select(ledger.c.seq, ledger.c.hash, ledger.c.recorded_at).where(ledger.c.chain == chain, ledger.c.seq.in_(bounds))
    there = {0: (GENESIS, ""), **{row.seq: (row.hash, row.recorded_at) for row in connection.execute(query)}}
    if not all(bound in there and all(isinstance(text, str) for text in there[bound]) for bound in bounds):
        return None
    return [_Part(after, until, *there[after]) for after, until in pairwise(bounds)]


def _asked(address: Address, parts: list[_Part], common: Mapping[str, Any]) -> list[_Found] | None:
    """What a process for each part says; None where one found something, or failed."""
    # One key of Python's hashes for all, or the sums of rows would not add up. The address may hold a password: it goes by stdin.
    environment = {**os.environ, "PYTHONHASHSEED": str(secrets.randbelow(2**32))}
    url = f"sqlite:///{address.file}" if address.file else address.url.render_as_string(hide_password=False)
    with ExitStack() as started:
        running = []
        for part in parts:
            argv = [sys.executable, "-c", f"from {__name__} import answer; answer()"]
            pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
            process = started.enter_context(subprocess.Popen(argv, env=environment, text=True, **pipes))
            started.callback(process.kill)
            running.append((process, json.dumps({**common, "url": url, "part": part})))
        for process, question in running:
            _tell(process, question)
        answers = [process.communicate()[0] for process, _ in running]
    try:
        return [_FOUND.validate_json(text) for text in answers]
    except ValidationError:
        return None


def _tell(process: subprocess.Popen[str], question: str) -> None:
    """All parts hear their question before the first answer is waited for."""
    try:
        if process.stdin is not None:
            process.stdin.write(question)
            process.stdin.close()
            process.stdin = None
    except BrokenPipeError:
        process.stdin = None  # it died; its answer is empty


def answer() -> None:
    """Read a question on stdin and print what was found of the part; nothing where anything is amiss."""
    asked = json.load(sys.stdin)
    part = _Part(*asked["part"])
    so_far = Scan(seq=part.after, hash=part.hash, recorded_at=part.recorded_at)
    said: dict[str, Any] = {"chain": asked["chain"], "bodies": asked["bodies"], "wanted": set(asked["wanted"]), "until": part.until}
    with closing(open_database(asked["url"], clock=SystemClock(), read_only=True)) as database, database.reading() as connection:
        found = scan_part(connection, so_far, **said)
    if found.problem is None and found.seq == part.until:
        told = _Found(found.hash, found.recorded_at, found.records, found.pruned, found.older, found.hashes, found.rows)
        sys.stdout.write(_FOUND.dump_json(told).decode())
