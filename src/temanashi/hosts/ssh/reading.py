"""A socket that is read in large pieces: paramiko asks for each packet in two small ones, and every call lets other threads in."""

from __future__ import annotations

import socket

__all__ = ["ReadAheadSocket"]

PIECE = 65536


class ReadAheadSocket(socket.socket):
    """A socket for a single reader that keeps what came together with what was asked for."""

    _kept = b""
    _at = 0

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        """At least a byte and at most `size`; nothing when the other side has closed. Raises TimeoutError and OSError."""
        at = self._at
        if at == len(self._kept):
            self._kept, at = super().recv(PIECE, flags), 0
        self._at = min(at + size, len(self._kept))
        return self._kept[at : self._at]
