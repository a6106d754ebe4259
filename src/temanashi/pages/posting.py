"""What programs post to us: whose token it is, a bounded body of JSON, and answers as JSON that say what to do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from temanashi.errors import InputError, LedgerError
from temanashi.pages.identity import signed_in
from temanashi.pages.language import language_of
from temanashi.pages.site import Site
from temanashi.signin.recognising import SignedIn, of_token
from temanashi.signin.rights import Right
from temanashi.text import Lang, explain, say
from temanashi.workspace.live import live_people

__all__ = ["Door", "Posted", "Refused", "error_answer", "posted"]


@dataclass(frozen=True, kw_only=True)
class Door:
    """One address: the right that a token needs, the bytes of a body at most, and the area of its texts (`AREA.posted-...`)."""

    area: str
    right: Right
    most: int


@dataclass(frozen=True, kw_only=True)
class Posted:
    """A body that was let in, who sent it, and the language of the answer."""

    body: bytes
    sender: SignedIn
    lang: Lang


class Refused(Exception):
    """An answer that ends it."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


def posted(site: Site, door: Door, answered: Callable[[Posted], Response]) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint; `answered` runs in a thread and may raise Refused, InputError (422) and LedgerError (503)."""

    async def answer(request: Request) -> Response:
        lang = language_of(request, site.installation.settings.languages)
        try:
            me = await run_in_threadpool(_sender, site, request, door, lang)
            body = await _body(request, door, lang)
            return await run_in_threadpool(answered, Posted(body=body, sender=me, lang=lang))
        except Refused as refused:
            return refused.response
        except InputError as error:
            return error_answer(422, error, lang)
        except LedgerError as error:
            return error_answer(503, error, lang)

    return answer


def _sender(site: Site, request: Request, door: Door, lang: Lang) -> SignedIn:
    """Whose token it is; the gate looks it up where people sign in, and we ourselves where nobody has to."""
    me = signed_in(request)
    kind, _, secret = request.headers.get("authorization", "").partition(" ")
    if me is None and kind.lower() == "bearer" and not site.installation.settings.gate.sign_in:
        now = site.installation.clock.now()
        with site.installation.database.reading() as connection:
            today = now.astimezone(site.installation.settings.zone)
            me = of_token(connection, secret.strip(), people=live_people(connection), now=now, today=today)
    if me is None:
        raise Refused(_said(401, door, "no-token", lang, headers={"www-authenticate": "Bearer"}))
    if not me.by_token or not me.may(door.right):
        raise Refused(_said(403, door, "other-token", lang))
    return me


async def _body(request: Request, door: Door, lang: Lang) -> bytes:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Refused(_said(415, door, "no-json", lang))
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > door.most:
            raise Refused(_said(413, door, "too-long", lang, limit=door.most))
    return bytes(body)


def error_answer(status: int, error: InputError | LedgerError, lang: Lang, **more: Any) -> Response:
    """An error as JSON: its key, what is wrong, and what to do."""
    explained = explain(error, lang)
    told = {"error": error.key, "message": explained.what, "next": explained.next, **more}
    return JSONResponse(told, status_code=status, headers={"cache-control": "no-store"})


def _said(status: int, door: Door, name: str, lang: Lang, *, headers: dict[str, str] | None = None, **more: Any) -> Response:
    key = f"{door.area}.posted-{name}"
    told = {"error": key, "message": say(key, lang, **more), "next": say(f"{key}.next", lang, **more), **more}
    return JSONResponse(told, status_code=status, headers={"cache-control": "no-store", **(headers or {})})
