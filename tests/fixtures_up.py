"""A real `tema up` in a workspace of its own, and the ways in which people and programs reach it."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil

__all__ = ["Up", "free_port", "make_workspace", "runbook_file", "running", "until"]

CHECKOUT = Path(__file__).parents[1]
COMMAND = (sys.executable, "-c", "from temanashi.cli import main; main()")
T = TypeVar("T")
READY_SECONDS, END_SECONDS = 240.0, 90.0


FIRST_PORT, PORTS = 10_000, 22_000
_given: set[int] = set()


def free_port(*addresses: str) -> int:
    """A TCP port of these addresses of this machine (127.0.0.1) where nobody listens, another one each time.

    Not one that the system would give to the next connection of a neighbour, for servers may take seconds to begin.
    """
    while True:
        port = FIRST_PORT + secrets.randbelow(PORTS)
        if port in _given:
            continue
        with contextlib.suppress(OSError):
            for address in addresses or ("127.0.0.1",):
                with socket.socket() as probe:
                    probe.bind((address, port))
            _given.add(port)
            return port


def until(look: Callable[[], T], *, seconds: float, what: str, pause: float = 0.2) -> T:
    """The first true answer of `look`; an AssertionError that says what was waited for when there is none in time."""
    end = time.monotonic() + seconds
    while True:
        if found := look():
            return found
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds:.0f} s for {what}; last seen: {found!r}")
        time.sleep(pause)


def make_workspace(root: Path, *, sign_in: bool = False) -> Path:
    """The starter content of the checkout, as `tema init` would copy it. Without `sign_in` whoever reaches it may do everything."""
    for folder in ("runbooks", "flows", "faq"):
        shutil.copytree(CHECKOUT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    settings = '[tool.temanashi]\ncompany = "temanashi"\nlanguages = ["ja", "en"]\ntimezone = "Asia/Tokyo"\n'
    gate = "" if sign_in else "gate.sign_in = false\n"
    (root / "pyproject.toml").write_text(settings + gate, encoding="utf-8")
    return root


def runbook_file(root: Path, name: str, steps: list[dict[str, Any]], **more: Any) -> Path:
    """A runbook written into a workspace; JSON is YAML."""
    data = {
        "id": name,
        "title": {"ja": f"見本 {name}", "en": f"Sample {name}"},
        "description": {"ja": "試験用です。", "en": "For tests."},
        "category": "routine",
        "overlap": "parallel",  # most tests start the same work again and again; those of turns say otherwise
        "owner": "ops",
        "targets": "localhost",
        "steps": steps,
    }
    file = root / "runbooks" / "routine" / f"{name}.yaml"
    file.write_text(json.dumps(data | more, ensure_ascii=False, indent=1), encoding="utf-8")
    return file


class Up:
    """`tema up` as a child process, with the command line, Prefect's API and our pages beside it."""

    def __init__(self, root: Path, *, now: tuple[str, ...] = ()) -> None:
        self.root, self.port = root, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = root / "up.log"
        self._words = ("up", *(word for runbook in now for word in ("--now", runbook)))
        self._process: subprocess.Popen[bytes] | None = None
        self.http = httpx.Client(base_url=self.url, trust_env=False, timeout=20)

    # -- its life

    def start(self) -> None:
        """Start it and wait until it says that it is ready."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*COMMAND, *self._words],
                cwd=self.root,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a Ctrl-C meant for the tests must end it through its fixture
            )
        until(self._ready, seconds=READY_SECONDS, what=f"tema up to be ready: {self.said}")

    def _ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.said
        return "準備ができました" in self.said

    @property
    def said(self) -> str:
        """What it wrote to the terminal so far."""
        return self.log.read_text(encoding="utf-8") if self.log.exists() else ""

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process is not None
        return self._process.pid

    def interrupt(self) -> int:
        """Ctrl-C; the exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)
        return self._process.wait(END_SECONDS)

    def close(self) -> None:
        """End whatever is left, by its ids."""
        self.http.close()
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                process.kill()
        if self._process is not None:
            self._process.wait(END_SECONDS)

    def processes(self) -> list[psutil.Process]:
        """Every live process that belongs to this workspace: its server, its worker, its runs and their commands' parents."""
        mine = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                belongs = process.environ().get("TEMA_WORKSPACE") == str(self.root) or process.pid == self._pid_or_none
                if belongs and process.status() != psutil.STATUS_ZOMBIE:
                    mine.append(process)
        return mine

    @property
    def _pid_or_none(self) -> int | None:
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    def worker(self) -> int:
        """The process id of the worker, as the supervisor's child."""
        found = [c.pid for c in psutil.Process(self.pid).children() if "orchestration.serving" in " ".join(c.cmdline())]
        assert len(found) == 1, found
        return found[0]

    # -- the command line

    def environment(self, **more: str) -> dict[str, str]:
        """The environment of a person's terminal in this workspace."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("TEMA_", "PREFECT_"))}
        paths = [str(CHECKOUT / "src"), *filter(None, [os.environ.get("PYTHONPATH")])]
        ours = {"PYTHONPATH": os.pathsep.join(paths), "LC_ALL": "C.UTF-8", "TEMA_PORT": str(self.port), "USER": "alice"}
        return kept | ours | {"LOGNAME": "alice"} | more

    def tema(self, *words: str, code: int | None = 0, seconds: float = 60, typed: str = "", **env: str) -> str:
        """Run `tema`; what it printed on both streams. `code` None allows any exit code; `typed` is its standard input."""
        done = subprocess.run(
            [*COMMAND, *words],
            cwd=self.root,
            env=self.environment(**env),
            input=typed,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert code is None or done.returncode == code, f"tema {' '.join(words)} ended with {done.returncode}:\n{done.stdout}"
        return done.stdout

    def json(self, *words: str, **how: Any) -> Any:
        """Run `tema ... --json`; the parsed answer."""
        return json.loads(self.tema(*words, "--json", **how))

    def drafts(self, run: str) -> list[dict[str, Any]]:
        """What the ledger says of a run, the oldest first."""
        return [record["draft"] for record in reversed(self.json("audit", "show", "--run", run, "--limit", "200"))]

    def runs(self, runbook: str) -> list[dict[str, Any]]:
        """Recorded runs of a runbook, the newest first."""
        return [run for run in self.json("runs", "--limit", "200") if run["runbook"] == runbook]

    def run_of(self, flow_run: str) -> str:
        """The id of the recorded run of a flow run."""
        return str(until(lambda: [r["id"] for r in self.json("runs") if r["flow_run"] == flow_run], seconds=20, what="a record")[0])

    # -- Prefect's API

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """Call Prefect's API; the parsed answer."""
        answer = self.http.request(method, f"/api{path}", json=body)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json() if answer.content else None

    def deployment(self, name: str) -> dict[str, Any]:
        """A deployment; runbooks and flows have flow and deployment of the same name."""
        found: dict[str, Any] = self.api("GET", f"/deployments/name/{name}/{name}")
        return found

    def begin(self, name: str, **inputs: Any) -> str:
        """Create a flow run, as a form does; its id."""
        body = {"parameters": inputs, "state": {"type": "SCHEDULED"}}
        return str(self.api("POST", f"/deployments/{self.deployment(name)['id']}/create_flow_run", body)["id"])

    def flow_run(self, flow_run: str) -> dict[str, Any]:
        """A flow run as Prefect has it."""
        found: dict[str, Any] = self.api("GET", f"/flow_runs/{flow_run}")
        return found

    def in_state(self, flow_run: str, *names: str, seconds: float = 60) -> dict[str, Any]:
        """Wait until a flow run is in a state with one of these names; the flow run."""

        def look() -> dict[str, Any] | None:
            nonlocal seen
            found = self.flow_run(flow_run)
            seen = (found["state"]["name"], found["state"]["message"])
            return found if found["state"]["name"] in names else None

        seen: Any = None
        try:
            return until(look, seconds=seconds, what=f"flow run {flow_run} to be {names}") or {}
        except AssertionError as error:
            raise AssertionError(f"{error}; state: {seen}") from None

    # -- our pages

    def page(self, path: str, lang: str = "ja") -> str:
        """The text of one of our pages."""
        answer = self.http.get(f"/tema/{path}", params={"lang": lang})
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text[:500]}"
        return answer.text


def running(root: Path, *, now: tuple[str, ...] = ()) -> Iterator[Up]:
    """A `tema up` for as long as a fixture lives. At the end Ctrl-C must stop it, all of it, with a word."""
    up = Up(root, now=now)
    try:
        up.start()
        yield up
        code = up.interrupt()
        assert code == 0, f"exit {code}: {up.said[-3000:]}"
        assert "止まりました。" in up.said, up.said[-3000:]
        left = [(process.pid, process.cmdline()) for process in up.processes()]
        assert not left, left
    finally:
        up.close()
