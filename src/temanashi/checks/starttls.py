"""From a plain connection to one that begins TLS: SMTP (RFC 3207), IMAP (RFC 9051, 6.2.1), LDAP (RFC 4511, 4.14), and others."""

from __future__ import annotations

import io
import socket
import struct
from collections.abc import Callable
from typing import Literal

from temanashi.checks.reaching import Deadline

__all__ = ["NoStartTls", "StartTls", "start_tls"]

StartTls = Literal["smtp", "imap", "pop3", "ldap", "postgresql"]
_LONGEST = 16 * 1024
_LONG_FORM = 0x80
_LDAP_REQUEST = bytes.fromhex("301d02010177188016") + b"1.3.6.1.4.1.1466.20037"
"""ExtendedRequest 1 with the object identifier of StartTLS."""
_POSTGRESQL_REQUEST = struct.pack("!II", 8, 80877103)
"""SSLRequest of the PostgreSQL protocol."""


class NoStartTls(Exception):
    """The server does not begin TLS; the text is what it said."""


def start_tls(protocol: StartTls, link: socket.socket, deadline: Deadline) -> None:
    """Ask for TLS and wait for the yes; raises NoStartTls and OSError."""
    _TALKS[protocol](_Line(link, deadline))


class _Line:
    """A connection on which both sides take turns."""

    def __init__(self, link: socket.socket, deadline: Deadline) -> None:
        self._link, self._deadline = link, deadline

    def say(self, data: bytes) -> None:
        self._link.settimeout(self._deadline.left())
        self._link.sendall(data)

    def hear(self, count: int) -> bytes:
        """So many bytes, fewer when the other side hangs up; never more: what follows belongs to TLS."""
        data = bytearray()
        while len(data) < count:
            self._link.settimeout(self._deadline.left())
            piece = self._link.recv(count - len(data))
            if not piece or self._deadline.over:
                break
            data += piece
        return bytes(data)

    def line(self) -> str:
        data = bytearray()
        while not data.endswith(b"\n") and len(data) < _LONGEST:
            piece = self.hear(1)
            if not piece:
                break
            data += piece
        return data.decode("utf-8", "replace").strip()


def _smtp(line: _Line) -> None:
    _smtp_reply(line, "220")
    line.say(b"EHLO temanashi.invalid\r\n")
    _smtp_reply(line, "250")
    line.say(b"STARTTLS\r\n")
    _smtp_reply(line, "220")


def _smtp_reply(line: _Line, code: str) -> None:
    said = line.line()
    while said[3:4] == "-":
        said = line.line()
    _unless(said.startswith(code), said)


def _imap(line: _Line) -> None:
    hello = line.line()
    _unless(hello.startswith("* OK"), hello)
    line.say(b"a STARTTLS\r\n")
    said = line.line()
    while said.startswith("* "):
        said = line.line()
    _unless(said.upper().startswith("A OK"), said)


def _pop3(line: _Line) -> None:
    for command in (b"", b"STLS\r\n"):
        if command:
            line.say(command)
        said = line.line()
        _unless(said.startswith("+OK"), said)


def _ldap(line: _Line) -> None:
    line.say(_LDAP_REQUEST)
    tag, message = _element(line.hear)
    _unless(tag == 0x30, message.decode("latin-1"))  # noqa: PLR2004  (a sequence)
    rest = io.BytesIO(message)
    _element(rest.read)  # the number of the message
    tag, response = _element(rest.read)
    code, value = _element(io.BytesIO(response).read)
    # extendedResponse whose first element is the enumeration resultCode: 0 is success.
    _unless((tag, code, value) == (0x78, 0x0A, b"\0"), response.decode("latin-1").strip())


def _element(read: Callable[[int], bytes]) -> tuple[int, bytes]:
    """Tag and content of one BER element; some servers write every length in its long form (X.690, 8.1.3)."""
    head = read(2)
    if len(head) < 2:  # noqa: PLR2004  (tag and length)
        return 0, head
    length = head[1] if head[1] < _LONG_FORM else int.from_bytes(read(head[1] - _LONG_FORM))
    return head[0], read(min(length, _LONGEST))


def _postgresql(line: _Line) -> None:
    line.say(_POSTGRESQL_REQUEST)
    said = line.hear(1)
    _unless(said == b"S", said.decode("latin-1"))


def _unless(good: bool, said: str) -> None:  # noqa: FBT001  (reads as a sentence)
    if not good:
        raise NoStartTls(said[:200])


_TALKS: dict[StartTls, Callable[[_Line], None]] = {
    "smtp": _smtp,
    "imap": _imap,
    "pop3": _pop3,
    "ldap": _ldap,
    "postgresql": _postgresql,
}
