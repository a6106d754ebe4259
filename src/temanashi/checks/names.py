"""From a host name to addresses, in time: a name that cannot be resolved means that nothing was measured."""

from __future__ import annotations

import ipaddress
import socket
import threading
from typing import Any, NamedTuple

from temanashi.errors import TargetError

__all__ = ["Address", "NameNotFound", "addresses_of", "is_address"]


class NameNotFound(TargetError):
    """A name has no address, or no name server answered in time."""

    key = "checks.name-not-found"

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name=name, reason=reason)


def is_address(name: str) -> bool:
    """Whether it is an IP address, not a name."""
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True


class Address(NamedTuple):
    """One way to connect."""

    family: socket.AddressFamily
    where: Any


def addresses_of(name: str, port: int, *, timeout: float, kind: socket.SocketKind = socket.SOCK_STREAM) -> list[Address]:
    """The addresses of a name or of a numeric address, at least one; raises NameNotFound. `timeout` in seconds.

    The C library cannot be interrupted, so it is asked in a thread that is left behind when it takes too long.
    """
    answer: list[list[Address] | OSError] = []
    flags = socket.AI_NUMERICHOST if is_address(name) else 0

    def ask() -> None:
        try:
            found = socket.getaddrinfo(name, port, type=kind, flags=flags)
            answer.append([Address(item[0], item[4]) for item in found])
        except (OSError, UnicodeError) as error:
            answer.append(error if isinstance(error, OSError) else OSError(str(error)))

    if flags:  # nobody is asked about it
        ask()
    else:
        thread = threading.Thread(target=ask, name=f"resolve {name}", daemon=True)
        thread.start()
        thread.join(timeout)
    if not answer:
        raise NameNotFound(name, "timeout")
    if isinstance(answer[0], OSError):
        raise NameNotFound(name, str(answer[0].strerror or answer[0]))
    return answer[0]
