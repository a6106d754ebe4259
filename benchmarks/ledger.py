"""The ledger at scale: durable appends beside bare sqlite3, verification, and reports over twelve months of records.

`python benchmarks/ledger.py [--records N] [--only appends|reading] [--keep FILE] [--postgresql URL] [--json]`. Records are made as
the ledger makes them: hashed, chained, marked, and in the usage tables. Peers are measured in the same run, in turn.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

BEGAN = datetime(2025, 11, 30, 15, tzinfo=UTC)
"""1 December 2025 in Tokyo; the twelve months end with November 2026."""

NOW = datetime(2026, 11, 30, 9, tzinfo=UTC)
TASKS = 40
RECORDS_A_RUN = 7.7
WRITERS = 4
APPENDED = 1500
"""Records of each writer, so many that its first one, which compiles statements, does not count."""
ROUNDS = 5

# What must hold. Of reports, seconds of the processor, since others may use the machine too; the rest by the clock.
APPENDS, VERIFIED, REPORT, OPEN_MONTH = 0.8, 100_000, 1.5, 0.3


class Ticking:
    """A clock that goes on as it is told."""

    def __init__(self, moment: datetime = BEGAN) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def tasks() -> list[Any]:
    """Half of the tasks on business days, half on request."""
    from temanashi.books import ProposedTask, Seconds
    from temanashi.runbooks.model import Demand
    from temanashi.text import LocalText

    return [
        ProposedTask(
            task=f"task-{number}",
            title=LocalText(plain=f"作業 {number}"),
            category=("routine", "incident", "maintenance")[number % 3],
            owner="運用課",
            demand=Demand(per_month=250) if number % 2 else Demand(calendar="business_day"),
            seconds=Seconds(setup=300, per_target=120, targets=2),
        )
        for number in range(TASKS)
    ]


def run_drafts(number: int, today: date, dice: random.Random) -> Iterator[Any]:
    """The records of one run, and of the demand that it serves; about as an operations group leaves them."""
    from temanashi.books import new_demand
    from temanashi.ledger.records import Draft
    from temanashi.people import Actor

    which = dice.randrange(TASKS)
    task, slot = f"task-{which}", today.isoformat()
    if which % 2:
        slot = f"INC-{number}"
        yield new_demand(task, slot, actor=Actor(name=f"person{dice.randrange(40)} 山田"), targets=2, source="tickets")
    common = {"task": task, "runbook": task, "run": f"00000000-0000-7000-8000-{number:012}", "slot": slot}
    common |= {"version": "sha256:" + "0" * 64, "actor": "schedule", "actor_kind": "system"}
    common |= {"mode": "live" if dice.random() > 0.05 else "dry_run"}
    outcome = "done" if dice.random() > 0.05 else "failed"
    targets = [{"target": f"web{dice.randrange(500)}", "outcome": "changed" if outcome == "done" else "failed"} for _ in "12"]
    yield Draft(kind="run_requested", **common, body={"inputs": {"number": number}})
    yield Draft(kind="run_started", **common)
    for step in ("first", "second"):
        yield Draft(kind="step_intended", step=step, **common, body={"changes": []})
        seconds = 90 if dice.random() < 0.05 else 0
        if seconds:
            yield Draft(kind="decision", step=step, outcome="done", human_seconds=seconds, **(common | {"actor": "佐藤"}))
        yield Draft(kind="step_done", step=step, targets=targets, human_seconds=seconds, **common, body={"stdout": "x" * 200})
    yield Draft(kind="run_finished", outcome=outcome, targets=targets, **common)


def fill(book: Any, clock: Ticking, records: int) -> float:
    """Signed minutes of every task, then runs over twelve months; records a second in transactions of 200 runs."""
    from zoneinfo import ZoneInfo

    from temanashi.books import sign
    from temanashi.people import Actor

    dice, made, number, begun = random.Random(5), TASKS, 0, time.perf_counter()
    said = {"actor": Actor(name="佐藤"), "now": BEGAN + timedelta(hours=1), "zone": ZoneInfo("Asia/Tokyo")}
    with book.database.transaction() as connection:
        book.append_all(connection, [sign(each, each.seconds, **said) for each in tasks()])
    a_run = (NOW - BEGAN) / max(1, (records - TASKS) / RECORDS_A_RUN)
    while made < records:
        with book.database.transaction() as connection:
            for _ in range(200):
                number += 1
                clock.moment = min(clock.moment + a_run, NOW)
                drafts = list(run_drafts(number, (clock.moment + timedelta(hours=9)).date(), dice))
                book.append_all(connection, drafts)
                made += len(drafts)
    return made / (time.perf_counter() - begun)


# Appends


def write(kind: str, file: str, share: int, count: int, source: str) -> None:
    """One writer of several, a process of its own: says when it is ready, waits for a line, and says when it is done."""
    work = ours(file, share, count) if kind == "ours" else bare(file, source, share)
    next(work)
    print("ready", flush=True)
    sys.stdin.readline()
    begun, made = time.monotonic(), 0
    for _ in work:
        made, ended = made + 1, time.monotonic()
    print(json.dumps([made, begun, ended]), flush=True)


def ours(url: str, share: int, count: int) -> Iterator[None]:
    from temanashi.clock import SystemClock
    from temanashi.ledger.database import open_database
    from temanashi.ledger.ledger import Ledger

    database = open_database(url, clock=SystemClock())
    book, dice = Ledger(database, clock=SystemClock()), random.Random(share)
    numbers = range(share * count, (share + 1) * count)
    drafts = [draft for number in numbers for draft in run_drafts(number, date(2026, 11, 20), dice)][:count]
    yield
    for draft in drafts:
        book.record(draft)
        yield
    database.close()


TABLES = ("ledger", "ledger_body", "ledger_marks", "ledger_work", "ledger_demand")


def bare(file: str, source: str, share: int) -> Iterator[None]:
    """The same rows into the same tables and indexes, durably, and nothing else: no hash, no trigger, no SQLAlchemy."""
    with closing(sqlite3.connect(source)) as told:
        rows: dict[int, list[tuple[str, tuple[Any, ...]]]] = {}
        for table in TABLES:
            names = [row[1] for row in told.execute(f"PRAGMA table_info({table})")]
            key = names.index("entry" if table == "ledger_marks" else "seq")
            insert = f"INSERT INTO {table} VALUES ({','.join('?' * len(names))})"
            for row in told.execute(f"SELECT * FROM {table}"):
                rows.setdefault(row[key], []).append((insert, row))
    mine = [rows[seq] for seq in sorted(rows) if seq % WRITERS == share]
    connection = sqlite3.connect(file, timeout=30, isolation_level=None)
    connection.execute("PRAGMA synchronous=FULL")
    yield
    for statements in mine:
        connection.execute("BEGIN IMMEDIATE")
        for insert, row in statements:
            connection.execute(insert, row)
        connection.execute("COMMIT")
        yield
    connection.close()


def empty_copy(source: Path, file: Path) -> None:
    """A database with the tables and indexes of another one, and a write-ahead log."""
    with closing(sqlite3.connect(source)) as told, closing(sqlite3.connect(file)) as made:
        made.execute("PRAGMA journal_mode=WAL")
        wanted = "SELECT sql FROM sqlite_master WHERE type IN ('table', 'index') AND sql IS NOT NULL AND tbl_name IN (%s)"
        for (sql,) in told.execute(wanted % ",".join("?" * len(TABLES)), TABLES):
            made.execute(sql)
        made.commit()


def together(kind: str, file: str, count: int, source: str = "") -> float:
    """Records a second of four writers at once."""
    argv = [sys.executable, __file__, "--writer", kind, file, "", str(count), source or "-"]
    writers = []
    for share in range(WRITERS):
        argv[5] = str(share)
        writers.append(subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline().strip() == "ready"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    told = [json.loads(writer.communicate()[0]) for writer in writers]  # the clock is one for all processes of a machine
    return sum(made for made, _, _ in told) / (max(ended for _, _, ended in told) - min(begun for _, begun, _ in told))


def appends(folder: Path, count: int) -> dict[str, Any]:
    """Four writers, one record a transaction, synchronous=FULL: the ledger and bare sqlite3 in turn."""
    from temanashi.clock import SystemClock
    from temanashi.ledger.database import open_database
    from temanashi.ledger.verification import verify

    own, peer = [], []
    for number in range(ROUNDS):
        file, copy = folder / f"own{number}.db", folder / f"bare{number}.db"
        open_database(f"sqlite:///{file}", clock=SystemClock()).close()
        own.append(together("ours", f"sqlite:///{file}", count))
        empty_copy(file, copy)
        peer.append(together("bare", str(copy), count, str(file)))
        database = open_database(f"sqlite:///{file}", clock=SystemClock())
        with database.reading() as connection:
            found = verify(connection)
        database.close()
        assert (found.status, found.records) == ("intact", WRITERS * count), found
    ratio = statistics.median(one / other for one, other in zip(own, peer, strict=True))
    return {
        "ledger, records/s": round(statistics.median(own)),
        "bare sqlite3, records/s": round(statistics.median(peer)),
        "ratio": round(ratio, 2),
    }


def on_postgresql(url: str, count: int) -> dict[str, Any]:
    """The same four writers on an empty PostgreSQL database; there is no bare peer."""
    from temanashi.clock import SystemClock
    from temanashi.ledger.database import open_database

    open_database(url, clock=SystemClock()).close()
    return {"ledger, records/s": round(statistics.median(together("ours", url, count) for _ in range(ROUNDS)))}


# Reading


def months() -> list[Any]:
    from temanashi.calendars import Month

    return [Month(2026, 11).shift(-back) for back in range(11, -1, -1)]


def lines(book: Any, wanted: list[Any], closed: dict[str, Any]) -> Any:
    from zoneinfo import ZoneInfo

    from temanashi.books import history
    from temanashi.calendars import BusinessCalendar

    said = {"now": NOW, "zone": ZoneInfo("Asia/Tokyo"), "goal": 0.5, "calendar": BusinessCalendar(base="weekends")}
    with book.database.reading() as connection:
        return history(book, connection, wanted, tasks=tasks(), closed=closed, **said)


def read(file: str, sealed: str) -> None:
    """One reader, a process of its own: seconds from opening the database to the lines of the report, and processor seconds."""
    from temanashi.books import MonthFigures
    from temanashi.ledger.database import open_database
    from temanashi.ledger.ledger import Ledger

    begun, busy = time.perf_counter(), time.process_time()
    told = json.loads(Path(sealed).read_text()) if sealed else {}
    closed = {month: MonthFigures.model_validate(figures) for month, figures in told.items()}
    database = open_database(f"sqlite:///{file}", clock=Ticking(), read_only=True)
    found = lines(Ledger(database, clock=Ticking()), months() if sealed else months()[-1:], closed)
    assert found[-1].state == "running"
    assert found[-1].figures.runs_counted
    print(json.dumps([time.perf_counter() - begun, time.process_time() - busy]))


def reader(file: Path, sealed: str, *, cold: bool) -> list[float]:
    """What a fresh process needed; `cold`: the system's memory of the file was dropped before."""
    if cold:
        handle = os.open(file, os.O_RDONLY)
        os.fsync(handle)
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(handle)
    done = subprocess.run([sys.executable, __file__, "--reader", str(file), sealed], capture_output=True, text=True, check=True)
    return list(json.loads(done.stdout))


def reading(file: Path, records: int) -> dict[str, Any]:
    """Verification, the report of twelve months of which eleven are sealed, and the open month alone."""
    from temanashi.ledger.database import open_database
    from temanashi.ledger.ledger import Ledger
    from temanashi.ledger.verification import verify, verify_database

    clock, told = Ticking(), {}
    database = open_database(f"sqlite:///{file}", clock=clock)
    book = Ledger(database, clock=clock)
    with database.reading() as connection:
        there = book.head(connection).seq
    if not there:
        told["filled, records/s"] = round(fill(book, clock, records))
    took = []
    for _ in range(3):
        begun = time.perf_counter()
        found = verify_database(database, state=file.parent / "no-state")  # by a process for each processor
        took.append(time.perf_counter() - begun)
        assert found.status == "intact", found
    passed = statistics.median(took)
    begun, busy = time.perf_counter(), time.process_time()
    with database.reading() as connection:
        alone = verify(connection)
    worked = time.process_time() - busy
    assert (alone.records, alone.head_hash) == (found.records, found.head_hash)
    told |= {"records": found.records, "MB": round(file.stat().st_size / 1e6)}
    told |= {
        "verified, records/s": round(found.records / passed),
        "by one process, records/processor s": round(found.records / worked),
    }
    begun = time.perf_counter()
    every = lines(book, months(), {})
    told["twelve open months, s"] = round(time.perf_counter() - begun, 2)
    database.close()
    sealed = file.with_suffix(".sealed.json")
    sealed.write_text(json.dumps({each.month: each.figures.model_dump(mode="json") for each in every[:-1]}))
    for name, closed, cold in (("report, cold", str(sealed), True), ("open month", "", False)):
        took = [reader(file, closed, cold=cold) for _ in range(ROUNDS)]
        told[f"{name}, s"] = round(statistics.median(wall for wall, _ in took), 2)
        told[f"{name}, processor s"] = round(statistics.median(worked for _, worked in took), 2)
    return told


def missed(told: dict[str, Any]) -> Iterator[str]:
    """The goals that this run did not reach."""
    if told.get("appends", {"ratio": 1})["ratio"] < APPENDS:
        yield f"appends under {APPENDS}x bare sqlite3"
    own = told.get("reading", {})
    if own.get("verified, records/s", VERIFIED) < VERIFIED:
        yield f"verification under {VERIFIED} records a second"
    for name, most in (("report, cold, processor s", REPORT), ("open month, processor s", OPEN_MONTH)):
        if own.get(name, 0) > most:
            yield f"{name}: over {most}"


def main() -> None:
    if sys.argv[1:2] == ["--writer"]:
        kind, file, share, count, source = sys.argv[2:7]
        write(kind, file, int(share), int(count), source)
        return
    if sys.argv[1:2] == ["--reader"]:
        read(*sys.argv[2:4])
        return
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--only", choices=("appends", "reading"))
    parser.add_argument("--keep", type=Path, help="a SQLite file to fill, or one that was filled before")
    parser.add_argument("--postgresql", default="")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    told: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        if options.only != "reading":
            told["appends"] = appends(Path(name), APPENDED)
        if options.postgresql:
            told["appends on postgresql"] = on_postgresql(options.postgresql, APPENDED)
        if options.only != "appends":
            told["reading"] = reading(options.keep or Path(name) / "ledger.db", options.records)
    if options.json:
        print(json.dumps(told, indent=2))
    else:
        for part, own in told.items():
            print(part, *(f"  {what:32} {value}" for what, value in own.items()), sep="\n")
    if goals := list(missed(told)):
        raise SystemExit("; ".join(goals))


if __name__ == "__main__":
    main()
