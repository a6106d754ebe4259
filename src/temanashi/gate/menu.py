"""The menu of Prefect's own interface shows nobody what their role does not open: a style sheet in its one page.

The interface itself is left as it is; what is hidden would be refused anyway.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from temanashi.gate.rules import MANAGE, SEE
from temanashi.pages.identity import SIGNED_IN
from temanashi.signin.recognising import SignedIn
from temanashi.signin.rights import Right

__all__ = ["FittingMenu", "hidden_entries", "style_for"]

OPENS: Mapping[str, frozenset[Right]] = {
    "work-pools": SEE,
    "automations": SEE,
    "events": SEE,
    "concurrency-limits": SEE,
    "blocks": MANAGE,
    "variables": MANAGE,
    "settings": MANAGE,
}
"""By address in the interface, who finds anything there: one of these rights."""

UNASKED = (b"accept-encoding", b"if-none-match", b"if-modified-since", b"range")
"""Without these the page comes whole and plain: somebody else may have signed in at this browser since it was kept."""

END = b"</head>"


def hidden_entries(me: SignedIn) -> tuple[str, ...]:
    """Addresses in the menu that would be refused to somebody."""
    return tuple(name for name, rights in OPENS.items() if not me.may(*rights))


def style_for(me: SignedIn) -> str:
    """The style sheet; empty for whom nothing is hidden."""
    entries = [f'[data-sidebar="menu-item"]:has(>a[href="/v2/{name}"])' for name in hidden_entries(me)]
    if not entries:
        return ""
    if not me.may(*SEE):  # the older interface has a menu of its own; entries without an address lead there
        entries.append('[data-sidebar="menu-item"]:not(:has(>a))')
    return f"<style>{','.join(entries)}{{display:none}}</style>"


class FittingMenu:
    """Adds the style sheet to the pages that Prefect's interface consists of."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on; a page comes back with the style sheet of who asked for it."""
        me = scope.get(SIGNED_IN)
        page = scope["type"] == "http" and scope["method"] == "GET" and not scope["path"].startswith("/api/")
        if not page or not isinstance(me, SignedIn) or "text/html" not in Headers(scope=scope).get("accept", ""):
            return await self._app(scope, receive, send)
        headers = [pair for pair in scope["headers"] if pair[0].lower() not in UNASKED]
        return await self._app({**scope, "headers": headers}, receive, _Page(send, style_for(me)))


class _Page:
    """An answer on its way. A page is held until it is whole; anything else goes on as it comes."""

    def __init__(self, send: Send, style: str) -> None:
        self._send, self._style = send, style.encode()
        self._start: Message | None = None
        self._parts: list[bytes] = []

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and Headers(raw=message["headers"]).get("content-type", "").startswith(
            "text/html"
        ):
            self._start = message
        elif self._start is None:
            await self._send(message)
        else:
            self._parts.append(message.get("body", b""))
            if not message.get("more_body", False):
                await self._finish(self._start)

    async def _finish(self, start: Message) -> None:
        body = b"".join(self._parts).replace(END, self._style + END, 1)
        headers = MutableHeaders(raw=list(start["headers"]))
        for name in ("etag", "last-modified"):
            del headers[name]
        headers["cache-control"] = "no-store"
        headers["content-length"] = str(len(body))
        await self._send({**start, "headers": headers.raw})
        await self._send({"type": "http.response.body", "body": body})
