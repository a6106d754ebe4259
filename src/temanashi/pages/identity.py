"""Who a reader is: whom the gate signed in, verified. Without sign-in, a name that they typed once, asserted, kept in a cookie."""

from __future__ import annotations

from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import Response

from temanashi.people import Actor
from temanashi.signin.recognising import SignedIn

__all__ = [
    "COOKIE",
    "NAME_LENGTH",
    "SIGNED_IN",
    "actor_for",
    "forget",
    "given_name",
    "remember",
    "signed_in",
    "typed_name",
    "who",
]

COOKIE = "tema_name"
SIGNED_IN = "temanashi.signed_in"
"""Where the gate writes who is there, in the scope of a request; nothing that is sent can write there."""

NAME_LENGTH = 100
_DAYS = 30


def signed_in(request: Request) -> SignedIn | None:
    """Who signed in; None where nobody has to."""
    found = request.scope.get(SIGNED_IN)
    return found if isinstance(found, SignedIn) else None


def typed_name(text: str) -> str:
    """A name as it is recorded: one line, single spaces."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def who(request: Request) -> str:
    """The name of who signed in, else the one that this browser's reader gave; empty when they gave none."""
    if (me := signed_in(request)) is not None:
        return me.actor.name
    name = typed_name(unquote(request.cookies.get(COOKIE, "")))
    return name if len(name) <= NAME_LENGTH else ""


def given_name(request: Request, typed: str) -> str:
    """The name of who signed in, whatever a form says; else what was typed, as it is recorded."""
    me = signed_in(request)
    return me.actor.name if me is not None else typed_name(typed)


def actor_for(request: Request, name: str) -> Actor:
    """Who acts: whom the gate signed in, whatever name was typed; else that name, asserted."""
    me = signed_in(request)
    return me.actor if me is not None else Actor(name=name)


def remember(response: Response, request: Request, name: str) -> None:
    """Keep the name in the browser, for our pages only. Nothing to keep of somebody who signed in."""
    if signed_in(request) is not None:
        return
    path, seconds = request.scope.get("root_path") or "/", _DAYS * 24 * 3600
    response.set_cookie(
        COOKIE, quote(name), max_age=seconds, path=path, httponly=True, samesite="lax", secure=request.url.scheme == "https"
    )


def forget(response: Response, request: Request) -> None:
    """Somebody else is going to use this browser."""
    response.delete_cookie(COOKIE, path=request.scope.get("root_path") or "/", httponly=True, samesite="lax")
