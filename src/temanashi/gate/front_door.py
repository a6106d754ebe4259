"""The door: who is there, whether they may ask for this, and nothing that they claim of themselves reaches what is behind it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from temanashi.gate.page_table import UNFINISHED, page_rule
from temanashi.gate.paths import is_plain
from temanashi.gate.provenance import ACTING
from temanashi.gate.recognition import ACTS, Recognition
from temanashi.gate.refusing import refuse, send_to_sign_in
from temanashi.gate.rules import ALL, Rule
from temanashi.gate.table import rule_for
from temanashi.pages.identity import SIGNED_IN
from temanashi.pages.same_origin import is_same_origin
from temanashi.signin.recognising import SignedIn

__all__ = ["Door", "FrontDoor", "find_rule"]

CLAIMS = (
    b"prefect-automation-id",
    b"prefect-automation-name",
    b"x-http-method-override",
    b"x-http-method",
    b"x-method-override",
    ACTS.encode(),
)
"""Headers by which a request would say who made it, or that it is another one."""

READING = frozenset({"GET", "HEAD"})
INTERFACE = Rule("GET", "", ALL)
"""Prefect's own interface: files without data."""

Narrow = Callable[[ASGIApp, Scope, Receive, Send, Rule, SignedIn], Awaitable[None]]
Refused = Callable[[Scope, SignedIn, Rule | None], None]


class Door(NamedTuple):
    """What the door needs: recognition, how a narrowed request goes on, and who hears of refusals."""

    recognition: Recognition
    narrow: Narrow
    refused: Refused


def find_rule(kind: str, method: str, path: str) -> Rule | None:
    """The rule for a request of this kind (`http` or `websocket`); None: nobody may."""
    verb = "WS" if kind == "websocket" else method
    if path == "/api" or path.startswith("/api/"):
        return rule_for(verb, path.removeprefix("/api"))
    if path == "/tema" or path.startswith("/tema/"):
        return page_rule(verb, path.removeprefix("/tema") or "/")
    return INTERFACE if verb in READING else None


class FrontDoor:
    """Everything passes here first. A request goes on as it is, narrowed to what is its sender's own, or not at all."""

    def __init__(self, app: ASGIApp, *, door: Door) -> None:
        self._app, self._door = app, door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on, or refuse it."""
        if scope["type"] not in {"http", "websocket"}:
            return await self._app(scope, receive, send)
        if not is_plain(scope["path"], scope.get("raw_path") or b""):
            return await refuse(scope, receive, send, key="gate.odd-address", status=400)
        rule = find_rule(scope["type"], scope.get("method", ""), scope["path"])
        me, token = await self._who(HTTPConnection(scope))
        acting = self._door.recognition.acting(scope, me)
        headers = [pair for pair in scope["headers"] if pair[0].lower() not in CLAIMS]
        scope = {**scope, "headers": headers, SIGNED_IN: me, ACTING: acting}
        if me is None and not (rule is not None and rule.public):
            return await send_to_sign_in(scope, receive, send)
        if me is None:
            return await self._app(scope, receive, send)
        changes = scope["type"] == "websocket" or scope["method"] not in READING
        # A cookie travels with requests that pages of others make; a token does not.
        if not token and changes and not is_same_origin(Headers(scope=scope), proven=True):
            return await refuse(scope, receive, send, key="pages.cross-site")
        return await self._admit(scope, receive, send, rule, me)

    async def _admit(self, scope: Scope, receive: Receive, send: Send, rule: Rule | None, me: SignedIn) -> None:
        if me.one_time and not (rule is not None and (rule.public or rule.path in UNFINISHED)):
            return await self._first_a_password(scope, receive, send)
        if rule is not None and (rule.public or rule.rights >= ALL or me.may(*rule.rights)):
            return await self._app(scope, receive, send)
        if rule is not None and me.may(*rule.narrowed):
            return await self._door.narrow(self._app, scope, receive, send, rule, me)
        self._door.refused(scope, me, rule)
        return await refuse(scope, receive, send, key="gate.not-permitted")

    async def _first_a_password(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] in READING and scope["path"].startswith("/tema"):
            return await RedirectResponse("/tema/password", status_code=303)(scope, receive, send)
        return await refuse(scope, receive, send, key="gate.first-a-password")

    async def _who(self, request: HTTPConnection) -> tuple[SignedIn | None, bool]:
        """Who is there, and whether a token says so."""
        recognition = self._door.recognition
        secret, token = recognition.secret_of(request)
        found, me = recognition.known(secret, token=token)
        if not found:
            me = await run_in_threadpool(recognition.look_up, secret, token=token)
        return me, token
