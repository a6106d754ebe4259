"""A TCP connection from here, and what it means when there is none."""

from __future__ import annotations

import errno
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from temanashi.checks.names import Address
from temanashi.clock import Clock
from temanashi.errors import TargetError

__all__ = ["CannotMeasure", "connected", "cut_after", "failure_word"]

# What is missing here says nothing about the other side.
_OURS = {
    errno.EMFILE,
    errno.ENFILE,
    errno.ENOMEM,
    errno.ENOBUFS,
    errno.EADDRNOTAVAIL,
    errno.EACCES,
    errno.EPERM,
    errno.EAFNOSUPPORT,
}
_WORDS = {
    errno.ECONNREFUSED: "refused",
    errno.ECONNRESET: "reset",
    errno.EPIPE: "reset",
    errno.EHOSTUNREACH: "no-route",
    errno.ENETUNREACH: "no-route",
    errno.ETIMEDOUT: "timeout",
}


class CannotMeasure(TargetError):
    """This machine could not even try."""

    key = "checks.cannot-measure"

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(what=what, reason=reason)


def failure_word(error: OSError, *, what: str) -> str:
    """`refused`, `reset`, `no-route`, `timeout` or `failed`: measured failures. Raises CannotMeasure for lacks of this machine."""
    if isinstance(error, TimeoutError):
        return "timeout"
    if error.errno in _OURS:
        raise CannotMeasure(what, error.strerror or str(error)) from error
    return _WORDS.get(error.errno or 0, "failed")


def connected(addresses: Sequence[Address], *, clock: Clock, timeout: float) -> socket.socket:
    """A connected socket to the first address that accepts, within `timeout` seconds in all; raises the last OSError."""
    deadline = clock.monotonic() + timeout
    last: OSError = TimeoutError("timed out")
    for address in addresses:
        left = deadline - clock.monotonic()
        if left <= 0:
            break
        link = socket.socket(address.family, socket.SOCK_STREAM)
        try:
            link.settimeout(left)
            link.connect(address.where)
        except OSError as error:
            link.close()
            last = error
        else:
            return link
    raise last


@contextmanager
def cut_after(seconds: float) -> Iterator[Callable[[socket.socket], None]]:
    """Shut watched connections down after `seconds`: timeouts of a socket count each read, and a server may drip for ever.

    Gives the function that adds a connection, to be called before TLS takes the socket over.
    """
    watched: list[socket.socket] = []

    def cut() -> None:
        for link in watched.copy():
            with suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(max(seconds, 0), cut)
    timer.daemon = True
    timer.start()

    def watch(link: socket.socket) -> None:
        watched.append(link.dup())  # a duplicate: TLS detaches the original, and its owner may close it
        if timer.finished.is_set():
            cut()

    try:
        yield watch
    finally:
        timer.cancel()
        timer.join()
        for link in watched:
            link.close()
