"""One writer of a SQLite file after the other, without the pauses of SQLite's own waiting.

SQLite lets a second writer sleep for longer and longer before it asks again, so that a busy file is idle for a good part of the
time. A lock on a file beside the database is asked for far more often, since asking costs next to nothing. It is a queue and
nothing more: the database's own lock is taken all the same, and who does not know of the queue is kept apart by that.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

__all__ = ["Turn"]

_SUFFIX = "-turn"
_SOON, _LATER = 0.00005, 0.001
_PATIENT = 0.1
"""Seconds after which a writer asks less often."""


class Turn:
    """The turn to write to a database file, for one transaction."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._handle = -1

    def take(self, *, seconds: float) -> None:
        """Wait for it, at most so many seconds; then go on without it, and SQLite decides."""
        try:
            self._handle = os.open(f"{self._file}{_SUFFIX}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            return  # a folder that cannot be written to: the transaction itself will say so
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._wait(seconds)

    def _wait(self, seconds: float) -> None:
        begun = time.monotonic()
        while (waited := time.monotonic() - begun) < seconds:
            time.sleep(_SOON if waited < _PATIENT else _LATER)
            try:
                fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            return

    def give(self) -> None:
        """Let the next one in. By name: closing alone would leave it taken where a child was forked meanwhile."""
        if self._handle < 0:
            return
        handle, self._handle = self._handle, -1
        try:
            fcntl.flock(handle, fcntl.LOCK_UN)
        finally:
            os.close(handle)
