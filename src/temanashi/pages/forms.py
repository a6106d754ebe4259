"""The body of a posted form, at most so long, as the last value of each field."""

from __future__ import annotations

from urllib.parse import parse_qs

from starlette.requests import Request

__all__ = ["BODY_LIMIT", "number_in", "read_body", "read_long_body"]

BODY_LIMIT = 64 * 1024
LONG_LIMIT = 2 * 1024 * 1024
"""A text of Japanese is sent with nine bytes a sign."""
LONGEST_NUMBER = 15


async def read_long_body(request: Request) -> dict[str, str] | None:
    """The fields of a form in which somebody writes a whole text; None where it is too long even for that."""
    return await read_body(request, limit=LONG_LIMIT)


async def read_body(request: Request, *, limit: int = BODY_LIMIT) -> dict[str, str] | None:
    """The fields, or None where the body is too long to be one of our forms."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            return None
    typed = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[-1] for name, values in typed.items()}


def number_in(text: str) -> int:
    """The number that a form names something by; for everything else, however long, -1, which nothing has."""
    return int(text) if len(text) <= LONGEST_NUMBER and text.isascii() and text.isdigit() else -1
