"""What can be chosen now, with commands that really run: afresh when a run starts, kept for a minute while forms are made."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from temanashi.canonical import digest_of
from temanashi.clock import Clock
from temanashi.errors import TargetError
from temanashi.hosts.command import Command
from temanashi.hosts.connecting import connect, connecting
from temanashi.hosts.inventory import Host, Inventory
from temanashi.hosts.ssh.pool import Pool
from temanashi.hosts.transport import Result, Transport
from temanashi.runbooks.choices import ChoicesFrom
from temanashi.runbooks.offering import Offering, RunOn
from temanashi.settings import Settings
from temanashi.workspace.versions import PublishedWorkspace

__all__ = ["Kept", "form_offers", "run_offers", "running_on"]

Connect = Callable[[Host, threading.Event], Transport]
FAILED = 126


def running_on(inventory: Inventory, reach: Connect = connect) -> RunOn:
    """Runs the command of a source on its host."""

    def run(source: ChoicesFrom) -> Result:
        [host] = inventory.select(source.host)
        return reach(host, threading.Event()).run(Command(*(source.command or ())), timeout=source.timeout)

    return run


def run_offers(published: PublishedWorkspace, *, clock: Clock, reach: Connect = connect) -> Offering:
    """What can be chosen at this moment: for the start of a run, which must not trust what was true a minute ago."""
    return _offering(published, running_on(published.inventory, reach), clock)


def form_offers(published: PublishedWorkspace, settings: Settings, *, clock: Clock, reach: Connect | None = None) -> Offering:
    """What a form shows: what commands said is kept for as long as their `cache` says, also between processes."""
    run_on = running_on(published.inventory, reach or connecting(settings, Pool(idle_seconds=0)))
    return _offering(published, Kept(run_on, settings.state_dir / "choices", clock), clock)


def _offering(published: PublishedWorkspace, run_on: RunOn, clock: Clock) -> Offering:
    return Offering(
        inventory=published.inventory,
        files=published.files,
        people=published.people,
        today=clock.now().astimezone(published.zone).date(),
        run_on=run_on,
    )


class Kept:
    """Answers of commands, in files of a folder. That a host did not answer is kept too, or every look would wait for it."""

    def __init__(self, run_on: RunOn, folder: Path, clock: Clock) -> None:
        self._run_on, self._folder, self._clock = run_on, folder, clock

    def __call__(self, source: ChoicesFrom) -> Result:
        """The answer, not older than the source's `cache`."""
        file = self._folder / f"{digest_of([source.host, list(source.command or ())]).removeprefix('sha256:')[:32]}.json"
        known = _read(file)
        now = self._clock.now().timestamp()
        if known is not None and 0 <= now - known["at"] < source.cache:
            return Result(known["exit"], stdout=base64.b64decode(known["stdout"]), stderr=base64.b64decode(known["stderr"]))
        try:
            result = self._run_on(source)
        except TargetError as error:
            result = Result(FAILED, stderr=str(error).encode())
        if not result.truncated:
            _write(file, {"at": now, "exit": result.exit, "stdout": _text(result.stdout), "stderr": _text(result.stderr[-2000:])})
        return result


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _read(file: Path) -> dict[str, Any] | None:
    try:
        known = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return known if isinstance(known, dict) and {"at", "exit", "stdout", "stderr"} <= known.keys() else None


def _write(file: Path, known: dict[str, Any]) -> None:
    """Whole or not at all; without it the next look asks again."""
    with contextlib.suppress(OSError):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = file.with_suffix(f".{os.getpid()}-{threading.get_ident()}.new")
        fresh.write_text(json.dumps(known), encoding="utf-8")
        fresh.replace(file)
