"""Requests that change something must come from our own pages, or from a program; never from a page of somebody else."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from temanashi.text import LANGUAGES, say

__all__ = ["SameOrigin", "is_same_origin"]

SAFE = frozenset({"GET", "HEAD"})


class SameOrigin:
    """Refuses cross-site requests by `Origin` and `Sec-Fetch-Site` (OWASP, CSRF prevention). Browsers send both with every POST.

    A request without either comes from a program; with `browsers_only` it is refused too, except under the paths `programs_under`.
    """

    def __init__(self, app: ASGIApp, *, browsers_only: bool = False, programs_under: tuple[str, ...] = ()) -> None:
        self._app, self._browsers_only, self._programs_under = app, browsers_only, programs_under

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on, or refuse it."""
        changing = scope["type"] == "websocket" or (scope["type"] == "http" and scope["method"] not in SAFE)
        if not changing or is_same_origin(Headers(scope=scope), proven=self._browsers_only and not self._for_programs(scope)):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await WebSocketClose(code=1008)(scope, receive, send)
        else:
            text = "\n".join(say("pages.cross-site", lang) for lang in LANGUAGES)
            await PlainTextResponse(text, status_code=403)(scope, receive, send)

    def _for_programs(self, scope: Scope) -> bool:
        path = str(scope["path"]).removeprefix(scope.get("root_path", ""))
        return path.startswith(self._programs_under)


def is_same_origin(headers: Headers, *, proven: bool) -> bool:
    """Whether a request comes from a page of ours; with `proven`, one that says nothing of it does not."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None and site not in {"same-origin", "none"}:
        return False
    if origin is not None:
        return origin != "null" and urlsplit(origin).netloc.lower() == headers.get("host", "").lower()
    return site is not None or not proven
