"""`tema up`: the gate and one worker as children of a process in the foreground, and one clean end."""

from __future__ import annotations

import json
import os
import select
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

import httpx

from temanashi.clock import Clock, SystemClock
from temanashi.errors import ServerError, TemanashiError
from temanashi.orchestration.children import Child
from temanashi.orchestration.environment import api_url, base_url, flow_run_path, prefect_environment
from temanashi.orchestration.holding import check_listening, check_port, hold_workspace
from temanashi.orchestration.serving import LAUNCH, READY_FD
from temanashi.orchestration.submitting import submit
from temanashi.people import Actor, current_actor
from temanashi.settings import Settings
from temanashi.text import LANGUAGES, LocalText, Phrase, explain, phrase

__all__ = ["DiedTooOften", "NotStarted", "Supervisor"]

START_SECONDS = 180.0
STOP_WORKER_SECONDS = 40.0
STOP_GATE_SECONDS = 15.0
LOOK_SECONDS = 0.5


class NotStarted(ServerError):
    """A part of the server ended, or did not answer, before it was ready."""

    key = "orchestration.not-started"

    def __init__(self, name: str, log: str, tail: str) -> None:
        super().__init__(name=name, log=log, tail=tail)


class DiedTooOften(ServerError):
    """A part of the server ended again and again."""

    key = "orchestration.died-too-often"

    def __init__(self, name: str, log: str, tail: str) -> None:
        super().__init__(name=name, log=log, tail=tail)


class _Stopped(Exception):
    """A signal came while something was waited for."""


class Supervisor:
    """Starts, watches and ends the gate and the worker. `tell` hears each thing worth saying, as a phrase.

    `publish` is called when the workspace is held and before anything runs it. `on_look` is called about twice a second while all
    is well: the caller's place for publishing on change.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        tell: Callable[[Phrase], None],
        publish: Callable[[], None] | None = None,
        on_look: Callable[[], None] | None = None,
        run_now: Sequence[str] = (),
        actor: Actor | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._settings, self._tell, self._publish, self._on_look = settings, tell, publish, on_look
        self._run_now, self._actor = tuple(run_now), actor or current_actor()
        self._clock = clock or SystemClock()
        self._stop = threading.Event()
        env, logs = prefect_environment(settings), settings.state_dir / "logs"
        common: dict[str, Any] = {"env": env, "directory": settings.root, "clock": self._clock}
        # The worker's own environment is made when it starts: by then the gate has left it its token.
        self._gate = Child("gate", ("-m", "temanashi.gate"), log=logs / "gate.log", **common)
        self._worker = Child("worker", LAUNCH, log=logs / "worker.log", **common)

    def run(self) -> None:
        """Serve until SIGINT or SIGTERM; raises AlreadyUp, PortTaken, NotStarted, DiedTooOften, and what `publish` raises."""
        url = base_url(self._settings)
        with hold_workspace(self._settings, url=url, now=self._clock.now()):
            check_listening(self._settings)
            check_port(self._settings.host, self._settings.port)
            if (tls := self._settings.gate.tls) is not None:
                check_port(tls.host, tls.port)
            if self._publish is not None:
                self._publish()
            with self._signals():
                try:
                    self._serve(url)
                except _Stopped:
                    pass
                finally:
                    self._end()

    def stop(self) -> None:
        """End, as Ctrl-C does; may be called from any thread."""
        self._stop.set()

    def _serve(self, url: str) -> None:
        self._tell(phrase("orchestration.starting", url=url))
        self._start_gate()
        self._start_worker()
        self._tell(phrase("orchestration.ready", url=url, pages=f"{url}/tema/"))
        for runbook in self._run_now:
            self._submit(runbook, url)
        while not self._stop.wait(LOOK_SECONDS):
            for child, start in ((self._gate, self._start_gate), (self._worker, self._start_worker)):
                if child.exit_code is not None:
                    self._again(child, start)
            if self._on_look is not None:
                self._on_look()

    def _submit(self, runbook: str, url: str) -> None:
        try:
            flow_run = submit(self._settings, runbook, {}, actor=self._actor)
        except TemanashiError as error:
            reason = LocalText.model_validate({lang: " ".join(part for part in explain(error, lang) if part) for lang in LANGUAGES})
            self._tell(phrase("orchestration.not-submitted", runbook=runbook, reason=reason))
        else:
            self._tell(phrase("orchestration.submitted", runbook=runbook, url=f"{url}{flow_run_path(flow_run)}"))

    def _again(self, child: Child, start: Callable[[], None]) -> None:
        if not child.may_start_again:
            raise DiedTooOften(child.name, self._log(child), child.tail)
        self._tell(phrase("orchestration.restarting", name=child.name, code=child.exit_code, log=self._log(child)))
        # What is left of its group is ended; runs lead groups of their own and go on.
        start()

    def _log(self, child: Child) -> str:
        return str((self._settings.state_dir / "logs" / f"{child.name}.log").relative_to(self._settings.root))

    def _start_gate(self) -> None:
        self._gate.start()
        with httpx.Client(trust_env=False, timeout=2.0) as client:
            for _ in self._until_ready(self._gate):
                try:
                    if client.get(f"{api_url(self._settings)}/health").is_success:
                        return
                except httpx.HTTPError:
                    continue

    def _start_worker(self) -> None:
        reading, writing = os.pipe()
        try:
            self._worker.start(pass_fds=(writing,), extra={READY_FD: str(writing)})
        finally:
            os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            for _ in self._until_ready(self._worker):
                if select.select([pipe], [], [], 0)[0] and (line := pipe.readline()):
                    self._tell_done(json.loads(line))
                    return

    def _tell_done(self, done: dict[str, list[str]]) -> None:
        for name in ("changed", "withdrawn", "woken", "cancelled", "crashed"):
            if done.get(name):
                self._tell(phrase(f"orchestration.did-{name}", count=len(done[name]), names=", ".join(done[name])))

    def _until_ready(self, child: Child) -> Iterator[None]:
        """Turns of a wait that ends with the child, with a signal, or with our patience."""
        until = self._clock.monotonic() + START_SECONDS
        while child.exit_code is None and self._clock.monotonic() < until:
            yield
            if self._stop.wait(0.1):
                raise _Stopped
        raise NotStarted(child.name, self._log(child), child.tail)

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """The first signal ends in order, the second one at once. Only the main thread may hear them."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def hear(_number: int, _frame: FrameType | None) -> None:
            if self._stop.is_set():
                self._worker.kill()
                self._gate.kill()
            self._stop.set()

        before = {number: signal.signal(number, hear) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _end(self) -> None:
        self._stop.set()
        self._tell(phrase("orchestration.stopping"))
        # The worker first: its runs still have to tell the server how they ended.
        clean = self._worker.stop(seconds=STOP_WORKER_SECONDS)
        clean = self._gate.stop(seconds=STOP_GATE_SECONDS) and clean
        self._tell(phrase("orchestration.stopped" if clean else "orchestration.stopped-hard"))
