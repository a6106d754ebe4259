"""A server that speaks LDAP over TLS and answers what a test wants: cut short, without pages, in parts, or not at all.

Any password is taken. What is to be changed is never changed: it says yes to it, or hangs up (`hangs_up`).
`answers(search)` gives the parts of an answer to a search, made with `entry`, `reference` and `finished`.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

__all__ = ["Search", "entry", "finished", "lying_ldap", "reference"]

PAGED = b"1.2.840.113556.1.4.319"
BIND, UNBIND, SEARCH, MODIFY = 0x60, 0x42, 0x63, 0x66


class Search(NamedTuple):
    """What was asked: where, and which attributes."""

    base: str
    attributes: tuple[str, ...]


Answers = Callable[[Search], list[bytes] | None]
"""None: the connection is closed instead."""


def tlv(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    size = bytes([len(body)]) if len(body) < 128 else b"\x84" + len(body).to_bytes(4, "big")
    return bytes([tag]) + size + body


def octets(value: bytes | str) -> bytes:
    return tlv(0x04, value.encode() if isinstance(value, str) else value)


def number(value: int, tag: int = 0x02) -> bytes:
    return tlv(tag, value.to_bytes(4, "big"))


def entry(dn: str, **values: bytes | str | list[str]) -> bytes:
    """An entry; `;` and `=` in the name of an attribute are written in the keys of a mapping."""
    listed = []
    for name, value in values.items():
        several = value if isinstance(value, list) else [value]
        listed.append(tlv(0x30, octets(name), tlv(0x31, *[octets(one) for one in several])))
    return tlv(0x64, octets(dn), tlv(0x30, *listed))


def reference(uri: str) -> bytes:
    return tlv(0x73, octets(uri))


def finished(code: int = 0, *, cookie: bytes | None = b"") -> bytes:
    """The end of an answer; `cookie` None: without the control that says whether there is more."""
    done = tlv(0x65, number(code, 0x0A), octets(b""), octets(b""))
    if cookie is None:
        return done
    return done + tlv(0xA0, tlv(0x30, octets(PAGED), octets(tlv(0x30, number(0), octets(cookie)))))


def _parts(data: bytes) -> list[tuple[int, bytes]]:
    found, position = [], 0
    while position < len(data):
        tag, size = data[position], data[position + 1]
        start = position + 2
        if size & 0x80:
            start += size & 0x7F
            size = int.from_bytes(data[position + 2 : start], "big")
        found.append((tag, data[start : start + size]))
        position = start + size
    return found


def _messages(peer: ssl.SSLSocket) -> Iterator[tuple[bytes, int, bytes]]:
    """Id, operation and body of each message."""
    with peer.makefile("rb") as stream:
        while head := stream.read(2):
            size = head[1]
            if size & 0x80:
                size = int.from_bytes(stream.read(size & 0x7F), "big")
            (_, ident), (operation, body) = _parts(stream.read(size))[:2]
            yield ident, operation, body


def _serve(peer: ssl.SSLSocket, answers: Answers, *, hangs_up: bool) -> None:
    for ident, operation, body in _messages(peer):
        if operation == UNBIND:
            return
        if operation == BIND:
            peer.sendall(tlv(0x30, tlv(0x02, ident), tlv(0x61, number(0, 0x0A), octets(b""), octets(b""))))
            continue
        if operation != SEARCH:
            if hangs_up or operation != MODIFY:
                return
            peer.sendall(tlv(0x30, tlv(0x02, ident), tlv(0x67, number(0, 0x0A), octets(b""), octets(b""))))
            continue
        parts = _parts(body)
        said = answers(Search(parts[0][1].decode(), tuple(one.decode() for _, one in _parts(parts[7][1]))))
        if said is None:
            return
        peer.sendall(b"".join(tlv(0x30, tlv(0x02, ident), one) for one in said))


@contextmanager
def lying_ldap(answers: Answers, *, certificate: Path, hangs_up: bool = False) -> Iterator[str]:
    """Its address while it runs; `certificate` holds a certificate and its key."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    stopped = threading.Event()

    def listen() -> None:
        while not stopped.is_set():
            with suppress(OSError, ssl.SSLError), listener.accept()[0] as plain:
                plain.settimeout(20)
                with context.wrap_socket(plain, server_side=True) as peer:
                    _serve(peer, answers, hangs_up=hangs_up)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        try:
            yield f"ldaps://localhost:{port}"
        finally:
            stopped.set()
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", port), timeout=5).close()
            thread.join(20)
