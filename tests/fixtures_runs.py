"""A real engine on a real SQLite file and this machine's shell, for tests of everything above the runs layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from temanashi.changes import Change, Outcome
from temanashi.clock import SystemClock
from temanashi.hosts.inventory import Inventory
from temanashi.hosts.local import LocalTransport
from temanashi.ledger.database import open_database
from temanashi.ledger.ledger import Ledger
from temanashi.people import Actor
from temanashi.runbooks.kinds import step_kinds
from temanashi.runbooks.model import Runbook
from temanashi.runbooks.parsing import parse_runbook
from temanashi.runs.engine import Engine
from temanashi.runs.events import Event
from temanashi.runs.requests import RunRequest
from temanashi.secrets import Redactor

ALICE = Actor(name="alice")
BOB = Actor(name="bob")


class Heard:
    """An observer that keeps what it heard."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def notice(self, event: Event) -> None:
        self.events.append(event)

    def of(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


def make_engine(folder: Path, **changed: Any) -> Engine:
    """An engine whose database is a file in the folder."""
    clock = changed.pop("clock", SystemClock())
    database = open_database(f"sqlite:///{folder / 'temanashi.db'}", clock=clock)
    fields: dict[str, Any] = {
        "database": database,
        "ledger": Ledger(database, clock=clock),
        "kinds": step_kinds(),
        "connect": lambda host, stop: LocalTransport(host=host.name, stop=stop),
        "clock": clock,
        "redactor": Redactor(),
        "zone": ZoneInfo("Asia/Tokyo"),
    }
    return Engine(**fields | changed)


def runbook_of(steps: list[dict[str, Any]], *, kinds: Mapping[str, Any] | None = None, **more: Any) -> Runbook:
    """A runbook with these steps and everything else filled in."""
    data = {
        "id": "sample",
        "title": {"ja": "見本", "en": "Sample"},
        "description": {"ja": "試験用です。", "en": "For tests."},
        "category": "routine",
        "overlap": "parallel",  # most tests start the same work again and again; those of turns say otherwise
        "owner": "ops",
        "steps": steps,
    }
    return parse_runbook(data | more, kinds=kinds or step_kinds())


def asking(runbook: Runbook, *, hosts: int = 0, **more: Any) -> RunRequest:
    """A request by alice; `hosts` more names that all mean this machine."""
    inventory = Inventory.model_validate({"hosts": {f"web{n}": {"transport": "local"} for n in range(1, hosts + 1)}})
    fields: dict[str, Any] = {
        "runbook": runbook,
        "workspace_version": "",
        "inventory": inventory,
        "inputs": {},
        "actor": ALICE,
        "channel": "cli",
    }
    return RunRequest(**fields | more)


class SpyStep:
    """A step of a test: applies through a function, and remembers."""

    def __init__(self, inner: Any, apply: Callable[[Change, str], Outcome]) -> None:
        self._inner, self._apply = inner, apply

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def apply(self, change: Change, key: str) -> Outcome:
        return self._apply(change, key)
