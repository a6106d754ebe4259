"""Who a reader says they are: typed once, kept in a cookie, asserted and not verified, until there is a sign-in."""

from __future__ import annotations

from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import Response

__all__ = ["COOKIE", "NAME_LENGTH", "forget", "remember", "typed_name", "who"]

COOKIE = "tema_name"
NAME_LENGTH = 100
_DAYS = 30


def typed_name(text: str) -> str:
    """A name as it is recorded: one line, single spaces."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def who(request: Request) -> str:
    """The name that this browser's reader gave; empty when they gave none."""
    name = typed_name(unquote(request.cookies.get(COOKIE, "")))
    return name if len(name) <= NAME_LENGTH else ""


def remember(response: Response, request: Request, name: str) -> None:
    """Keep the name in the browser, for our pages only."""
    path, seconds = request.scope.get("root_path") or "/", _DAYS * 24 * 3600
    response.set_cookie(
        COOKIE, quote(name), max_age=seconds, path=path, httponly=True, samesite="lax", secure=request.url.scheme == "https"
    )


def forget(response: Response, request: Request) -> None:
    """Somebody else is going to use this browser."""
    response.delete_cookie(COOKIE, path=request.scope.get("root_path") or "/", httponly=True, samesite="lax")
