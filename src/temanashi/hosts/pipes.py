"""The pipes of one child process: feeds its input, keeps a bounded part of its output, and stops in time."""

from __future__ import annotations

import os
import selectors
import subprocess
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import IO, Self, cast

__all__ = ["Pipes"]

CHUNK = 65536
TICK = 0.05
# What a command leaves in the background may hold or fill the pipes for ever; the command's own output is read by then.
GRACE = 1.0


class Pipes:
    """Bounded output of a started process. A context manager: it closes the pipes at its end and never kills the process."""

    def __init__(self, process: subprocess.Popen[bytes], stdin: bytes | None, *, limit: int) -> None:
        self.stdout = bytearray()
        self.stderr = bytearray()
        self.truncated = False
        self._process = process
        self._limit = limit
        self._input = memoryview(stdin or b"")
        self._selector = selectors.DefaultSelector()
        for stream, kept in ((process.stdout, self.stdout), (process.stderr, self.stderr)):
            self._selector.register(cast("IO[bytes]", stream), selectors.EVENT_READ, kept)
        if process.stdin is not None:
            os.set_blocking(process.stdin.fileno(), False)
            self._selector.register(process.stdin, selectors.EVENT_WRITE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._selector.close()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                with suppress(OSError):
                    stream.close()

    def drain(self, *, until: float, stop: threading.Event) -> bool:
        """Read until the process has ended; False when `until` (monotonic seconds) passed or `stop` was set before that."""
        ended: float | None = None
        while True:
            now = time.monotonic()
            if ended is None and self._process.poll() is not None:
                ended = now
            if ended is None and (stop.is_set() or now >= until):
                return False
            idle = self._step(TICK if ended is not None else min(TICK, until - now))
            if ended is not None and (idle or now - ended > GRACE):
                return True

    def _step(self, seconds: float) -> bool:
        if not self._selector.get_map():
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=seconds)
            return True
        events = self._selector.select(seconds)
        for key, _ in events:
            stream = cast("IO[bytes]", key.fileobj)
            if key.data is None:
                self._feed(stream)
            else:
                self._keep(stream, key.data)
        return not events

    def _feed(self, stream: IO[bytes]) -> None:
        with suppress(BrokenPipeError):  # it need not read all of its input
            self._input = self._input[os.write(stream.fileno(), self._input[:CHUNK]) :]
            if self._input:
                return
        self._selector.unregister(stream)
        stream.close()

    def _keep(self, stream: IO[bytes], kept: bytearray) -> None:
        chunk = os.read(stream.fileno(), CHUNK)
        if not chunk:
            self._selector.unregister(stream)
            return
        room = self._limit - len(kept)
        kept += chunk[:room]
        self.truncated |= len(chunk) > room
