"""A TCP connection in time: names are resolved, every address is tried, and small packets leave at once."""

from __future__ import annotations

import socket
import threading
import time
from typing import Any

from temanashi.hosts.ssh.faults import ConnectTimedOut, NameNotFound, Refused
from temanashi.hosts.ssh.reading import ReadAheadSocket
from temanashi.hosts.ssh.routes import Endpoint
from temanashi.hosts.transport import Unreachable

__all__ = ["dial"]

DEAD_AFTER_MS = 30_000
"""Sent data that nobody acknowledges for this long means that the connection is dead."""


def dial(endpoint: Endpoint, *, timeout: float) -> socket.socket:
    """A connected socket; raises NameNotFound, Refused, ConnectTimedOut and Unreachable. `timeout` in seconds, for all of it."""
    until = time.monotonic() + timeout
    addresses = _addresses(endpoint, timeout)
    late = ConnectTimedOut(endpoint.name, endpoint.address, endpoint.port, timeout)
    failure: OSError | None = None
    for number, (family, where) in enumerate(addresses):
        share = (until - time.monotonic()) / (len(addresses) - number)
        if share <= 0:
            raise late
        made = ReadAheadSocket(family, socket.SOCK_STREAM)
        try:
            made.settimeout(share)
            made.connect(where)
            _tuned(made)
        except OSError as error:
            made.close()
            failure = error
        else:
            return made
    if isinstance(failure, TimeoutError) or failure is None:
        raise late from failure
    if isinstance(failure, ConnectionRefusedError):
        raise Refused(endpoint.name, endpoint.address, endpoint.port) from failure
    raise Unreachable(endpoint.name, failure.strerror or str(failure)) from failure


def _tuned(made: socket.socket) -> None:
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DEAD_AFTER_MS)


def _addresses(endpoint: Endpoint, timeout: float) -> list[tuple[socket.AddressFamily, Any]]:
    """At least one. The C library cannot be interrupted, so it is asked in a thread that is left behind when it takes too long."""
    answer: list[list[tuple[socket.AddressFamily, Any]] | OSError] = []

    def ask(flags: int = 0) -> None:
        try:
            found = socket.getaddrinfo(endpoint.address, endpoint.port, type=socket.SOCK_STREAM, flags=flags)
            answer.append([(item[0], item[4]) for item in found])
        except (OSError, UnicodeError) as error:
            answer.append(error if isinstance(error, OSError) else OSError(str(error)))

    ask(socket.AI_NUMERICHOST)  # an address needs no thread
    if isinstance(answer[0], OSError):
        answer.clear()
        thread = threading.Thread(target=ask, name=f"resolve {endpoint.address}", daemon=True)
        thread.start()
        thread.join(timeout)
    if not answer:
        raise NameNotFound(endpoint.name, endpoint.address, "timeout")
    if isinstance(answer[0], OSError):
        raise NameNotFound(endpoint.name, endpoint.address, str(answer[0].strerror or answer[0]))
    return answer[0]
