"""People who approve, a clock that tests set, and a kind of step whose plan reads a file: what it relies on may change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from fixtures_runs import make_engine, runbook_of
from temanashi.calendars import BusinessCalendar
from temanashi.changes import Change, Irreversible, Outcome, State
from temanashi.people import Actor, People
from temanashi.runbooks.kinds import step_kinds
from temanashi.runbooks.steps.contract import Parsed
from temanashi.runs.directory import Directory
from temanashi.runs.engine import Engine
from temanashi.text.local import phrase

PEOPLE = {
    "people": {
        "alice": {"name": "Alice A", "os": "alice-adm"},
        "bob": {"name": "Bob B", "os": "bob"},
        "carol": {"name": "Carol C", "deputies": [{"who": "dave", "from": "2026-11-01", "to": "2026-11-30"}]},
        "dave": {"name": "Dave D"},
        "erin": {"name": "Erin E", "left": "2026-11-19"},
        "frank": {"name": "Frank F"},
    },
    "groups": {"leads": ["alice", "bob", "carol", "erin"], "board": ["frank"], "duo": ["alice", "carol"]},
    "roles": {"emergency": ["alice"]},
}
ALICE, BOB, CAROL, DAVE, ERIN, FRANK = (Actor(name=name) for name in ("alice", "bob", "carol", "dave", "erin", "frank"))
FRIDAY = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)  # 18:00 in Tokyo; Monday 23 November is a holiday


class SetClock:
    """A clock that stands still until it is moved."""

    def __init__(self, at: datetime = FRIDAY) -> None:
        self.at = at

    def now(self) -> datetime:
        self.at += timedelta(microseconds=1)
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    def later(self, **much: float) -> None:
        self.at += timedelta(**much)


class _ReadingSpec(BaseModel):
    file: str


class _ReadingStep:
    """Appends to a file; its plan says what the file held."""

    def __init__(self, item: Any) -> None:
        self.item = item

    def plan(self, ctx: Any) -> list[Change]:
        file = Path(self.item.spec.file)
        held = file.read_text(encoding="utf-8") if file.exists() else ""
        summary = phrase("runbooks.command-summary", host="localhost", command=f"append {file.name}")
        return [
            Change(
                step=self.item.id,
                target="localhost",
                kind="reading",
                summary=summary,
                payload={"file": str(file)},
                preconditions={"content": held},
            )
        ]

    def apply(self, change: Change, key: str) -> Outcome:
        with Path(change.payload["file"]).open("a", encoding="utf-8") as file:
            file.write("done;")
        return Outcome(status="changed")

    def observe(self, change: Change) -> State:
        file = Path(change.payload["file"])
        return State(happened="yes" if file.exists() and "done;" in file.read_text(encoding="utf-8") else "no")

    def undo(self, change: Change, before: Any) -> Irreversible:
        return Irreversible(reason=phrase("runbooks.command-irreversible"))


class _Reading:
    name = "reading"

    def parse(self, value: Any) -> Parsed:
        return Parsed(_ReadingSpec.model_validate({"file": value}))

    def schema(self) -> dict[str, Any]:
        return {"type": "string"}

    def templates(self, spec: Any) -> list[Any]:
        return []

    def build(self, item: Any, effects: Any) -> Any:
        return _ReadingStep(item)


KINDS = {**step_kinds(), "reading": _Reading()}


def people(**changed: Any) -> People:
    return People.model_validate(PEOPLE | changed)


def guarded_engine(folder: Path, *, clock: Any = None, listed: People | None = None, **more: Any) -> Engine:
    """An engine that knows these people."""
    directory = Directory(people=listed or people(), calendar=BusinessCalendar())
    fields = {"kinds": KINDS, "clock": clock or SetClock(), "directory": lambda _: directory}
    return make_engine(folder, **fields | more)


def guarded(file: Path, *, approve: Any = "group:leads", **more: Any) -> Any:
    """A runbook whose one change appends to a file, after approval."""
    steps = more.pop("steps", [{"id": "write", "reading": str(file)}])
    return runbook_of(steps, kinds=KINDS, approve=approve, **more)
