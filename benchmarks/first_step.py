"""From the creation of a run to its first step: our worker, and Prefect's stock process worker on the same server in the same run.

Both poll every half second. The times are those that the server wrote for the creation and that the step itself took, by one clock.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[1]
RUNS = 10
LIMIT = 1.5
PATIENCE = 180
RUNBOOK = """\
id: first-step
title: {ja: 最初の一歩, en: First step}
description: {ja: 何もしません。, en: Does nothing.}
category: routine
owner: ops
steps:
  - command: ["true"]
"""
STOCK = """\
import time
from pathlib import Path
from prefect import flow, task

@task
def step(out: str) -> None:
    Path(out).write_text(str(time.time()))

@flow
def stock(out: str) -> None:
    step(out)
"""
DEPLOY = """\
import sys
from prefect import flow
flow.from_source(source=sys.argv[1], entrypoint="stock_flow.py:stock").deploy(
    name="stock", work_pool_name="stock", print_next_steps=False, ignore_warnings=True)
"""


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(ROOT / "pyproject.toml", folder)
        (folder / "runbooks" / "routine").mkdir(parents=True)
        (folder / "runbooks" / "routine" / "first-step.yaml").write_text(RUNBOOK, encoding="utf-8")
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("TEMA_", "PREFECT_"))}
        env = kept | {"PYTHONPATH": str(ROOT / "src"), "TEMA_PORT": str(port)}
        api = f"http://127.0.0.1:{port}/api"
        up = [sys.executable, "-c", "from temanashi.cli import main; main()", "up"]
        with child(up, folder, env, "up"), httpx.Client(base_url=api, timeout=30, trust_env=False) as client:
            until(lambda: deployment(client, "first-step/first-step"))
            ours = [our_seconds(client, folder) for _ in range(RUNS + 1)][1:]
            stock_env = kept | {
                "PREFECT_API_URL": api,
                "PREFECT_HOME": str(folder / "stock"),
                "PREFECT_WORKER_QUERY_SECONDS": "0.5",
            }
            stock = stock_seconds(client, folder, stock_env)
    print(f"{'seconds from creation to the first step':<42}{'min':>7}{'median':>8}{'max':>7}")
    for title, took in (("temanashi", ours), ("Prefect's process worker", stock)):
        print(f"{title:<42}{min(took):>7.2f}{statistics.median(took):>8.2f}{max(took):>7.2f}")
    median = statistics.median(ours)
    print(f"{statistics.median(stock) / median:.1f} times sooner; limit {LIMIT} s: {'met' if median <= LIMIT else 'NOT MET'}")
    return 0 if median <= LIMIT else 1


@contextmanager
def child(argv: list[str], folder: Path, env: dict[str, str], name: str) -> Iterator[None]:
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(argv, cwd=folder, env=env, stdout=log, stderr=log)
        try:
            yield
        except BaseException:
            print((folder / f"{name}.log").read_text(errors="replace")[-3000:], file=sys.stderr)
            raise
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()


def until(look: Callable[[], Any], pause: float = 0.2) -> Any:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if (found := look()) is not None:
            return found
        time.sleep(pause)
    raise SystemExit("waited too long")


def deployment(client: httpx.Client, name: str) -> str | None:
    try:
        found = client.get(f"/deployments/name/{name}")
    except httpx.HTTPError:
        return None
    return str(found.json()["id"]) if found.is_success else None


def started(client: httpx.Client, which: str, parameters: dict[str, Any]) -> tuple[str, float]:
    body = {"parameters": parameters, "state": {"type": "SCHEDULED"}}
    made = client.post(f"/deployments/{which}/create_flow_run", json=body).raise_for_status().json()
    return made["id"], datetime.fromisoformat(made["created"]).timestamp()


def our_seconds(client: httpx.Client, folder: Path) -> float:
    which = until(lambda: deployment(client, "first-step/first-step"))
    flow_run, created = started(client, which, {})
    query = "SELECT j.intended_at FROM journal j JOIN runs r ON r.id = j.run WHERE r.flow_run = ? AND j.intended_at IS NOT NULL"

    def look() -> str | None:
        database = sqlite3.connect(folder / ".tema" / "temanashi.db", timeout=10)
        try:
            row = database.execute(query, (flow_run,)).fetchone()
        finally:
            database.close()
        return row[0] if row else None

    began = datetime.fromisoformat(until(look)).timestamp()
    until(lambda: True if client.get(f"/flow_runs/{flow_run}").json()["state"]["type"] == "COMPLETED" else None)
    return began - created


def stock_seconds(client: httpx.Client, folder: Path, env: dict[str, str]) -> list[float]:
    source = folder / "stock-source"
    source.mkdir()
    (source / "stock_flow.py").write_text(STOCK, encoding="utf-8")
    client.post("/work_pools/", json={"name": "stock", "type": "process"}).raise_for_status()
    subprocess.run([sys.executable, "-c", DEPLOY, str(source)], env=env, check=True, capture_output=True)
    worker = [sys.executable, "-m", "prefect", "worker", "start", "--pool", "stock", "--type", "process"]
    with child(worker, folder, env, "stock-worker"):
        which = until(lambda: deployment(client, "stock/stock"))
        took = []
        for number in range(RUNS + 1):
            out = folder / f"stock-{number}"
            _, created = started(client, which, {"out": str(out)})
            text = until(lambda out=out: out.read_text() or None if out.exists() else None, 0.05)
            took.append(float(json.loads(text)) - created)
        return took[1:]


if __name__ == "__main__":
    sys.exit(main())
