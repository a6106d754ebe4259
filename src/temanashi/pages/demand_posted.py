"""`/tema/api/demand`: where a ticket system tells of an occasion, with a token of scope `demand` and a key of its own.

The same key again is the same occasion, so that a sender may repeat what was not answered.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from temanashi.books import NoReason, Occasion, Standing, read_register, tidy_key
from temanashi.books.recording import CountedElsewhere, UnknownTask
from temanashi.errors import InputError, LedgerError
from temanashi.pages.identity import signed_in
from temanashi.pages.language import language_of
from temanashi.pages.site import Site
from temanashi.problems import problems_of
from temanashi.signin.recognising import SignedIn, of_token
from temanashi.text import Lang, explain, say
from temanashi.workspace.demanding import Recording, record_occasions, today_of
from temanashi.workspace.live import live_people

__all__ = ["API_PATH", "DEMAND_PATH", "MOST_BYTES", "demand_posted"]

API_PATH = "/api/"
DEMAND_PATH = "/api/demand"
MOST_BYTES = 16 * 1024
Short = Annotated[str, Field(min_length=1, max_length=200)]
STATUS = {UnknownTask: 404, CountedElsewhere: 409}
CREATED, OK, CONFLICT = 201, 200, 409


class Told(BaseModel):
    """What a sender says of one occasion. `key` is the ticket's number; days are days in the workspace's time zone."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    task: Short
    key: Short
    day: Annotated[date | None, Field(strict=False)] = None
    targets: Annotated[int | None, Field(ge=1, le=100_000)] = None
    ticket: Annotated[str, Field(max_length=200)] = ""
    cancelled: bool = False
    reason: Annotated[str, Field(max_length=1000)] = ""


class _Refused(Exception):
    """An answer that ends it."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


def demand_posted(site: Site) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint: 201 for a new occasion, 200 for one that was known, 4xx with what to do, 503 to be tried again."""

    async def answer(request: Request) -> Response:
        lang = language_of(request, site.installation.settings.languages)
        try:
            me = await run_in_threadpool(_sender, site, request, lang)
            told = _understood(await _body(request, lang), lang)
            return await run_in_threadpool(_recorded, site, told, me, lang)
        except _Refused as refused:
            return refused.response
        except LedgerError as error:
            return _error(503, error, lang)

    return answer


def _sender(site: Site, request: Request, lang: Lang) -> SignedIn:
    """Whose token it is; the gate looks it up where people sign in, and we ourselves where nobody has to."""
    me = signed_in(request)
    kind, _, secret = request.headers.get("authorization", "").partition(" ")
    if me is None and kind.lower() == "bearer" and not site.installation.settings.gate.sign_in:
        now = site.installation.clock.now()
        with site.installation.database.reading() as connection:
            today = now.astimezone(site.installation.settings.zone)
            me = of_token(connection, secret.strip(), people=live_people(connection), now=now, today=today)
    if me is None:
        raise _Refused(_said(401, "no-token", lang, headers={"www-authenticate": "Bearer"}))
    if not me.by_token or not me.may("record"):
        raise _Refused(_said(403, "other-token", lang))
    return me


async def _body(request: Request, lang: Lang) -> bytes:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise _Refused(_said(415, "no-json", lang))
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise _Refused(_said(413, "too-long", lang, limit=MOST_BYTES))
    return bytes(body)


def _understood(body: bytes, lang: Lang) -> Told:
    try:
        return Told.model_validate_json(body)
    except ValidationError as error:
        if any(item["type"] == "json_invalid" for item in error.errors(include_url=False)):
            raise _Refused(_said(400, "bad-json", lang)) from None
        problems = [{"field": one.field, "message": one.message.text(lang)} for one in problems_of(error, model=Told)]
        raise _Refused(_said(422, "bad-fields", lang, problems=problems)) from None


def _recorded(site: Site, told: Told, me: SignedIn, lang: Lang) -> Response:
    recording = Recording(recorder="tickets", actor=me.actor, channel="api")
    try:
        with site.installation.database.transaction() as connection:
            one = _occasion(site, connection, told)
            published = site.published(connection)
            (standing,) = record_occasions(site.installation, connection, published, [one], recording)
    except InputError as error:
        return _error(STATUS.get(type(error), 422), error, lang)
    return _answer(one, standing, lang)


def _occasion(site: Site, connection: Connection, told: Told) -> Occasion:
    """What a sender leaves out is as it was recorded before; raises NoReason and BadKey."""
    if told.cancelled and not told.reason.strip():
        raise NoReason(told.task, told.key)
    key, ticket = tidy_key(told.key), told.ticket.strip()
    zone = site.installation.settings.zone
    known = read_register(site.installation.ledger, connection, zone=zone, task=told.task, slot=key).find(told.task, key)
    return Occasion(
        task=told.task,
        key=key,
        day=told.day or (known.day if known is not None else today_of(site.installation)),
        targets=(known.targets if known is not None else 0) if told.targets is None else told.targets,
        ticket=ticket or key,
        cancelled=" ".join(told.reason.split()) if told.cancelled else "",
    )


def _answer(one: Occasion, standing: Standing, lang: Lang) -> Response:
    counted = standing in {"new", "known", "differs"} and not one.cancelled
    told: dict[str, Any] = {"task": one.task, "key": one.key, "day": one.day.isoformat(), "standing": standing, "counted": counted}
    if standing == "differs":
        return _said(CONFLICT, "differs", lang, **told)
    return JSONResponse(told, status_code=CREATED if standing == "new" else OK, headers={"cache-control": "no-store"})


def _error(status: int, error: InputError | LedgerError, lang: Lang) -> Response:
    explained = explain(error, lang)
    told = {"error": error.key, "message": explained.what, "next": explained.next}
    return JSONResponse(told, status_code=status, headers={"cache-control": "no-store"})


def _said(status: int, name: str, lang: Lang, *, headers: dict[str, str] | None = None, **more: Any) -> Response:
    key = f"demand.posted-{name}"
    told = {"error": key, "message": say(key, lang, **more), "next": say(f"{key}.next", lang, **more), **more}
    return JSONResponse(told, status_code=status, headers={"cache-control": "no-store", **(headers or {})})
