"""The engine's own time: 10 steps on 200 simulated hosts, without Prefect, inside it, and the same by hand in plain Prefect.

A simulated host answers at once, so what is measured is ours: plan, intents, outcomes, ledger, undo register. The plain Prefect
flow is what a careful person writes: one task a step, a thread pool over the hosts, one log line each, and no record at all.
"""

from __future__ import annotations

import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

STEPS, HOSTS, ROUNDS = 10, 200, 5
LIMIT_CHANGE_MS, LIMIT_RUN_S, LIMIT_RATIO = 1.0, 3.0, 1.3


class Simulated:
    """A host that does at once what it is told."""

    def run(self, command: Any, *, timeout: float) -> Any:  # noqa: ARG002
        from temanashi.hosts.transport import Result

        return Result(exit=0, stdout=b"ok\n")

    def run_all(self, commands: Sequence[Any], *, timeout: Any) -> list[Any]:
        return [self.run(command, timeout=timeout) for command in commands]


def engine_in(folder: Path) -> Any:
    """An engine on a new SQLite file (WAL, synchronous=FULL, as everywhere)."""
    from temanashi.clock import SystemClock
    from temanashi.ledger.database import open_database
    from temanashi.ledger.ledger import Ledger
    from temanashi.runbooks.kinds import step_kinds
    from temanashi.runs.engine import Engine
    from temanashi.secrets import Redactor

    clock = SystemClock()
    database = open_database(f"sqlite:///{folder / 'temanashi.db'}", clock=clock)
    return Engine(
        database=database,
        ledger=Ledger(database, clock=clock),
        kinds=step_kinds(),
        connect=lambda _host, _stop: Simulated(),
        clock=clock,
        redactor=Redactor(),
        zone=ZoneInfo("Asia/Tokyo"),
        workers=64,
    )


def request() -> Any:
    """Ten commands, each with an undo, on two hundred hosts."""
    from temanashi.hosts.inventory import Inventory
    from temanashi.people import Actor
    from temanashi.runbooks.kinds import step_kinds
    from temanashi.runbooks.parsing import parse_runbook
    from temanashi.runs.requests import RunRequest

    hosts = {f"host{n:03}": {"transport": "local"} for n in range(HOSTS)}
    command = {"run": ["act", "{{ host.name }}"], "undo": ["undo", "{{ host.name }}"]}
    data = {
        "id": "wide",
        "title": {"ja": "広い手順", "en": "Wide"},
        "description": {"ja": "測定用です。", "en": "For measuring."},
        "category": "routine",
        "owner": "ops",
        "targets": "host*",
        "overlap": "parallel",
        "steps": [{"id": f"step-{n}", "command": command} for n in range(STEPS)],
    }
    return RunRequest(
        runbook=parse_runbook(data, kinds=step_kinds()),
        workspace_version="",
        inventory=Inventory.model_validate({"hosts": hosts}),
        inputs={},
        actor=Actor(name="bench"),
        channel="cli",
    )


def ours(engine: Any, wanted: Any) -> None:
    """From the request to the end of the run."""
    from temanashi.runs.advancing import advance
    from temanashi.runs.requests import request_run

    result = advance(engine, request_run(engine, wanted))
    assert result.outcome == "done", result
    assert len(result.targets) == HOSTS


def timed(work: Callable[[], Any]) -> tuple[float, float]:
    """Seconds by the clock and of this process's CPU."""
    gc.collect()
    began, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - began, time.process_time() - cpu


def in_prefect() -> None:
    """Child process: the same run inside a Prefect flow with its display, and the flow written by hand, in turn."""
    from prefect import flow, task
    from prefect.logging import get_run_logger

    from temanashi.orchestration.display import Display
    from temanashi.orchestration.driving import current_flow_run

    times: dict[str, list[tuple[float, float]]] = {"ours": [], "plain": []}
    current: dict[str, Any] = {}

    @flow(validate_parameters=False, persist_result=False)
    def wide() -> None:
        with Display(current_flow_run(), "en") as display:
            ours(replace(current["engine"], observers=(display,)), current["wanted"])

    @task
    def step(number: int) -> list[bool]:
        logger = get_run_logger()

        def act(host: int) -> bool:
            result = Simulated().run(["act", f"host{host:03}", number], timeout=60)
            return bool(result.exit == 0)

        with ThreadPoolExecutor(max_workers=64) as pool:
            found = list(pool.map(act, range(HOSTS)))
        for host, good in enumerate(found, 1):
            logger.info("[%d/%d] host%03d: %s", host, HOSTS, host - 1, "Changed" if good else "Failed")
        return found

    @flow
    def plain() -> int:
        return sum(sum(step(number)) for number in range(STEPS))

    with tempfile.TemporaryDirectory() as root:
        for number in range(ROUNDS + 1):
            folder = Path(root) / str(number)
            folder.mkdir()
            current |= {"engine": engine_in(folder), "wanted": request()}
            times["ours"].append(timed(wide))
            current["engine"].database.close()
            times["plain"].append(timed(plain))
    sys.stdout.write(json.dumps({name: found[1:] for name, found in times.items()}) + "\n")


def prefect_times() -> dict[str, list[tuple[float, float]]]:
    """Both flows against one Prefect server of their own, in a process of their own."""
    with tempfile.TemporaryDirectory() as home:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "TEMA_"))},
            "PREFECT_HOME": home,
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1",
            "PREFECT_LOGGING_LEVEL": "INFO",
            "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
        }
        command = [sys.executable, __file__, "--in-prefect"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr[-3000:])
    found: dict[str, list[tuple[float, float]]] = json.loads(done.stdout.splitlines()[-1])
    return found


def told(name: str, found: list[tuple[float, float]]) -> str:
    """One line: minimum, median and maximum by the clock, and the median of the CPU."""
    seconds, cpu = zip(*found, strict=True)
    shown = f"min {min(seconds):6.3f}  median {statistics.median(seconds):6.3f}  max {max(seconds):6.3f} s"
    return f"{name:42} {shown}  (CPU {statistics.median(cpu):6.3f} s)"


def median(found: list[tuple[float, float]], place: int = 0) -> float:
    """The median by the clock (0) or of the CPU (1)."""
    return statistics.median(one[place] for one in found)


def main() -> int:
    """Measure, print, and say whether the limits are kept."""
    with tempfile.TemporaryDirectory() as root:
        bare = []
        for number in range(ROUNDS + 1):
            folder = Path(root) / str(number)
            folder.mkdir()
            engine, wanted = engine_in(folder), request()
            bare.append(timed(lambda engine=engine, wanted=wanted: ours(engine, wanted)))
            engine.database.close()
    bare = bare[1:]  # the first one also imports and compiles
    found = prefect_times()
    changes = STEPS * HOSTS
    each, ratio = median(bare) / changes * 1000, median(found["ours"]) / median(found["plain"])
    lines = [
        f"{STEPS} steps x {HOSTS} simulated hosts = {changes} changes, each with intent, outcome, undo and record",
        told("engine without Prefect", bare),
        f"{'':42} {each:.2f} ms a step and host (limit {LIMIT_CHANGE_MS}; the whole run {LIMIT_RUN_S} s)",
        told("engine inside Prefect, with its display", found["ours"]),
        told("plain Prefect, by hand, without a record", found["plain"]),
        f"{'':42} ratio {ratio:.2f} (limit {LIMIT_RATIO})",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    kept = each <= LIMIT_CHANGE_MS and median(bare) <= LIMIT_RUN_S and ratio <= LIMIT_RATIO
    return 0 if kept else 1


if __name__ == "__main__":
    if sys.argv[1:] == ["--in-prefect"]:
        in_prefect()
    else:
        sys.exit(main())
