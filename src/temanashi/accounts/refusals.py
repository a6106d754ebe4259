"""Passwords of ours that a directory has refused: sent again for each account of a batch, they would lock our own."""

from __future__ import annotations

import hashlib
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from temanashi.errors import TargetError

__all__ = ["Refusals"]


class Refusals:
    """What was refused, by who asked where with what; one at a time, so that many at once do not guess together."""

    def __init__(self) -> None:
        self._known: dict[bytes, TargetError] = {}
        self._locks: defaultdict[bytes, threading.Lock] = defaultdict(threading.Lock)
        self._guard = threading.Lock()

    @contextmanager
    def trying(self, *who: str) -> Iterator[None]:
        """Try once. A TargetError from inside is kept, and raised again instead of a second try with the same secret."""
        key = hashlib.sha256("\0".join(who).encode()).digest()
        with self._guard:
            lock = self._locks[key]
        with lock:
            if (before := self._known.get(key)) is not None:
                raise before
            try:
                yield
            except TargetError as error:
                self._known[key] = error
                raise
