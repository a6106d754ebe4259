"""One question to an NTP server (SNTP client, RFC 4330 sections 4 and 5)."""

from __future__ import annotations

import secrets
import socket
import struct

from temanashi.checks.names import Address
from temanashi.clock import Clock

__all__ = ["SntpFailed", "ask_offset"]

_PACKET = struct.Struct("!BBbbII4sQ8sQQ")
_REQUEST = 0x23  # version 4, mode 3 (client)
_SERVER_MODE = 4
_ALARM = 3
_STRATA = range(1, 16)
_EPOCH = 2_208_988_800
_ERA = 1 << 32


class SntpFailed(Exception):
    """No usable answer came; the text says why."""


def ask_offset(address: Address, *, clock: Clock, timeout: float) -> float:
    """Seconds that the server's clock is ahead of ours (negative: behind); raises SntpFailed. `timeout` in seconds."""
    # The server returns our transmit field unread, so a random one proves that the answer belongs to this question.
    nonce = secrets.token_bytes(8)
    with socket.socket(address.family, socket.SOCK_DGRAM) as link:
        link.settimeout(timeout)
        try:
            link.connect(address.where)
            sent = clock.now().timestamp()
            link.send(_PACKET.pack(_REQUEST, 0, 0, 0, 0, 0, b"", 0, b"", 0, int.from_bytes(nonce)))
            data = link.recv(512)
            received = clock.now().timestamp()
        except OSError as error:
            raise SntpFailed("timeout" if isinstance(error, TimeoutError) else str(error.strerror or error)) from error
    if len(data) < _PACKET.size:
        raise SntpFailed(f"{len(data)} bytes")
    first, stratum, _, _, _, _, reference, _, origin, arrived, left = _PACKET.unpack(data[: _PACKET.size])
    if first & 7 != _SERVER_MODE or origin != nonce or not left:
        raise SntpFailed("not an answer to this question")
    if first >> 6 == _ALARM or stratum not in _STRATA:
        raise SntpFailed(
            f"server not synchronised {reference.decode('ascii', 'replace')!r}" if stratum == 0 else "server not synchronised"
        )
    return ((_seconds(arrived) - sent) + (_seconds(left) - received)) / 2


def _seconds(stamp: int) -> float:
    """Unix time of an NTP timestamp; with the top bit clear it belongs to the era after 2036 (RFC 4330 section 3)."""
    whole = stamp >> 32
    era = 0 if whole >> 31 else _ERA
    return whole + era - _EPOCH + (stamp & 0xFFFFFFFF) / _ERA
