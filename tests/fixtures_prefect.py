"""Prefect's server as our gate serves it, without a worker: flow runs of these tests run in the test process."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from fixtures_up import free_port, until
from temanashi.clock import SystemClock
from temanashi.orchestration.children import Child
from temanashi.orchestration.environment import api_url, prefect_environment
from temanashi.people import Actor
from temanashi.runbooks.kinds import step_kinds
from temanashi.settings import Settings, load_settings
from temanashi.workspace.loading import load_workspace
from temanashi.workspace.opening import open_installation
from temanashi.workspace.publishing import publish

__all__ = ["OPS", "Place", "child_environment", "execute", "gate_running", "make_place", "prefect_settings"]

OPS = Actor(name="ops")
SOURCE = Path(__file__).parents[1] / "src"


class Place:
    """A small workspace of one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def settings(self) -> Settings:
        return load_settings(self.root, environ={})

    def runbook(self, name: str, *steps: dict[str, Any], category: str = "routine", **more: Any) -> Path:
        data = {
            "id": name,
            "title": {"ja": f"見本 {name}", "en": f"Sample {name}"},
            "description": {"ja": "試験用です。", "en": "For tests."},
            "category": category,
            "overlap": "parallel",  # most tests start the same work again and again; those of turns say otherwise
            "owner": "ops",
            "targets": "localhost",
            "steps": list(steps),
        }
        file = self.root / "runbooks" / category / f"{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(data | more, ensure_ascii=False), encoding="utf-8")
        return file

    def publish(self) -> None:
        with open_installation(self.root) as opened:
            loaded = load_workspace(self.root, kinds=step_kinds())
            assert not [fault for fault in loaded.faults if fault.level == "error"], loaded.faults
            publish(opened.database, opened.ledger, loaded, actor=OPS, clock=opened.clock)


def make_place(root: Path, *, port: int | None = None, sign_in: bool = False) -> Place:
    settings = f'[tool.temanashi]\ncompany = "てま証券"\nlanguages = ["ja", "en"]\nport = {port or free_port()}\n'
    gate = "" if sign_in else "gate.sign_in = false\n"
    (root / "pyproject.toml").write_text(settings + gate, encoding="utf-8")
    return Place(root)


def child_environment(settings: Settings) -> dict[str, str]:
    """What a child process of `tema up` gets."""
    path = f"{SOURCE}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    return {**prefect_environment(settings), "PYTHONPATH": path}


@contextmanager
def prefect_settings(settings: Settings) -> Iterator[None]:
    """This process talks to the server of the workspace, as a worker's child would; only for the duration of a test."""
    from prefect.context import SettingsContext, get_settings_context
    from prefect.settings.models.root import Settings as PrefectSettings

    before = dict(os.environ)
    environment = child_environment(settings)
    Path(environment["PREFECT_HOME"]).mkdir(parents=True, exist_ok=True)
    os.environ.clear()
    os.environ.update(environment)
    try:
        with SettingsContext(profile=get_settings_context().profile, settings=PrefectSettings()):
            yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def gate_running(settings: Settings) -> Iterator[Child]:
    environment = child_environment(settings)
    log = settings.state_dir / "logs" / "gate.log"
    child = Child("gate", ("-m", "temanashi.gate"), env=environment, directory=settings.root, log=log, clock=SystemClock())
    child.start()
    try:
        until(lambda: child.exit_code is not None or _healthy(settings), seconds=120, what="the gate")
        assert child.exit_code is None, child.tail
        yield child
    finally:
        child.stop(seconds=20)


def _healthy(settings: Settings) -> bool:
    try:
        return httpx.get(f"{api_url(settings)}/health", trust_env=False, timeout=2).is_success
    except httpx.HTTPError:
        return False


def execute(flow_run_id: Any) -> None:
    """Run a flow run in a forked process, as the worker does, and wait for its end."""
    from temanashi.orchestration.child import run_flow_run
    from temanashi.orchestration.fork_starter import forkserver

    context = forkserver()
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=run_flow_run, args=(UUID(str(flow_run_id)), dict(os.environ), str(Path.cwd()), sender))
    process.start()
    sender.close()
    try:
        assert receiver.poll(30)
        assert receiver.recv()
    finally:
        receiver.close()
    process.join(60)
    assert process.exitcode == 0, process.exitcode
    process.close()
