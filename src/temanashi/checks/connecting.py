"""A TCP connection from here, and what it means when there is none."""

from __future__ import annotations

import errno
import socket
from collections.abc import Sequence

from temanashi.checks.names import Address
from temanashi.clock import Clock
from temanashi.errors import TargetError

__all__ = ["CannotMeasure", "connected", "failure_word"]

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
