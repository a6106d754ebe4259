"""What sign-in and rights cost: calls of Prefect's API through the gate, beside the bare Prefect server, in the same run.

`python benchmarks/gate.py [--rounds N] [--seconds S]`. Both servers hold the same flow runs, each in its own SQLite
database; rounds take turns. Goals: at most 3 ms added to a call (median), and at least 0.9
of the bare server's mixed reads a second.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

RUNS, AT_ONCE, CALLS = 300, 8, 25
SERVICE_UNAVAILABLE = 503
GOAL_MS, GOAL_SHARE = 3.0, 0.9
PASSWORD = "four short words here"
BARE = "import sys, uvicorn; from prefect.server.api.server import create_app; "
BARE += "uvicorn.run(create_app(final=True), host='127.0.0.1', port=int(sys.argv[1]), log_level='warning')"
RUNBOOK = '{"id": "look", "title": {"ja": "見る", "en": "Look"}, "description": {"ja": "見ます。", "en": "Looks."}, '
RUNBOOK += '"category": "routine", "owner": "ops", "targets": "localhost", '
RUNBOOK += '"steps": [{"id": "go", "command": {"run": ["true"], "reads": true}}]}'


def free_port() -> int:
    """A TCP port of this machine where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def process(words: list[str], url: str, *, env: dict[str, str], folder: Path) -> Iterator[None]:
    """A server, from when it answers until the block ends."""
    with (folder / f"{words[0][-20:]}.log").open("wb") as log:
        child = subprocess.Popen([sys.executable, *words], env=env, cwd=folder, stdout=log, stderr=log)
    try:
        end = time.monotonic() + 240
        while True:
            try:
                if httpx.get(f"{url}/api/health", trust_env=False).is_success:
                    break
            except httpx.HTTPError:
                pass
            assert time.monotonic() < end, "the server did not start"
            assert child.poll() is None, "the server ended"
            time.sleep(0.3)
        yield
    finally:
        child.terminate()
        child.wait(30)


@contextmanager
def bare(folder: Path) -> Iterator[dict[str, Any]]:
    """Prefect's server as it comes."""
    from temanashi.orchestration.environment import prefect_environment
    from temanashi.settings import Settings

    port = free_port()
    settings = Settings.model_validate({"root": folder, "port": port, "gate": {"sign_in": False}})
    env = prefect_environment(settings)
    Path(env["PREFECT_HOME"]).mkdir(parents=True)
    url = f"http://127.0.0.1:{port}"
    with process(["-c", BARE, str(port)], url, env=env, folder=folder):
        yield {"url": url, "headers": {}, "setup": {}}


@contextmanager
def gate(folder: Path) -> Iterator[dict[str, Any]]:
    """The gate, with an operator's session and a staff member's."""
    from temanashi.orchestration.environment import prefect_environment
    from temanashi.people import Actor
    from temanashi.runbooks.kinds import step_kinds
    from temanashi.settings import load_settings
    from temanashi.signin.users import add_user
    from temanashi.workspace.first_admin import book_of
    from temanashi.workspace.live import live_directory
    from temanashi.workspace.loading import load_workspace
    from temanashi.workspace.local_token import local_token
    from temanashi.workspace.opening import open_installation
    from temanashi.workspace.publishing import publish

    port = free_port()
    (folder / "pyproject.toml").write_text(f"[tool.temanashi]\nport = {port}\n", encoding="utf-8")
    file = folder / "runbooks" / "routine" / "look.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(RUNBOOK, encoding="utf-8")
    settings = load_settings(folder, environ={})
    with open_installation(folder) as opened:
        publish(
            opened.database, opened.ledger, load_workspace(folder, kinds=step_kinds()), actor=Actor(name="b"), clock=opened.clock
        )
        with opened.database.transaction() as connection:
            people = live_directory(connection).people
            more: Any = {"password": PASSWORD, "people": people, "actor": Actor(name="b"), "channel": "cli", "one_time": False}
            for user in ("operator", "staff"):
                add_user(book_of(opened), connection, user, roles=(user,), **more)
    env = prefect_environment(settings)
    Path(env["PREFECT_HOME"]).mkdir(parents=True, exist_ok=True)
    url = f"http://127.0.0.1:{port}"
    with process(["-m", "temanashi.gate"], url, env=env, folder=folder):
        sessions = {}
        for user in ("operator", "staff"):
            form = {"name": user, "password": PASSWORD}
            answer = httpx.post(f"{url}/tema/sign-in", data=form, headers={"origin": url}, trust_env=False)
            cookie = answer.headers["set-cookie"].split(";")[0]
            sessions[user] = {"cookie": cookie, "origin": url, "sec-fetch-site": "same-origin"}
        token = {"authorization": f"Bearer {local_token(settings)}"}
        yield {"url": url, "headers": sessions["operator"], "staff": sessions["staff"], "setup": token}


def fill(server: dict[str, Any]) -> None:
    """The same flow runs in both."""
    with httpx.Client(base_url=f"{server['url']}/api", headers=server["setup"], trust_env=False, timeout=60) as client:
        flow = client.post("/flows/", json={"name": "look"}).json()["id"]
        for number in range(RUNS):
            state = {"type": "COMPLETED" if number % 3 else "SCHEDULED", "name": "Completed" if number % 3 else "Scheduled"}
            while True:  # the bare server answers 503 where two of its writers meet
                made = client.post("/flow_runs/", json={"flow_id": flow, "name": f"run-{number}", "state": state})
                if made.status_code != SERVICE_UNAVAILABLE:
                    break
            assert made.status_code == 201, made.text
        server["run"] = made.json()["id"]


def reads(server: dict[str, Any]) -> list[tuple[str, str, dict[str, Any] | None]]:
    """What Prefect's interface asks for again and again."""
    return [
        ("POST", "/flow_runs/filter", {"limit": 20, "sort": "START_TIME_DESC"}),
        ("GET", f"/flow_runs/{server['run']}", None),
        ("POST", "/flow_runs/count", {}),
        ("POST", "/flows/filter", {"limit": 20}),
        ("POST", "/logs/filter", {"logs": {"flow_run_id": {"any_": [server["run"]]}}}),
    ]


def milliseconds(server: dict[str, Any], headers: dict[str, str], *, times: int) -> list[float]:
    """Each read, one after the other; the median of each."""
    found = []
    with httpx.Client(base_url=f"{server['url']}/api", headers=headers, trust_env=False, timeout=60) as client:
        for method, path, body in reads(server):
            taken = []
            for _ in range(times):
                begin = time.perf_counter()
                answer = client.request(method, path, json=body)
                taken.append((time.perf_counter() - begin) * 1000)
                assert answer.is_success or headers is server.get("staff"), answer.text
            found.append(statistics.median(taken))
    return found


async def mixed(server: dict[str, Any], seconds: float) -> float:
    """Reads a second, some at once."""
    done, end = 0, time.perf_counter() + seconds

    async def visitor(number: int) -> None:
        nonlocal done
        async with httpx.AsyncClient(
            base_url=f"{server['url']}/api", headers=server["headers"], trust_env=False, timeout=60
        ) as client:
            asked, turn = reads(server), number
            while time.perf_counter() < end:
                method, path, body = asked[turn % len(asked)]
                answer = await client.request(method, path, json=body)
                assert answer.is_success, answer.text
                done, turn = done + 1, turn + 1

    begin = time.perf_counter()
    await asyncio.gather(*(visitor(number) for number in range(AT_ONCE)))
    return done / (time.perf_counter() - begin)


def main() -> int:
    """Measure and tell; exit 1 where a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=4.0)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as one,
        tempfile.TemporaryDirectory() as two,
        bare(Path(one)) as plain,
        gate(Path(two)) as ours,
    ):
        for server in (plain, ours):
            fill(server)
            milliseconds(server, server["headers"], times=10)  # warm
        added, narrowed, rates = [], [], {"bare": [], "gate": []}
        for _ in range(options.rounds):
            base, through = milliseconds(plain, {}, times=CALLS), milliseconds(ours, ours["headers"], times=CALLS)
            added.append([b - a for a, b in zip(base, through, strict=True)])
            narrowed.append([b - a for a, b in zip(base, milliseconds(ours, ours["staff"], times=CALLS), strict=True)])
            rates["bare"].append(asyncio.run(mixed(plain, options.seconds)))
            rates["gate"].append(asyncio.run(mixed(ours, options.seconds)))
        names = [f"{method} {path}".replace(plain["run"], "ID") for method, path, _ in reads(plain)]
    each = [statistics.median(row) for row in zip(*added, strict=True)]
    for name, more, less in zip(names, each, zip(*narrowed, strict=True), strict=True):
        print(f"{name:28} +{more:5.2f} ms   as staff, narrowed {statistics.median(less):+5.2f} ms")
    middle, rate = statistics.median(each), {name: statistics.median(found) for name, found in rates.items()}
    share = statistics.median(b / a for a, b in zip(rates["bare"], rates["gate"], strict=True))
    print(f"added to a call: {middle:.2f} ms (goal <= {GOAL_MS})")
    print(f"mixed reads a second: bare {rate['bare']:.0f}, gate {rate['gate']:.0f}; share {share:.2f} (goal >= {GOAL_SHARE})")
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    return 0 if middle <= GOAL_MS and share >= GOAL_SHARE else 1


if __name__ == "__main__":
    sys.exit(main())
