"""What is asked of Prefect's API must be plain values: it would fill in templates and read variables for whoever sends them."""

from __future__ import annotations

import json
import re
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from temanashi.text import LANGUAGES, say

__all__ = ["PlainValues", "is_plain", "unwrapped"]

MARK = "__prefect_kind"
PLAIN = frozenset({"none", "json"})
"""Kinds that the form of Prefect's UI wraps ordinary values in."""

ASKING = re.compile(r"/api/(deployments|flow_runs|ui/schemas)(/.*)?")
BODY_LIMIT = 1_000_000


class PlainValues:
    """Refuses requests to deployments and flow runs that hold a template, or the name of a variable, in place of a value.

    The runbook's own check would judge what came of it; but a template can spell what its reader did not write, and a variable may
    hold what the sender may not see. Refused before Prefect stores it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on, or refuse it."""
        if scope["type"] != "http" or scope["method"] not in {"POST", "PATCH", "PUT"} or not ASKING.fullmatch(scope["path"]):
            return await self._app(scope, receive, send)
        body = b""
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return None
            body += message.get("body", b"")
            if len(body) > BODY_LIMIT:
                return await JSONResponse({"detail": "413"}, status_code=413)(scope, receive, send)
            if not message.get("more_body"):
                break
        if _plain(body):
            return await self._app(scope, _again(body, receive), send)
        detail = " / ".join(say("gate.not-plain", lang) for lang in LANGUAGES)
        return await JSONResponse({"detail": detail}, status_code=409)(scope, receive, send)


def unwrapped(value: Any) -> Any:
    """A value out of the wrapping in which the form of Prefect's UI sends it. Raises ValueError for one that is no plain value."""
    if isinstance(value, list):
        return [unwrapped(item) for item in value]
    if not isinstance(value, dict):
        return value
    if MARK not in value:
        return {name: unwrapped(item) for name, item in value.items()}
    if value[MARK] == "none":
        return unwrapped(value.get("value"))
    if value[MARK] == "json":
        return unwrapped(json.loads(value.get("value") or "null"))
    raise ValueError(value[MARK])


def is_plain(data: Any) -> bool:
    """Whether Prefect would find nothing to fill in."""
    return not _marked(data)


def _plain(body: bytes) -> bool:
    """Whether Prefect would find nothing to fill in. What is no JSON is Prefect's to refuse."""
    try:
        return not body or not _marked(json.loads(body))
    except (ValueError, RecursionError):
        return True


def _marked(value: Any) -> bool:
    if isinstance(value, dict):
        if MARK in value and str(value[MARK]) not in PLAIN:
            return True
        return any(_marked(item) for item in value.values())
    return isinstance(value, list) and any(_marked(item) for item in value)


def _again(body: bytes, receive: Receive) -> Receive:
    told = False

    async def message() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return message
