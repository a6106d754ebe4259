"""How long it takes to note a run, to see that nothing changed, to judge it again, and to tell Prometheus.

`python benchmarks/monitoring.py [HOSTS] [CHECKS]`: by default 100 hosts with 20 checks each. The results are made up; noting,
alerts, judging and the text are the real ones, on a SQLite file.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from fixtures_runs import asking, make_engine, runbook_of
from temanashi.checks import measure, parse_check
from temanashi.clock import SystemClock
from temanashi.hosts.inventory import Inventory
from temanashi.hosts.transport import Result
from temanashi.monitoring.alerting import Alerts, settle_alerts
from temanashi.monitoring.exposition import exposition
from temanashi.monitoring.noting import note_finished_runs
from temanashi.monitoring.replaying import replay_run
from temanashi.monitoring.store import read_states
from temanashi.runs.advancing import advance
from temanashi.runs.requests import request_run


class Transport:
    """A host that answers at once."""

    def run_all(self, commands: Any, *, timeout: Any) -> list[Result]:  # noqa: ARG002
        return [Result(0, stdout=b"42 fine\n", seconds=0.01) for _ in commands]


def took(label: str, work: Callable[[], Any], count: int) -> Any:
    began, cpu = time.perf_counter(), time.process_time()
    found = work()
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    print(f"{label:<34}{seconds:8.2f} s {1000 * cpu / count:8.3f} ms CPU a check")
    return found


def main(hosts: int, checks: int) -> None:
    count = hosts * checks
    with tempfile.TemporaryDirectory() as folder:
        engine = replace(make_engine(Path(folder)), connect=lambda *_: Transport(), zone=ZoneInfo("Asia/Tokyo"))
        inventory = Inventory.model_validate({"hosts": {f"h{n:04}": {"system": f"s{n % 10}"} for n in range(hosts)}})
        asked = [{"id": f"c{n}", "kind": "command", "run": ["x"], "value": "([0-9]+)", "warn": "100"} for n in range(checks)]
        assert measure(
            [parse_check(asked[0])], inventory.hosts["h0000"], transport=Transport(), clock=SystemClock(), redactor=engine.redactor
        )
        book = runbook_of([{"id": "look", "checks": asked}], targets="h*")
        runs = [request_run(engine, asking(book, inventory=inventory)) for _ in range(2)]
        took("a run that measures nothing", lambda: advance(engine, runs[0]), count)
        advance(engine, runs[1])

        def after(connection: Any, _run: str) -> None:
            settle_alerts(connection, now=engine.clock.now(), alerts=Alerts(inventory=lambda _: inventory))

        took("noting two runs", lambda: note_finished_runs(engine.database, clock=engine.clock, after=after), 2 * count)
        took("looking when nothing is new", lambda: note_finished_runs(engine.database, clock=engine.clock, after=after), count)
        with engine.database.reading() as connection:
            found = took("judging a run again", lambda: replay_run(connection, engine.ledger, runs[0]), count)
            assert found.answer == "equal", found.answer
            text = took("the text for Prometheus", lambda: exposition(read_states(connection)), count)
        print(json.dumps({"checks": count, "text_kib": len(text) // 1024}))
        engine.database.close()


if __name__ == "__main__":
    main(*[int(word) for word in sys.argv[1:]] or (100, 20))
