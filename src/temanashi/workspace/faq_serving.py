"""The FAQ of the live version, ready to be asked: built in the background when another version becomes live."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection

from temanashi.faq.engine import Engine, index_name
from temanashi.faq.entries import Entry
from temanashi.text import Lang
from temanashi.workspace.live import live_entries
from temanashi.workspace.version_rows import live_number

__all__ = ["LiveFaq"]

PATIENCE = 5.0
"""Seconds after a publication in which who asks waits for the new index: most are built by then, and new entries are found."""
_log = logging.getLogger("temanashi.faq")


class _Shown(NamedTuple):
    """What is shown at a version; `engine` may search an older index until the new one is built."""

    version: int
    engine: Engine


class LiveFaq:
    """One a process. What `engine` gives shows the entries of the live version and no others, at every moment.

    The first index is built while the first asker waits. From then on the old one serves, after some patience, until the new one
    is there. `state` is the folder in which it is kept.
    """

    def __init__(
        self, *, languages: tuple[Lang, ...], state: Path | None = None, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._languages = languages
        self._file = state / "faq" / "index.json" if state is not None else None
        self._lock = threading.Lock()
        self._shown: _Shown | None = None
        self._builder: threading.Thread | None = None
        self._seconds = seconds
        self._until = 0.0

    def engine(self, connection: Connection) -> Engine:
        """The search over the entries that are live now; over none before the first publication. Raises VersionAltered."""
        number = live_number(connection)
        with self._lock:
            if self._shown is None or self._shown.version != number:
                self._shown = self._now(number, live_entries(connection))
            builder = self._builder
        if builder is not None and (patience := self._until - self._seconds()) > 0:
            builder.join(patience)
        return self._shown.engine

    def wait(self, seconds: float | None = None) -> None:
        """Until what is being built is there; for who measures, and for tests."""
        builder = self._builder
        if builder is not None:
            builder.join(seconds)

    def _now(self, number: int, entries: Mapping[str, Entry]) -> _Shown:
        if self._shown is None:
            return _Shown(number, self._built(entries))
        engine = self._shown.engine.serving(entries.values())
        if engine.index != index_name(entries.values()):
            self._builder = threading.Thread(target=self._replace, args=(number, entries), name="faq index", daemon=True)
            self._builder.start()
            self._until = self._seconds() + PATIENCE
        return _Shown(number, engine)

    def _replace(self, number: int, entries: Mapping[str, Entry]) -> None:
        engine = self._built(entries)
        with self._lock:
            if self._shown is not None and self._shown.version == number:  # else yet another version is being built
                self._shown = _Shown(number, engine)

    def _built(self, entries: Mapping[str, Entry]) -> Engine:
        engine = Engine.build(entries.values(), languages=self._languages, file=self._file)
        if engine.problem is not None:
            _log.warning("%s", engine.problem.text("en"))
        return engine
