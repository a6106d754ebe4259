"""Bodies of requests and answers, whole: read once, written anew, and asked for from inside."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["BODY_LIMIT", "Heard", "TooLong", "hear", "look_at", "read_object", "saying", "send_on"]

BODY_LIMIT = 1_000_000
ANSWER_LIMIT = 20_000_000


class TooLong(Exception):
    """A body that no form of ours or of Prefect's has."""


class Heard(NamedTuple):
    """A whole answer."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    @property
    def data(self) -> Any:
        """The answer as JSON; None where it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


async def read_object(receive: Receive) -> dict[str, Any] | None:
    """The JSON object of a request, empty for no body; None for anything else. Raises TooLong."""
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if len(body) > BODY_LIMIT:
            raise TooLong
        if not message.get("more_body"):
            break
    try:
        data = json.loads(body) if body.strip() else {}
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def saying(scope: Scope, data: Any, receive: Receive) -> tuple[Scope, Receive]:
    """The same request with another body."""
    body = json.dumps(data, ensure_ascii=False, allow_nan=False).encode()
    kept = [pair for pair in scope["headers"] if pair[0].lower() not in {b"content-length", b"content-type", b"transfer-encoding"}]
    headers = [*kept, (b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    told = False

    async def again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return {**scope, "headers": headers}, again


async def hear(app: ASGIApp, scope: Scope, receive: Receive) -> Heard:
    """Pass a request on and keep its answer. An answer that is packed would have to be unpacked: none is asked for."""
    status, headers, body = 500, [], b""

    async def keep(message: Message) -> None:
        nonlocal status, headers, body
        if message["type"] == "http.response.start":
            status, headers = message["status"], list(message.get("headers", []))
        elif message["type"] == "http.response.body":
            body += message.get("body", b"")
            if len(body) > ANSWER_LIMIT:
                raise TooLong

    plain = [pair for pair in scope["headers"] if pair[0].lower() != b"accept-encoding"]
    await app({**scope, "headers": plain}, receive, keep)
    return Heard(status, headers, body)


async def send_on(heard: Heard, send: Send) -> None:
    """Give a kept answer to who asked."""
    await send({"type": "http.response.start", "status": heard.status, "headers": heard.headers})
    await send({"type": "http.response.body", "body": heard.body})


async def look_at(app: ASGIApp, scope: Scope, path: str) -> Any:
    """What Prefect's API says at a path, asked from inside; None where it says nothing."""

    async def nothing() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    asked = {**scope, "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"", "state": {}}
    heard = await hear(app, asked, nothing)
    return heard.data if heard.status == 200 else None  # noqa: PLR2004  (OK)
