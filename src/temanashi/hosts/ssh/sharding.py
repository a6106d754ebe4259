"""A sweep over very many hosts, shared by several processes: each keeps its own connections, and hosts keep to their process.

Jobs and answers go through pipes, pickled; a process that dies leaves the answers of its jobs unknown. The secrets of a host are
resolved here and go along with its job, never through arguments or the environment.
"""

from __future__ import annotations

import itertools
import os
import pickle
import subprocess
import sys
import threading
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import IO, cast

from temanashi.errors import TargetError
from temanashi.hosts.command import Command
from temanashi.hosts.inventory import Host
from temanashi.hosts.ssh.faults import Died, SecretLacking, why
from temanashi.hosts.ssh.shard_process import Job, Stop, write
from temanashi.hosts.transport import Answer, Result, timeouts_for
from temanashi.secrets import SecretMissing
from temanashi.settings_sections import SshSettings

__all__ = ["ShardTransport", "Shards"]

TICK = 0.25


class Shards:
    """The processes, started when they are first needed. Files that the settings name are relative to `root`."""

    def __init__(self, settings: SshSettings, *, root: Path, secret: Callable[[str], str]) -> None:
        self._settings = settings.model_copy(update={"processes": 1})
        self._root = root
        self._secret = secret
        self._lock = threading.Lock()
        self._shards: list[_Shard | None] = [None] * settings.processes
        self._foreign: list[_Shard] = []

    def transport(self, host: Host, stop: threading.Event | None = None) -> ShardTransport:
        """The transport to a host through its process."""
        return ShardTransport(self, host, stop or threading.Event())

    def shard(self, host: Host) -> _Shard:
        """The process of a host, living. Hosts behind one jump host share one, and so its connection."""
        first = host.hops[0] if host.hops else host
        place = zlib.crc32(first.name.encode()) % len(self._shards)
        with self._lock:
            there = self._shards[place]
            if there is not None and not there.mine:
                self._foreign.append(there)  # never collected: that would close the pipes of our parent's child
            if there is None or not there.usable:
                there = self._shards[place] = _Shard(self._settings, self._root)
            return there

    def secrets(self, host: Host) -> dict[str, str]:
        """The values of the references that entering a host takes; raises SecretLacking."""
        hosts = (*host.hops, host)
        wanted = {self._settings.passphrase, host.become_password, *(one.password for one in hosts)}
        try:
            return {ref: self._secret(ref) for ref in wanted if ref is not None}
        except SecretMissing as error:
            raise SecretLacking(host.name, why(error)) from error

    def close(self) -> None:
        """End the processes."""
        with self._lock:
            ended, self._shards = self._shards, [None] * len(self._shards)
        for shard in ended:
            if shard is not None and shard.mine:
                shard.close()


class _Shard:
    """One process as its parent sees it."""

    def __init__(self, settings: SshSettings, root: Path) -> None:
        self._owner = os.getpid()
        self._numbers = itertools.count()
        self._waiting: dict[int, Future[list[Answer]]] = {}
        self._writing = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", "from temanashi.hosts.ssh.shard_process import main; main()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is ours to pass on
        )
        self._ended = False
        self._send((settings, root))
        self._reader = threading.Thread(target=self._read, name="ssh answers", daemon=True)
        self._reader.start()

    @property
    def mine(self) -> bool:
        """It is a child of this process; a fork of ours must not talk to it."""
        return os.getpid() == self._owner

    @property
    def usable(self) -> bool:
        """It lives and is ours."""
        return self.mine and self._process.poll() is None

    def ask(self, job: Job) -> tuple[int, Future[list[Answer]]]:
        """Hand over a job; its number and its answers to come."""
        number = next(self._numbers)
        future: Future[list[Answer]] = Future()
        with self._writing:
            if self._ended:
                future.set_result([])
            else:
                self._waiting[number] = future
        with suppress(OSError, ValueError):  # it is dying: the reader will say so
            self._send(job._replace(number=number))
        return number, future

    def stop(self, number: int) -> None:
        """End a job."""
        with suppress(OSError, ValueError):
            self._send(Stop(number))

    def close(self) -> None:
        """End it; what it still does is killed there."""
        with suppress(OSError):
            self._stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(5)

    @property
    def _stdin(self) -> IO[bytes]:
        return cast("IO[bytes]", self._process.stdin)

    def _send(self, value: object) -> None:
        with self._writing:
            write(self._stdin, value)

    def _read(self) -> None:
        pipe = cast("IO[bytes]", self._process.stdout)
        with suppress(EOFError, OSError, pickle.UnpicklingError), pipe:
            while True:
                number, answers = pickle.load(pipe)  # noqa: S301  (from a child of ours)
                with self._writing:
                    future = self._waiting.pop(number)
                future.set_result(answers)
        self._lost()
        with suppress(OSError):
            self._stdin.close()

    def _lost(self) -> None:
        with self._writing:
            self._ended = True
            lost, self._waiting = list(self._waiting.values()), {}
        for future in lost:
            future.set_result([])


class ShardTransport:
    """Runs commands on one host through its process. When `stop` is set, running commands are killed."""

    def __init__(self, shards: Shards, host: Host, stop: threading.Event) -> None:
        self._shards, self._host, self._stop = shards, host, stop

    def run(self, command: Command, *, timeout: float) -> Result:
        """Run one command; raises TargetError when it could not be run to its end."""
        (answer,) = self._asked((command,), (timeout,), bounded=False)
        if isinstance(answer, TargetError):
            raise answer
        return answer

    def run_all(self, commands: Sequence[Command], *, timeout: float | Sequence[float]) -> list[Answer]:
        """Run all, one after the other in one exec, for at most the `sweep_timeout` of the settings."""
        return self._asked(tuple(commands), timeouts_for(commands, timeout), bounded=True)

    def _asked(self, commands: tuple[Command, ...], seconds: tuple[float, ...], *, bounded: bool) -> list[Answer]:
        try:
            job = Job(0, self._host, commands, seconds, bounded, self._shards.secrets(self._host))
        except TargetError as error:
            return [error for _ in commands]
        shard = self._shards.shard(self._host)
        number, future = shard.ask(job)
        try:
            answers = self._waited(future, lambda: shard.stop(number))
        except BaseException:
            shard.stop(number)  # Ctrl-C: what runs must not outlive us
            raise
        return answers or [Died(self._host.name, command.program) for command in commands]

    def _waited(self, future: Future[list[Answer]], stop: Callable[[], None]) -> list[Answer]:
        told = False
        while True:
            with suppress(TimeoutError):
                return future.result(TICK)
            if self._stop.is_set() and not told:
                told = True
                stop()
