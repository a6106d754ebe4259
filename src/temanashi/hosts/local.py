"""Commands on this machine: child processes without a shell, each the leader of its own process group."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from temanashi.errors import TargetError
from temanashi.hosts.command import Command
from temanashi.hosts.pipes import Pipes
from temanashi.hosts.transport import OUTPUT_LIMIT, Answer, CannotStart, Interrupted, Result, TimedOut, timeouts_for

__all__ = ["LocalTransport"]

# Nothing else of our environment reaches a command: it holds database URLs, tokens and the settings of Python and Prefect.
INHERITED = ("HOME", "LOGNAME", "PATH", "TZ", "USER")
# An ordinary user's PATH often lacks the folders where `service`, `chronyc` and the like live.
SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/bin", "/bin")
WORKERS = 8
REAP_SECONDS = 1.0


class LocalTransport:
    """Runs commands on this machine with a small environment in the C locale; at most `limit` bytes of each output are kept.

    When `stop` is set, running commands are killed and end as Interrupted.
    """

    def __init__(self, *, host: str = "localhost", limit: int = OUTPUT_LIMIT, stop: threading.Event | None = None) -> None:
        self._host = host
        self._limit = limit
        self._stop = stop or threading.Event()

    def run(self, command: Command, *, timeout: float) -> Result:
        """Run one command; raises TimedOut and Interrupted (its process group is killed), and CannotStart."""
        return self._run(command, timeout, self._stop)

    def run_all(self, commands: Sequence[Command], *, timeout: float | Sequence[float]) -> list[Answer]:
        """Run all, a few at a time; a command that hangs delays no other."""
        seconds = timeouts_for(commands, timeout)
        stop = self._stop
        with ThreadPoolExecutor(max_workers=max(1, min(WORKERS, len(commands)))) as pool:
            futures = [pool.submit(self._answer, command, limit, stop) for command, limit in zip(commands, seconds, strict=True)]
            try:
                return [future.result() for future in futures]
            except BaseException:
                stop.set()  # Ctrl-C: the children are in their own sessions and did not hear it
                for future in futures:
                    future.cancel()
                raise

    def _answer(self, command: Command, timeout: float, stop: threading.Event) -> Answer:
        try:
            return self._run(command, timeout, stop)
        except TargetError as error:
            return error

    def _run(self, command: Command, timeout: float, stop: threading.Event) -> Result:
        started = time.monotonic()
        try:
            process = _start(command)
        except (FileNotFoundError, PermissionError) as error:
            if command.cwd is not None and not os.access(command.cwd, os.X_OK):
                raise CannotStart(self._host, command.program, f"{command.cwd}: {error.strerror}") from error
            code = Result.NOT_FOUND if isinstance(error, FileNotFoundError) else Result.NOT_EXECUTABLE
            return Result(code, stderr=f"{command.program}: {error.strerror}".encode(), seconds=time.monotonic() - started)
        except OSError as error:
            raise CannotStart(self._host, command.program, str(error.strerror or error)) from error
        try:
            with Pipes(process, command.stdin, limit=self._limit) as pipes:
                ended = pipes.drain(until=started + timeout, stop=stop)
        except BaseException:
            _kill_group(process)
            raise
        if not ended:
            _kill_group(process)
            if stop.is_set():
                raise Interrupted(self._host, command.program)
            raise TimedOut(self._host, command.program, timeout)
        code = process.returncode
        return Result(
            exit=code if code >= 0 else None,
            signal=-code if code < 0 else None,
            stdout=bytes(pipes.stdout),
            stderr=bytes(pipes.stderr),
            seconds=time.monotonic() - started,
            truncated=pipes.truncated,
        )


def _start(command: Command) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [word.encode("utf-8", "surrogateescape") for word in command.argv],
        stdin=subprocess.DEVNULL if command.stdin is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=_environment(command),
        cwd=command.cwd,
        start_new_session=True,
    )


def _environment(command: Command) -> dict[str, str]:
    kept = {name: os.environ[name] for name in INHERITED if name in os.environ}
    folders = [folder for folder in kept.get("PATH", "").split(":") if folder]
    kept["PATH"] = ":".join([*folders, *(folder for folder in SYSTEM_FOLDERS if folder not in folders)])
    return {**kept, "LC_ALL": "C", **command.env}


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    # A process stuck in the kernel (a dead NFS server) cannot be reaped now; waiting for it would hang us too.
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=REAP_SECONDS)
