"""How somebody is turned away: a browser to the sign-in page or to a page of words, a program to a status and a sentence."""

from __future__ import annotations

import html
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketClose

from temanashi.text import LANGUAGES, say

__all__ = ["refuse", "send_to_sign_in"]

STYLE = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'"


def _reads_pages(scope: Scope) -> bool:
    headers = Headers(scope=scope)
    return "text/html" in headers.get("accept", "") and not scope["path"].startswith("/api/")


async def send_to_sign_in(scope: Scope, receive: Receive, send: Send) -> None:
    """Nobody is signed in. A page that was only read is come back to afterwards."""
    if scope["type"] == "http" and _reads_pages(scope):
        query = scope.get("query_string", b"").decode("latin-1")
        back = scope["path"] + (f"?{query}" if query else "") if scope["method"] in {"GET", "HEAD"} else "/tema/"
        lang = next((f"&lang={lang}" for lang in LANGUAGES if f"lang={lang}" in query.split("&")), "")
        response: Response = RedirectResponse(f"/tema/sign-in?next={quote(back, safe='')}{lang}", status_code=303)
        response.headers["cache-control"] = "no-store"
        return await response(scope, receive, send)
    return await refuse(scope, receive, send, key="gate.nobody", status=401)


async def refuse(scope: Scope, receive: Receive, send: Send, *, key: str, status: int = 403) -> None:
    """Turn a request away, in both languages: who reads it may be anybody."""
    if scope["type"] == "websocket":
        return await WebSocketClose(code=1008)(scope, receive, send)
    sentences = [say(key, lang) for lang in LANGUAGES]
    response: Response
    if _reads_pages(scope):
        response = HTMLResponse(_page(sentences), status_code=status, headers={"content-security-policy": STYLE})
    else:
        response = JSONResponse({"detail": " / ".join(sentences)}, status_code=status)
        if status == 401:  # noqa: PLR2004  (RFC 9110, 15.5.2: says how to sign in)
            response.headers["www-authenticate"] = "Bearer"
    response.headers["cache-control"] = "no-store"
    return await response(scope, receive, send)


def _page(sentences: list[str]) -> str:
    """A page without any data of ours, in both languages."""
    title = html.escape(" / ".join(say("gate.refused-title", lang) for lang in LANGUAGES))
    parts = []
    for lang, text in zip(LANGUAGES, sentences, strict=True):
        home = html.escape(say("gate.home", lang))
        parts.append(f'<p lang="{lang}">{html.escape(text)} <a href="/tema/?lang={lang}">{home}</a></p>')
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
    style = '<link rel="stylesheet" href="/tema/style.css"><link rel="icon" href="data:,">'
    body = f"<body><main>{''.join(parts)}</main></body>"
    return f'<!doctype html><html lang="ja"><head>{head}<title>{title}</title>{style}</head>{body}</html>'
