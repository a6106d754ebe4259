"""A form with a file, as browsers post it (RFC 7578): fields, and the file with its name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import Message
from typing import NamedTuple

from starlette.requests import Request

__all__ = ["Upload", "read_upload"]

MARGIN = 64 * 1024
"""For the fields besides the file."""


class Upload(NamedTuple):
    """The last value of each field; the file, empty where none was chosen, and what it was called."""

    fields: dict[str, str]
    data: bytes
    name: str


async def read_upload(request: Request, *, limit: int) -> Upload | None:
    """What was posted; None where the file has more than `limit` bytes. What is no form of ours is an empty one."""
    kind = request.headers.get("content-type", "")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit + MARGIN:
            return None
    boundary = _boundary(kind)
    fields, data, name = dict[str, str](), b"", ""
    for head, content in _parts(body, boundary) if boundary else ():
        field, file = _named(head)
        if file is not None:
            data, name = content, file
        elif field:
            fields[field] = content.decode("utf-8", "replace")
    return Upload(fields, data, name)


def _boundary(kind: str) -> bytes:
    """What stands between the parts; empty for what is no such form."""
    message = Message()
    message["content-type"] = kind if kind.isprintable() else ""
    if message.get_content_type() != "multipart/form-data":
        return b""
    return str(message.get_boundary("")).encode("latin-1", "replace")


def _parts(body: bytes, boundary: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Heads and contents, untouched: a file is no text."""
    mark = b"\r\n--" + boundary
    for part in (b"\r\n" + body).split(mark)[1:]:
        if part.startswith(b"--"):
            return
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        yield head, content


def _named(head: bytes) -> tuple[str, str | None]:
    """The name of the field, and of the file where it is one; as browsers write it, in UTF-8."""
    found = re.search(rb"(?i)content-disposition:\s*form-data\b([^\r\n]*)", head)
    words = found[1].decode("utf-8", "replace") if found else ""
    names = {one[1].lower(): one[2] for one in re.finditer(r';\s*(name|filename)="([^"]*)"', words)}
    return names.get("name", ""), names.get("filename")
