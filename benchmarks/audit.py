"""Searching the ledger: 1,000,000 records, on SQLite, and on PostgreSQL where `--postgresql URL` names an empty database.

`python benchmarks/audit.py [--records N] [--postgresql URL]`. Records are made as the ledger makes them (hashed, chained, marked).
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROUNDS = 7
LIMIT_MS = 100.0
"""A page is made in under 100 ms on the server (median)."""


class Ticking:
    """A clock that goes on as it is told."""

    def __init__(self) -> None:
        self.moment = datetime(2020, 4, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def drafts_of(number: int, dice: random.Random) -> Iterator[Any]:
    """The records of one run, or one record of another kind; about as a securities company's operations group leaves them."""
    from temanashi.ledger.records import Draft

    person = f"person{dice.choice((dice.randrange(20), dice.randrange(400)))} 山田"
    if dice.random() < 0.1:
        yield Draft(kind="noted", actor=person, outcome=dice.choice(("signed-in", "refused", "hold")), body={"n": number})
        return
    runbook = f"runbook-{dice.randrange(200)}"
    scheduled = dice.random() < 0.5
    common = {
        "run": f"00000000-0000-7000-8000-{number:012}",
        "runbook": runbook,
        "task": runbook,
        "version": "sha256:" + "0" * 64,
        "actor": "schedule" if scheduled else person,
        "actor_kind": "system" if scheduled else "person",
        "beneficiary": f"staff{dice.randrange(3000)} 鈴木" if not scheduled and dice.random() < 0.4 else "",
        "ticket": f"INC-{number}" if dice.random() < 0.2 else "",
        "emergency": dice.random() < 0.002,
    }
    hosts = [f"web{dice.randrange(500)}" for _ in range(dice.choice((1, 1, 2, 5)))]
    targets = [{"target": host, "outcome": "changed"} for host in hosts]
    asked = {"system": f"system{dice.randrange(30)}", "privileged": dice.random() < 0.1, "body": {"inputs": {"n": number}}}
    yield Draft(kind="run_requested", **common, **asked)
    yield Draft(kind="run_started", **common)
    for step in ("first", "second"):
        yield Draft(kind="step_intended", step=step, **common, body={"changes": []})
        yield Draft(kind="step_done", step=step, targets=targets, **common, body={"targets": [{"stdout": "x" * 200}]})
    if dice.random() < 0.05:
        yield Draft(kind="decision", **(common | {"actor": f"person{dice.randrange(20)} 山田", "outcome": "approved"}))
    outcome = dice.choices(("done", "failed", "unknown", "refused"), (95, 3, 1, 1))[0]
    if number % 997:
        yield Draft(kind="run_finished", outcome=outcome, targets=targets, **common)


def fill(book: Any, database: Any, clock: Ticking, records: int) -> tuple[int, float]:
    dice, made, number, begun = random.Random(5), 0, 0, time.perf_counter()
    while made < records:
        with database.transaction() as connection:
            for _ in range(200):
                number += 1
                clock.moment += timedelta(minutes=12)
                drafts = list(drafts_of(number, dice))
                book.append_all(connection, drafts)
                made += len(drafts)
    return made, time.perf_counter() - begun


def timed(call: Callable[[], Any]) -> tuple[float, float, Any]:
    """Median milliseconds that passed, and those of the processor in this process (all of it on SQLite)."""
    passed, worked, result = [], [], None
    for _ in range(ROUNDS):
        begun, busy = time.perf_counter(), time.process_time()
        result = call()
        passed.append((time.perf_counter() - begun) * 1000)
        worked.append((time.process_time() - busy) * 1000)
    return statistics.median(passed), statistics.median(worked), result


def questions() -> dict[str, dict[str, Any]]:
    since, until = datetime(2024, 6, 1, tzinfo=UTC), datetime(2024, 7, 1, tzinfo=UTC)
    return {
        "everything": {},
        "a person": {"person": "person7 山田"},
        "part of a name": {"person": "person39"},
        "a beneficiary": {"beneficiary": "staff77 鈴木"},
        "a runbook and a host": {"runbook": "runbook-7", "host": "web7"},
        "common and common": {"outcome": "failed", "system": "system3"},
        "privileged in a month": {"privileged": True, "since": since, "until": until},
        "emergency": {"emergency": True},
        "decisions of a person in a month": {"kind": "decision", "person": "person7 山田", "since": since, "until": until},
        "not over": {"outcome": "open"},  # looks at every run
        "common, never together": {"kind": "noted", "outcome": "done"},
        "a ticket that there is not": {"ticket": "INC-none"},
    }


def measure(database: Any, clock: Ticking, records: int) -> dict[str, Any]:
    from temanashi.audit.entries import entry_views
    from temanashi.audit.finding import Criteria, count_entries, find_entries
    from temanashi.ledger.ledger import Ledger
    from temanashi.ledger.verification import verify

    book = Ledger(database, clock=clock)
    made, seconds = fill(book, database, clock, records)
    told: dict[str, Any] = {"records": made, "appended per second": round(made / seconds)}
    if database.dialect == "postgresql":
        with database.transaction() as connection:
            connection.exec_driver_sql("ANALYZE")
    for name, asked in questions().items():
        criteria = Criteria(**asked)

        def look(criteria: Any = criteria) -> Any:
            with database.reading() as connection:
                found = find_entries(connection, criteria)
                return len(entry_views(connection, found.entries)), count_entries(connection, criteria)

        median, busy, (shown, count) = timed(look)
        told[name] = {"ms": round(median, 1), "processor ms": round(busy, 1), "shown": shown, "count": count}
        of = f"{shown} of {count}{'+' if count > 1000 else ''}"
        print(f"{database.dialect:10} {name:34} {median:8.1f} ms ({busy:.1f} ms of the processor)  {of}", flush=True)
    begun = time.perf_counter()
    with database.reading() as connection:
        found = verify(connection)
    told["verification, s"] = round(time.perf_counter() - begun, 1)
    print(f"{database.dialect:10} verification of {found.records} records: {told['verification, s']} s", flush=True)
    return told


def on_sqlite(records: int) -> dict[str, Any]:
    from temanashi.ledger.database import open_database

    with tempfile.TemporaryDirectory() as folder:
        clock = Ticking()
        file = Path(folder) / "temanashi.db"
        database = open_database(file, clock=clock)
        told = measure(database, clock, records)
        database.close()
        return told | {"MB": round(file.stat().st_size / 1e6)}


def main() -> None:
    from temanashi.ledger.database import open_database

    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--postgresql", default="")
    parser.add_argument("--only-postgresql", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    told: dict[str, Any] = {}
    if not options.only_postgresql:
        told["sqlite"] = on_sqlite(options.records)
    if options.postgresql:
        clock = Ticking()
        database = open_database(options.postgresql, clock=clock)
        told["postgresql"] = measure(database, clock, options.records)
        database.close()
    if options.json:
        print(json.dumps(told, indent=2, ensure_ascii=False))
    slow = [
        name
        for place, own in told.items()
        for name, value in own.items()
        if isinstance(value, dict) and value["processor ms" if place == "sqlite" else "ms"] > LIMIT_MS and name != "not over"
    ]
    raise SystemExit(f"slower than {LIMIT_MS} ms: {', '.join(slow)}" if slow else 0)


if __name__ == "__main__":
    main()
