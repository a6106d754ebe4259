"""Runs that are over, kept between two looks: what they found never changes."""

from __future__ import annotations

import threading
from collections.abc import Iterator, MutableMapping

from temanashi.runs.check_rows import RunSeen

__all__ = ["KeptRuns"]

MOST_ROWS = 25_000
"""About 30 MB: five mornings of 200 hosts with 25 checks each."""


class KeptRuns(MutableMapping[str, RunSeen]):
    """Runs by id, as many as fit; those that were put in first go first. Threads may share it."""

    def __init__(self, most_rows: int = MOST_ROWS) -> None:
        self._most = most_rows
        self._runs: dict[str, RunSeen] = {}
        self._lock = threading.Lock()

    def __getitem__(self, run: str) -> RunSeen:
        return self._runs[run]

    def __setitem__(self, run: str, seen: RunSeen) -> None:
        with self._lock:
            self._runs[run] = seen
            while sum(len(kept.rows) for kept in self._runs.values()) > self._most:
                self._runs.pop(next(iter(self._runs)))

    def __delitem__(self, run: str) -> None:
        with self._lock:
            del self._runs[run]

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._runs))

    def __len__(self) -> int:
        return len(self._runs)
