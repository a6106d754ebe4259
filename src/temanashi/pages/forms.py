"""The body of a posted form, at most so long, as the last value of each field."""

from __future__ import annotations

from urllib.parse import parse_qs

from starlette.requests import Request

__all__ = ["BODY_LIMIT", "read_body"]

BODY_LIMIT = 64 * 1024


async def read_body(request: Request) -> dict[str, str] | None:
    """The fields, or None where the body is too long to be one of our forms."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT:
            return None
    typed = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[-1] for name, values in typed.items()}
