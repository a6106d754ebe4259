"""`/tema/ping/TOKEN`: where jobs tell that they began, ended well, or failed, as with the usual ping services.

`TOKEN` or `TOKEN/0` is a good end, `TOKEN/fail` or `TOKEN/1` to `TOKEN/255` a bad one, `TOKEN/start` a beginning. What a POST
holds is kept as what the job said. Who knows the token may ping; it opens nothing else.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from temanashi.errors import LedgerError
from temanashi.pages.site import Site
from temanashi.runs.heartbeat_rows import SAID_LIMIT, Ping, hear

__all__ = ["PING_PATH", "ping_heard"]

PING_PATH = "/ping/"
_MOST_BYTES = 4 * SAID_LIMIT
_LAST_EXIT = 255
_HEADERS = {"cache-control": "no-store"}


def ping_heard(site: Site) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint, for GET, HEAD and POST."""

    async def answer(request: Request) -> Response:
        status = _exit_of(request.path_params.get("event", ""))
        if isinstance(status, str):
            return _said(404, "unknown event: use /start, /fail or an exit status from 0 to 255")
        said = await _body(request) if request.method == "POST" else ""
        return await run_in_threadpool(_heard, site, request.path_params["token"], Ping(exit=status, said=said))

    return answer


def _heard(site: Site, token: str, ping: Ping) -> Response:
    try:
        with site.installation.database.transaction() as connection:
            known = hear(connection, token, ping, now=site.installation.clock.now())
    except LedgerError as error:
        # The address holds the token, so it is not logged; the job should try again.
        logging.getLogger("temanashi.pages").warning("a ping could not be written down: %s", error)
        return _said(503, "not written down, try again")
    return _said(200, "OK") if known else _said(404, "not found")


def _exit_of(event: str) -> int | str | None:
    """The exit status that an event means; None for a beginning; the event itself when it means nothing."""
    words: dict[str, int | None] = {"": 0, "start": None, "fail": 1}
    if event in words:
        return words[event]
    return (
        int(event)
        if event.isascii() and event.isdigit() and len(event) <= len(str(_LAST_EXIT)) and int(event) <= _LAST_EXIT
        else event
    )


async def _body(request: Request) -> str:
    """The beginning of what was sent: a ping counts however much the job has to say."""
    kept = bytearray()
    with suppress(ClientDisconnect):
        async for chunk in request.stream():
            kept += chunk[: _MOST_BYTES - len(kept)]
            if len(kept) >= _MOST_BYTES:
                break
    return kept.decode("utf-8", "replace")


def _said(status: int, text: str) -> Response:
    return PlainTextResponse(text, status_code=status, headers=_HEADERS)
