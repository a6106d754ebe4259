"""Connections that are kept while they are used and a little longer: one a route, shared by threads, never by processes."""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as WaitedTooLong
from contextlib import contextmanager
from typing import TYPE_CHECKING

from temanashi.errors import TargetError
from temanashi.hosts.ssh.faults import ConnectTimedOut, JumpFailed, why

if TYPE_CHECKING:
    from temanashi.hosts.ssh.opening import Connection
    from temanashi.hosts.ssh.routes import Endpoint, Route

__all__ = ["Opener", "Pool"]

Opener = Callable[["Endpoint", "Connection | None"], "Connection"]
"""Connects to a machine, directly or through an open connection; raises TargetError and SecretMissing."""


class _Kept:
    """One connection on its way or open, the hop that it goes through, who uses it, and since when nobody does."""

    def __init__(self, route: Route) -> None:
        self.route = route
        self.opened: Future[Connection] = Future()
        self.hop: _Kept | None = None
        self.users = 0
        self.idle_since = 0.0

    @property
    def usable(self) -> bool:
        """It may still become a connection, or is one that lives."""
        return not self.opened.done() or (self.opened.exception() is None and self.opened.result().alive)


class Pool:
    """Keeps connections for `idle_seconds` after their last use. A dead one is replaced by a new one when it is asked for.

    A process that is forked from ours begins with an empty pool; the sockets of its parent are let go without a word.
    """

    def __init__(self, *, idle_seconds: float) -> None:
        self._idle = idle_seconds
        self._lock = threading.Lock()
        self._kept: dict[Route, _Kept] = {}
        self._timer: threading.Timer | None = None
        self._closing: list[Callable[[], None]] = []
        forget = weakref.WeakMethod(self._forget)
        os.register_at_fork(after_in_child=lambda: (method := forget()) and method())

    def __len__(self) -> int:
        """How many connections are open or on their way."""
        with self._lock:
            return len(self._kept)

    @contextmanager
    def connection(self, route: Route, opener: Opener, *, timeout: float, fresh: bool = False) -> Iterator[Connection]:
        """The connection at the end of a route, opened when there is none that lives; raises what `opener` raises, and JumpFailed.

        `timeout`: seconds to wait for each machine on the way. `fresh`: not the one that is there, which failed.
        """
        kept = self._acquired(route, opener, timeout, fresh=fresh)
        try:
            yield kept.opened.result()
        finally:
            self._release(kept)

    def close_too(self, close: Callable[[], None]) -> None:
        """Something else that ends with the pool."""
        self._closing.append(close)

    def close(self) -> None:
        """Close every connection, and what else was to end with them."""
        for close in self._closing:
            close()
        with self._lock:
            every, self._kept = list(self._kept.values()), {}
            if self._timer is not None:
                self._timer.cancel()
        for kept in sorted(every, key=lambda kept: -len(kept.route)):  # what goes through a hop before the hop
            self._close(kept)

    def _acquired(self, route: Route, opener: Opener, timeout: float, *, fresh: bool = False) -> _Kept:
        with self._lock:
            there = self._kept.get(route)
            mine = there is None or not there.usable or (fresh and there.opened.done())
            kept = _Kept(route) if mine or there is None else there
            self._kept[route] = kept
            kept.users += 1
        if there is not None and there is not kept and there.users == 0:
            self._close(there)
        try:
            if mine:
                self._open(kept, opener, timeout)
            else:
                _wait(kept, timeout)
        except BaseException:
            self._release(kept)
            raise
        return kept

    def _open(self, kept: _Kept, opener: Opener, timeout: float) -> None:
        *before, last = kept.route
        try:
            if before:
                kept.hop = self._hop(tuple(before), last, opener, timeout)
            kept.opened.set_result(opener(last, kept.hop.opened.result() if kept.hop else None))
        except BaseException as error:
            # Others wait for the same connection; a Ctrl-C of ours is not theirs.
            shared = error if isinstance(error, Exception) else ConnectTimedOut(last.name, last.address, last.port, timeout)
            kept.opened.set_exception(shared)
            raise

    def _hop(self, route: Route, towards: Endpoint, opener: Opener, timeout: float) -> _Kept:
        try:
            return self._acquired(route, opener, timeout)
        except JumpFailed as error:
            raise JumpFailed(towards.name, error.data["hop"], error.data["reason"]) from error
        except TargetError as error:
            raise JumpFailed(towards.name, route[-1].name, why(error)) from error

    def _release(self, kept: _Kept) -> None:
        with self._lock:
            kept.users -= 1
            kept.idle_since = time.monotonic()
            mine = self._kept.get(kept.route) is kept
            over = kept.users == 0 and (not mine or not kept.usable or self._idle == 0)
            if over and mine:
                del self._kept[kept.route]
            if not over and self._timer is None:
                self._start_timer()
        if over:
            self._close(kept)

    def _start_timer(self) -> None:
        self._timer = threading.Timer(max(self._idle, 0.1), self._expire)
        self._timer.daemon = True
        self._timer.start()

    def _expire(self) -> None:
        with self._lock:
            now = time.monotonic()
            over = [kept for kept in self._kept.values() if kept.users == 0 and now - kept.idle_since >= self._idle]
            for kept in over:
                del self._kept[kept.route]
            self._timer = None
            if self._kept:
                self._start_timer()
        for kept in over:
            self._close(kept)

    def _close(self, kept: _Kept) -> None:
        if kept.opened.done() and kept.opened.exception() is None:
            kept.opened.result().close()
        hop, kept.hop = kept.hop, None
        if hop is not None:
            self._release(hop)

    def _forget(self) -> None:
        for kept in self._kept.values():
            if kept.opened.done() and kept.opened.exception() is None:
                kept.opened.result().abandon()
        self._abandoned = self._kept  # never collected: what it holds must not try to say goodbye on the parent's sockets
        self._lock, self._kept, self._timer = threading.Lock(), {}, None


def _wait(kept: _Kept, timeout: float) -> None:
    """Wait until somebody else has opened it."""
    last = kept.route[-1]
    patience = timeout * len(kept.route) + 1
    try:
        kept.opened.result(patience)
    except WaitedTooLong:
        if kept.opened.done():
            raise
        raise ConnectTimedOut(last.name, last.address, last.port, patience) from None
