"""The cookie of a session: for this host only, never for scripts, and over TLS under a name that no other host can set."""

from __future__ import annotations

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

__all__ = ["drop_session", "give_session", "session_token"]

PLAIN, SECURE = "tema_session", "__Host-tema_session"
"""`__Host-`: browsers take it only with Secure, for the whole host, and from this host itself (RFC 6265bis, 4.1.3)."""


def _is_secure(request: HTTPConnection) -> bool:
    return request.url.scheme in {"https", "wss"}


def session_token(request: HTTPConnection) -> str:
    """The token that a browser sent; empty where there is none."""
    return request.cookies.get(SECURE if _is_secure(request) else PLAIN, "")


def give_session(response: Response, request: Request, token: str) -> None:
    """Keep it until the browser closes; the server knows when it ends."""
    secure = _is_secure(request)
    response.set_cookie(SECURE if secure else PLAIN, token, path="/", httponly=True, samesite="lax", secure=secure)


def drop_session(response: Response, request: Request) -> None:
    """Take it back."""
    secure = _is_secure(request)
    response.delete_cookie(SECURE if secure else PLAIN, path="/", httponly=True, samesite="lax", secure=secure)
