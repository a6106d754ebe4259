"""`/tema/api/demand`: where a ticket system tells of an occasion, with a token of scope `demand` and a key of its own.

The same key again is the same occasion, so that a sender may repeat what was not answered.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from temanashi.books import NoReason, Occasion, Standing, read_register, tidy_key
from temanashi.books.recording import CountedElsewhere, UnknownTask
from temanashi.errors import InputError
from temanashi.pages.posting import Door, Posted, Refused, error_answer, posted
from temanashi.pages.site import Site
from temanashi.problems import problems_of
from temanashi.signin.recognising import SignedIn
from temanashi.text import Lang, say
from temanashi.workspace.demanding import Recording, record_occasions, today_of

__all__ = ["API_PATH", "DEMAND_PATH", "MOST_BYTES", "demand_posted"]

API_PATH = "/api/"
DEMAND_PATH = "/api/demand"
MOST_BYTES = 16 * 1024
Short = Annotated[str, Field(min_length=1, max_length=200)]
STATUS = {UnknownTask: 404, CountedElsewhere: 409}
CREATED, OK, CONFLICT = 201, 200, 409
DOOR = Door(area="demand", right="record", most=MOST_BYTES)


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


def demand_posted(site: Site) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint: 201 for a new occasion, 200 for one that was known, 4xx with what to do, 503 to be tried again."""

    def answered(given: Posted) -> Response:
        return _recorded(site, _understood(given.body, given.lang), given.sender, given.lang)

    return posted(site, DOOR, answered)


def _understood(body: bytes, lang: Lang) -> Told:
    try:
        return Told.model_validate_json(body)
    except ValidationError as error:
        if any(item["type"] == "json_invalid" for item in error.errors(include_url=False)):
            raise Refused(_said(400, "bad-json", lang)) from None
        problems = [{"field": one.field, "message": one.message.text(lang)} for one in problems_of(error, model=Told)]
        raise Refused(_said(422, "bad-fields", lang, problems=problems)) from None


def _recorded(site: Site, told: Told, me: SignedIn, lang: Lang) -> Response:
    recording = Recording(recorder="tickets", actor=me.actor, channel="api")
    try:
        with site.installation.database.transaction() as connection:
            one = _occasion(site, connection, told)
            published = site.published(connection)
            (standing,) = record_occasions(site.installation, connection, published, [one], recording)
    except InputError as error:
        return error_answer(STATUS.get(type(error), 422), error, lang)
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


def _said(status: int, name: str, lang: Lang, **more: Any) -> Response:
    key = f"demand.posted-{name}"
    told = {"error": key, "message": say(key, lang, **more), "next": say(f"{key}.next", lang, **more), **more}
    return JSONResponse(told, status_code=status, headers={"cache-control": "no-store"})
