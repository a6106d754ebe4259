"""The body of an answer, decompressed no further than a limit: a few kilobytes can hold gigabytes."""

from __future__ import annotations

import re
import zlib
from typing import Any

__all__ = ["BODY_LIMIT", "Body"]

BODY_LIMIT = 1024 * 1024
"""Bytes of a decoded body that are looked at."""

_CHARSET = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9_.:-]+)""", re.IGNORECASE)


class Body:
    """Takes the pieces as they come. `cut` says that there was more than the limit."""

    def __init__(self, encoding: str = "") -> None:
        word = encoding.strip().lower() or "identity"
        self._bytes = bytearray()
        self._inflate: Any = zlib.decompressobj(wbits=47) if word in {"gzip", "x-gzip", "deflate"} else None
        self._known = self._inflate is not None or word == "identity"
        self.cut = False

    def add(self, chunk: bytes) -> None:
        """Take a piece; what is left of it after the limit is dropped."""
        room = BODY_LIMIT - len(self._bytes)
        try:
            self._bytes += self._inflate.decompress(chunk, room + 1) if self._inflate else chunk[: room + 1]
        except zlib.error:
            self._known = False
        self.cut = len(self._bytes) > BODY_LIMIT

    @property
    def decoded(self) -> bool:
        """Whether it could be read, to its end or to the limit."""
        whole = self._inflate is None or self._inflate.eof or self.cut or not self._bytes
        return self._known and bool(whole)

    def text(self, content_type: str) -> str:
        """As its charset says, else UTF-8; what is neither is replaced."""
        named = _CHARSET.search(content_type)
        kept = bytes(self._bytes[:BODY_LIMIT])
        try:
            return kept.decode(named[1] if named else "utf-8", "replace")
        except LookupError:
            return kept.decode("utf-8", "replace")
