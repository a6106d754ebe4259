"""The way to a web server: name, connection, perhaps a proxy, TLS; all within one deadline."""

from __future__ import annotations

import re
import socket
import ssl
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from temanashi.checks.connecting import CannotMeasure, connected
from temanashi.checks.names import addresses_of
from temanashi.checks.trust import Trust
from temanashi.clock import Clock

__all__ = ["Deadline", "Place", "ProxyRefused", "Way", "place_of", "reach"]

_DEFAULT_PORTS = {"http": 80, "https": 443}
_LONGEST_REPLY = 16 * 1024
_SAFE = "/%:@!$&'()*+,;=~-._?[]{}|^`"
_NOT_REACHED = frozenset({502, 503, 504})
"""What a proxy answers when it cannot get to the server (RFC 9110, 15.6): that was measured."""


class ProxyRefused(Exception):
    """The proxy could not reach the server; the text is its first line."""


@dataclass(frozen=True, kw_only=True)
class Way:
    """How to get there: whom to trust, what to show, through which proxy (none by default), and at which address to look."""

    ca_file: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    client_password: str = ""
    proxy: str | None = None
    address: str | None = None
    trust: Trust = field(default_factory=Trust)

    def elsewhere(self) -> Way:
        """The way to another server: what was meant for the first one stays behind."""
        return Way(ca_file=self.ca_file, proxy=self.proxy, trust=self.trust)


class Deadline(NamedTuple):
    """A moment after which nobody waits any more."""

    clock: Clock
    at: float

    def left(self) -> float:
        """Seconds left, never none: a socket takes 0 for "do not wait" and means something else by it."""
        return max(self.at - self.clock.monotonic(), 0.001)

    @property
    def over(self) -> bool:
        """Whether it is past."""
        return self.clock.monotonic() >= self.at


class Place(NamedTuple):
    """An address as a request needs it: `host` for TLS, `authority` for the Host header, `target` to be asked for."""

    scheme: str
    host: str
    port: int
    authority: str
    target: str


def place_of(url: str) -> Place:
    """The parts of a URL; what ASCII lacks is encoded. Raises ValueError for what is no http or https address."""
    parts = urlsplit(url)
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or parts.port == 0:
        raise ValueError(url)
    host = parts.hostname if parts.hostname.isascii() else parts.hostname.encode("idna").decode()
    port = parts.port or _DEFAULT_PORTS[parts.scheme]
    shown = f"[{host}]" if ":" in host else host
    authority = shown if port == _DEFAULT_PORTS[parts.scheme] else f"{shown}:{port}"
    query = f"?{quote(parts.query, safe=_SAFE)}" if parts.query else ""
    return Place(parts.scheme, host, port, authority, quote(parts.path or "/", safe=_SAFE) + query)


def reach(place: Place, way: Way, deadline: Deadline) -> socket.socket:
    """A connection on which a request can be sent.

    Raises OSError (TLS too), ProxyRefused, NameNotFound, CannotMeasure, CaFileUnreadable and ClientCertificateUnreadable.
    """
    context = _context(way) if place.scheme == "https" else None  # first: a missing file is not the server's fault
    link = _proxied(way.proxy, deadline) if way.proxy else _link(way.address or place.host, place.port, deadline)
    try:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if way.proxy and context is not None:
            _tunnel(link, place, way.proxy, deadline)
        if context is None:
            return link
        link.settimeout(deadline.left())
        return context.wrap_socket(link, server_hostname=place.host)
    except BaseException:
        link.close()
        raise


def _link(name: str, port: int, deadline: Deadline) -> socket.socket:
    return connected(addresses_of(name, port, timeout=deadline.left()), clock=deadline.clock, timeout=deadline.left())


def _proxied(proxy: str, deadline: Deadline) -> socket.socket:
    hop = place_of(proxy)
    try:
        return _link(hop.host, hop.port, deadline)
    except OSError as error:  # nothing was learnt about the server behind it
        raise CannotMeasure(proxy, error.strerror or str(error)) from error


def _context(way: Way) -> ssl.SSLContext:
    return way.trust.context(way.ca_file, client_cert=way.client_cert, client_key=way.client_key, password=way.client_password)


def _tunnel(link: socket.socket, place: Place, proxy: str, deadline: Deadline) -> None:
    """RFC 9110, section 9.3.6."""
    shown = f"[{place.host}]" if ":" in place.host else place.host
    authority = f"{shown}:{place.port}"
    link.settimeout(deadline.left())
    link.sendall(f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n".encode())
    first = _until_blank_line(link, deadline).split(b"\r\n", 1)[0].decode("latin-1")[:200]
    match = re.match(r"HTTP/1\.[01] ([0-9]{3})\b", first)
    code = int(match[1]) if match else 0
    if code in _NOT_REACHED:
        raise ProxyRefused(first)
    if code // 100 != 2:  # noqa: PLR2004  (2xx: the tunnel stands)
        raise CannotMeasure(proxy, first)


def _until_blank_line(link: socket.socket, deadline: Deadline) -> bytes:
    # One byte at a time: what follows the blank line belongs to TLS.
    reply = bytearray()
    while not reply.endswith(b"\r\n\r\n") and len(reply) < _LONGEST_REPLY:
        link.settimeout(deadline.left())
        piece = link.recv(1)
        if not piece:
            break
        reply += piece
    return bytes(reply)
