"""The cookies of sign-in: for this host only, never for scripts, and over TLS under names that no other host can set."""

from __future__ import annotations

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

__all__ = ["drop_session", "drop_ticket", "give_session", "give_ticket", "session_token", "ticket"]

PLAIN, SECURE = "tema_session", "__Host-tema_session"
PLAIN_TICKET, SECURE_TICKET = "tema_ticket", "__Host-tema_ticket"
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


def ticket(request: HTTPConnection) -> str:
    """What a browser kept on its way to a provider and back; empty where there is none."""
    return request.cookies.get(SECURE_TICKET if _is_secure(request) else PLAIN_TICKET, "")


def give_ticket(response: Response, request: Request, sealed: str, *, seconds: int) -> None:
    """Keep it until the answer comes. Lax: the answer comes from a page of the provider."""
    secure = _is_secure(request)
    name = SECURE_TICKET if secure else PLAIN_TICKET
    response.set_cookie(name, sealed, max_age=seconds, path="/", httponly=True, samesite="lax", secure=secure)


def drop_ticket(response: Response, request: Request) -> None:
    """It was used."""
    secure = _is_secure(request)
    name = SECURE_TICKET if secure else PLAIN_TICKET
    response.delete_cookie(name, path="/", httponly=True, samesite="lax", secure=secure)
