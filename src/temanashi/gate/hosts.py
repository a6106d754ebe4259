"""Requests must name a host of ours: a page elsewhere whose name was pointed at this machine must not reach the server."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from temanashi.text import say

__all__ = ["KnownHost"]

ALL = frozenset({"0.0.0.0", "::"})  # noqa: S104  (compared, not bound)


class KnownHost:
    """Refuses requests whose Host is neither an address, nor localhost, nor a name of this machine, nor that of `public_url`."""

    def __init__(self, app: ASGIApp, *, host: str, public: str = "") -> None:
        self._app = app
        named = (urlsplit(public).hostname or "localhost").lower()
        self._known = {"localhost", named, host.lower(), socket.gethostname().lower(), socket.getfqdn().lower()} - ALL

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on, or refuse it."""
        if scope["type"] not in {"http", "websocket"} or self._ours(Headers(scope=scope).get("host", "")):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await WebSocketClose(code=1008)(scope, receive, send)
        else:
            text = "\n".join(say("gate.unknown-host", lang) for lang in ("ja", "en"))
            await PlainTextResponse(text, status_code=421)(scope, receive, send)

    def _ours(self, host: str) -> bool:
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
        name = name.strip("[]").lower()
        return name in self._known or _is_address(name)


def _is_address(name: str) -> bool:
    """A literal address cannot be rebound: whoever typed it meant this machine."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
