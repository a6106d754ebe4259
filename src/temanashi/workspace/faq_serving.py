"""The FAQ of the live version, ready to be asked: read again when another version becomes live."""

from __future__ import annotations

import threading
from typing import NamedTuple

from sqlalchemy import Connection

from temanashi.faq.engine import Engine
from temanashi.text import Lang
from temanashi.workspace.live import live_entries
from temanashi.workspace.versions import live_version

__all__ = ["LiveFaq"]


class _Ready(NamedTuple):
    version: int
    engine: Engine


class LiveFaq:
    """One a process. `engine` is always that of the live version: what was withdrawn is not in it."""

    def __init__(self, *, languages: tuple[Lang, ...]) -> None:
        self._languages = languages
        self._lock = threading.Lock()
        self._ready: _Ready | None = None

    def engine(self, connection: Connection) -> Engine:
        """The search over the entries that are live now; over none before the first publication. Raises VersionAltered."""
        live = live_version(connection)
        number = live.number if live is not None else 0
        with self._lock:
            if self._ready is None or self._ready.version != number:
                entries = live_entries(connection)
                self._ready = _Ready(number, Engine.build(entries.values(), languages=self._languages))
            return self._ready.engine
