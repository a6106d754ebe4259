"""A workspace whose clock is set by the test, for what schedules do over hours and days."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fixtures_prefect import OPS, Place, make_place
from temanashi.notices import Notifier
from temanashi.runbooks.kinds import step_kinds
from temanashi.runbooks.model import Runbook
from temanashi.runs.expected import read_occurrences, settle_occurrence
from temanashi.runs.requests import RunRequest, request_run
from temanashi.workspace.beginning import begin, due_occurrence
from temanashi.workspace.loading import load_workspace
from temanashi.workspace.opening import Installation, open_installation
from temanashi.workspace.publishing import PublishedWorkspace, current_version, publish
from temanashi.workspace.watching_schedules import watch_schedules

__all__ = ["TOKYO", "SetClock", "Town", "at", "town_in"]

TOKYO = ZoneInfo("Asia/Tokyo")
LOOK = {"id": "look", "command": {"run": ["echo", "ok"], "reads": True}}


def at(text: str) -> datetime:
    """A moment in Tokyo: `2026-11-20 08:30`."""
    return datetime.fromisoformat(text).replace(tzinfo=TOKYO)


class SetClock:
    """A clock that stands still until it is set."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment
        self.slept = 0.0

    def set(self, text: str) -> None:
        self.moment = at(text)

    def now(self) -> datetime:
        return self.moment.astimezone(ZoneInfo("UTC"))

    def monotonic(self) -> float:
        return self.moment.timestamp()

    def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class Told:
    """Where notices arrive."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []
        self.works = True

    def __call__(self, _url: str, *, title: str, body: str, recovery: bool) -> bool:
        if self.works:
            self.heard.append((("recovered: " if recovery else "") + title, body))
        return self.works

    @property
    def titles(self) -> list[str]:
        return [title for title, _ in self.heard]


class Town:
    """One installation, its clock, and who hears of problems."""

    def __init__(self, place: Place, opened: Installation, clock: SetClock) -> None:
        self.place, self.opened, self.clock, self.told = place, opened, clock, Told()
        self.engine = opened.engine()
        self.notifier = Notifier(
            ["env:MAIL"], database=opened.database, clock=clock, lang="ja", secret=lambda _: "mail://", deliver=self.told
        )

    def runbook(self, name: str, *schedules: dict[str, Any], steps: tuple[dict[str, Any], ...] = (LOOK,), **more: Any) -> None:
        self.place.runbook(name, *steps, schedules=list(schedules), **more)

    def publish(self) -> None:
        loaded = load_workspace(self.place.root, kinds=step_kinds())
        assert not [fault for fault in loaded.faults if fault.level == "error"], loaded.faults
        publish(self.opened.database, self.opened.ledger, loaded, actor=OPS, clock=self.clock)

    @property
    def published(self) -> PublishedWorkspace:
        with self.opened.database.reading() as connection:
            found = current_version(connection, kinds=self.engine.kinds)
        assert found is not None
        return found

    def watch(self, text: str = "") -> Any:
        """One look of the watch; at a time."""
        if text:
            self.clock.set(text)
        published = self.published
        return watch_schedules(self.opened, self.engine, published, notifier=self.notifier)

    def start(self, name: str, when: str, *, flow_run: str = "", schedule: str = "1", **more: Any) -> str:
        """What a flow run of the scheduler does at its beginning; the id of the run. Raises NotStarted."""
        published = self.published
        runbook: Runbook = published.runbooks[name]
        due = due_occurrence(published, runbook, at(when), slug=f"{name}-{schedule}", parameters={})
        waits = begin(self.engine, published, due, flow_run=flow_run or f"flow-{name}-{when}")
        asked = {"actor": OPS, "channel": "schedule", "inputs": {}, "due": due.at, "waits": waits}
        request = RunRequest(
            runbook=runbook,
            workspace_version=published.digest,
            inventory=published.inventory,
            flow_run=flow_run or f"flow-{name}-{when}",
            **asked | more,
        )
        run = request_run(self.engine, request)
        with self.engine.database.transaction() as connection:
            settle_occurrence(connection, due.key, "started", run=run)
        return run

    def states(self, name: str = "") -> dict[str, str]:
        """What is known of each occurrence, by its time in Tokyo."""
        with self.opened.database.reading() as connection:
            rows = read_occurrences(connection, runbook=name)
        return {f"{row.at.astimezone(TOKYO):%m-%d %H:%M}": row.state for row in rows}

    def notes(self, outcome: str) -> list[Any]:
        """Records of one outcome, the oldest first."""
        with self.opened.database.reading() as connection:
            return [r.draft for r in self.opened.ledger.records(connection, kinds=("noted",)) if r.draft.outcome == outcome]


@contextmanager
def town_in(folder: Path, moment: str) -> Iterator[Town]:
    """A town at a moment."""
    place = make_place(folder)
    clock = SetClock(at(moment))
    with open_installation(place.root, clock=clock) as opened:
        yield Town(place, opened, clock)
