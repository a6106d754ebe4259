"""Prefect answers 503 at once when two requests write to its SQLite database. Its clients try again; a browser does not."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["RetryBusy"]

ATTEMPTS, SECONDS = 8, 0.1
BODY_LIMIT = 1_000_000


class RetryBusy:
    """Asks again, a little later each time, where the answer to a request of Prefect's API is that the database is busy.

    Nothing was written then: Prefect rolls the transaction back. Requests with long bodies pass as they are.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on, as often as it takes."""
        if scope["type"] != "http" or not scope["path"].startswith("/api/"):
            return await self._app(scope, receive, send)
        heard, whole = await _body(receive)
        for attempt in range(1, ATTEMPTS + 1):
            again = whole and attempt < ATTEMPTS
            if not await self._answered(scope, _replay(heard, receive), send, again=again):
                await asyncio.sleep(SECONDS * attempt)
                continue
            return None
        return None

    async def _answered(self, scope: Scope, receive: Receive, send: Send, *, again: bool) -> bool:
        """Whether the answer was sent; one that says that the database is busy is swallowed while `again`."""
        busy = False

        async def look(message: Message) -> None:
            nonlocal busy
            if message["type"] == "http.response.start":
                busy = again and message["status"] == HTTPStatus.SERVICE_UNAVAILABLE
            if not busy:
                await send(message)

        try:
            await self._app({**scope, "state": dict(scope.get("state", {}))}, receive, look)
        except Exception:
            if not busy:  # Starlette answers for an error and raises it all the same, for the server's log
                raise
        return not busy


async def _body(receive: Receive) -> tuple[list[Message], bool]:
    """The messages of the body up to the limit, and whether that is all of it."""
    heard, size = [], 0
    while size <= BODY_LIMIT:
        message = await receive()
        heard.append(message)
        size += len(message.get("body", b""))
        if not message.get("more_body"):
            return heard, True
    return heard, False


def _replay(heard: list[Message], receive: Receive) -> Receive:
    left = iter(heard)

    async def again() -> Message:
        return next(left, None) or await receive()

    return again
