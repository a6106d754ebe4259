"""A run's progress in Prefect's UI: one task run a step, one log line a target. For eyes only: no cache, no result, no effect.

Calls to Prefect are made in a thread of their own, and a server that does not answer costs the run nothing.
"""

from __future__ import annotations

import contextvars
import logging
import queue
import threading
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.logging import get_logger

from temanashi.changes import Verdict
from temanashi.reports.run_lines import GOOD, run_lines
from temanashi.runs.events import Event, RunWaited, StepDone, StepStarted, TargetDone
from temanashi.text import Lang, say

__all__ = ["Display"]

CLOSE_SECONDS = 5.0
MANY = 50
"""With more targets than this, those that went well share a line: nobody reads two hundred of them, and the run's page has each."""
BAD = {Verdict.CRITICAL: "Critical", Verdict.UNKNOWN: "Unknown"}


class Display:
    """An observer that draws a run as task runs of a flow run."""

    def __init__(self, flow_run: FlowRun, lang: Lang) -> None:
        self._flow_run, self._lang = flow_run, lang
        self._events: queue.Queue[Event | str | None] = queue.Queue()
        # Prefect keeps its settings in a context variable, which a new thread does not have.
        self._thread = threading.Thread(target=contextvars.copy_context().run, args=(self._draw,), name="display", daemon=True)
        self._tasks: dict[str, UUID] = {}
        self._titles: dict[str, str] = {}
        self._well: list[tuple[TargetDone, str]] = []
        self._drawn: set[str] = set()
        self._logger = get_logger("task_runs")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._events.put(None)
        self._thread.join(CLOSE_SECONDS)

    def call_it(self, name: str) -> None:
        """Give the flow run a name that says what it is."""
        self._events.put(name)

    def notice(self, event: Event) -> None:
        """Draw it, soon."""
        self._events.put(event)

    def _draw(self) -> None:
        with get_client(sync_client=True) as client:
            while self._waiting(batch := self._batch()):
                ended = {event.step: event for event in batch if isinstance(event, StepDone)}
                for event in batch:
                    try:
                        self._draw_one(client, event, ended)
                    except Exception as problem:  # noqa: BLE001  (a drawing that fails must not stop the next one, nor the run)
                        self._logger.debug("progress was not drawn: %r", problem)

    def _batch(self) -> list[Event | str | None]:
        """What has come in: a run that is quicker than the server must not wait for each of its calls."""
        batch = [self._events.get()]
        while not self._events.empty():
            batch.append(self._events.get())
        return batch

    def _waiting(self, batch: list[Event | str | None]) -> bool:
        """Whether there is anything to draw but the end."""
        if batch[-1] is None:
            batch.pop()
            self._events.put(None)
        return bool(batch)

    def _draw_one(self, client: SyncPrefectClient, event: Event | str | None, ended: dict[str, StepDone]) -> None:
        if isinstance(event, str):
            client.set_flow_run_name(self._flow_run.id, event)
        elif isinstance(event, StepStarted):
            state = _ended(ended[event.step]) if event.step in ended else State(type=StateType.RUNNING, name="Running")
            self._tasks[event.step] = self._begun(client, event, state)
            if event.step in ended:
                self._drawn.add(event.step)
        elif isinstance(event, TargetDone):
            self._log(event)
        elif isinstance(event, StepDone):
            self._log_well()
            if event.step not in self._drawn:
                self._set(client, event.step, _ended(event))
        elif isinstance(event, RunWaited):
            message = say("orchestration.waits", self._lang)
            self._set(client, event.step, State(type=StateType.PAUSED, name="Waiting", message=message))

    def _begun(self, client: SyncPrefectClient, event: StepStarted, state: State[Any]) -> UUID:
        title = self._titles[event.step] = event.title.text(self._lang) if event.title else event.step
        body = {
            "flow_run_id": str(self._flow_run.id),
            "name": f"{event.number}/{event.steps} {title}",
            "task_key": f"{event.kind}-{event.step}",
            "dynamic_key": event.step,  # a step that goes on after a wait or a crash stays one line
            "tags": [event.kind],
            "state": {"type": state.type.value, "name": state.name},
        }
        answer = client.request("POST", "/task_runs/", json=body)
        task_run = UUID(answer.json()["id"])
        if answer.status_code == HTTPStatus.OK:  # drawn before a wait or a crash: the state of the request was not taken
            client.set_task_run_state(task_run, state, force=True)
        return task_run

    def _set(self, client: SyncPrefectClient, step: str, state: State[Any]) -> None:
        if step in self._tasks:
            client.set_task_run_state(self._tasks[step], state, force=True)

    def _log(self, event: TargetDone) -> None:
        change, outcome = event.change, event.outcome
        shared = event.total > MANY and outcome.good and outcome.verdict in {None, Verdict.OK}
        details = () if shared else outcome.details
        lines = run_lines(change.summary, outcome.reason, details, status=outcome.status, verdict=outcome.verdict, lang=self._lang)
        if shared:
            self._well.append((event, next(lines).word))
            if len(self._well) >= MANY:
                self._log_well()
            return
        for line in lines:
            level = logging.INFO if line.name in GOOD else logging.WARNING
            told = f"{event.target} {line.word}: {line.what}"
            self._logger.log(level, "[%d/%d] %s", event.done, event.total, told, extra=self._about(event))

    def _log_well(self) -> None:
        """One line for the targets that went well since the last one."""
        if self._well:
            event = self._well[-1][0]
            words = dict.fromkeys(word for _, word in self._well)
            targets = {word: ", ".join(one.target for one, said in self._well if said == word) for word in words}
            told = "; ".join(f"{word}: {names}" for word, names in targets.items())
            self._logger.info("[%d/%d] %s", event.done, event.total, told, extra=self._about(event))
        self._well = []

    def _about(self, event: TargetDone) -> dict[str, Any]:
        return {
            "flow_run_id": str(self._flow_run.id),
            "flow_run_name": self._flow_run.name,
            "task_run_id": str(self._tasks[event.step]) if event.step in self._tasks else None,
            "task_run_name": self._titles.get(event.step, event.step),
        }


def _ended(event: StepDone) -> State[Any]:
    if event.verdict in BAD:
        return State(type=StateType.FAILED, name=BAD[event.verdict])
    if not event.good:
        return State(type=StateType.FAILED, name="Failed")
    return State(type=StateType.COMPLETED, name="Warning" if event.verdict is Verdict.WARNING else "Completed")
