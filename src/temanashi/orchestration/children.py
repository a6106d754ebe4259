"""A child process of `tema up`: its log, its end, and how often it may be started again."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from temanashi.clock import Clock
from temanashi.orchestration.tether import TETHERED

__all__ = ["Child"]

TAIL_LINES = 12
LOG_LIMIT = 5_000_000
STEP_SECONDS = 0.05


class Child:
    """One process in a process group of its own, tethered to this one; started again at most `most` times in `within` seconds."""

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        directory: Path,
        log: Path,
        clock: Clock,
        most: int = 5,
        within: float = 600.0,
    ) -> None:
        self.name = name
        self._argv, self._env, self._directory, self._log, self._clock = (sys.executable, *argv), dict(env), directory, log, clock
        self._most, self._within = most, within
        self._starts: deque[float] = deque()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *, pass_fds: Sequence[int] = (), extra: Mapping[str, str] | None = None) -> None:
        """Start it, with its output at the end of its log. What is left of an earlier start is ended."""
        self.kill()
        self._starts.append(self._clock.monotonic())
        with self._opened_log() as log:
            self._process = subprocess.Popen(
                self._argv,
                env={**self._env, **(extra or {}), TETHERED: "1"},
                cwd=self._directory,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=tuple(pass_fds),
            )

    def _opened_log(self) -> IO[bytes]:
        self._log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._log.is_file() and self._log.stat().st_size > LOG_LIMIT:
            self._log.replace(self._log.with_suffix(".old.log"))
        return self._log.open("ab")

    @property
    def pid(self) -> int:
        """Its process id; 0 before the first start."""
        return self._process.pid if self._process is not None else 0

    @property
    def exit_code(self) -> int | None:
        """How it ended; None while it lives."""
        return self._process.poll() if self._process is not None else None

    @property
    def tail(self) -> str:
        """The last lines that it wrote."""
        try:
            text = self._log.read_bytes()[-20_000:].decode("utf-8", "replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-TAIL_LINES:])

    @property
    def may_start_again(self) -> bool:
        """Whether it did not die too often."""
        since = self._clock.monotonic() - self._within
        return sum(1 for at in self._starts if at > since) <= self._most

    def stop(self, *, seconds: float) -> bool:
        """Ask it to end, and wait; True when it did. What is left of its group is killed either way."""
        if self._process is None:
            return True
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        ended = self._ended(seconds)
        self.kill()
        return ended

    def kill(self) -> None:
        """End the whole group now."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()

    def _ended(self, seconds: float) -> bool:
        until = self._clock.monotonic() + seconds
        while self.exit_code is None:
            if self._clock.monotonic() > until:
                return False
            self._clock.sleep(STEP_SECONDS)
        return True
