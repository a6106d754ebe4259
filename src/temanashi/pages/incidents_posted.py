"""`/tema/api/incidents`: where another system tells of an incident, whole or piece by piece, with a token of scope `alerts`.

The same again changes nothing, so that a sender may repeat what was not answered.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from temanashi.books import Incident
from temanashi.errors import InputError
from temanashi.pages.posting import Door, Posted, Refused, error_answer, posted
from temanashi.pages.site import Site
from temanashi.problems import Problem, problems_of
from temanashi.text import Lang, phrase, say
from temanashi.workspace.incident_words import incident_json
from temanashi.workspace.noting_incidents import (
    ClosedBefore,
    IncidentDiffers,
    NoSuchIncident,
    Notice,
    NoTitle,
    Standing,
    Telling,
    note_state,
    note_whole,
)

__all__ = ["INCIDENTS_PATH", "incidents_posted"]

INCIDENTS_PATH = "/api/incidents"
MOST_BYTES = 64 * 1024
DOOR = Door(area="incidents", right="tell", most=MOST_BYTES)
STATUS: dict[type[InputError], int] = {NoSuchIncident: 404, IncidentDiffers: 409, ClosedBefore: 409}
CREATED, OK = 201, 200
Moment = Annotated[AwareDatetime | None, Field(strict=False)]


class Told(BaseModel):
    """What a sender says. `number` is the one that it has there; without `title` it is one that was told before."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    number: Annotated[str, Field(min_length=1, max_length=200)]
    title: Annotated[str, Field(max_length=200)] = ""
    started: Moment = None
    acknowledged: Moment = None
    resolved: Moment = None
    system: Annotated[str, Field(max_length=80)] = ""
    owner: Annotated[str, Field(max_length=80)] = ""
    severity: Annotated[str, Field(max_length=80)] = ""
    reason: Annotated[str, Field(max_length=1000)] = ""


def incidents_posted(site: Site) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint: 201 for a new incident, 200 for one that was known, 404, 409 and 422 with what to do, 503 to be tried again."""

    def answered(given: Posted) -> Response:
        told = _understood(given.body, given.lang)
        telling = Telling(source="api", actor=given.sender.actor, channel="api")
        try:
            with site.installation.database.transaction() as connection:
                standing, one = _noted(site, connection, told, telling)
        except InputError as error:
            return error_answer(STATUS.get(type(error), 422), error, given.lang)
        status = CREATED if standing == "new" else OK
        return JSONResponse({"standing": standing} | incident_json(one), status_code=status, headers={"cache-control": "no-store"})

    return posted(site, DOOR, answered)


def _understood(body: bytes, lang: Lang) -> Told:
    try:
        told = Told.model_validate_json(body)
    except ValidationError as error:
        raise _refused(problems_of(error, model=Told), lang) from None
    if told.title.strip() and told.started is None:
        # The moment of hearing would be another one when the sender repeats it.
        raise _refused([Problem(("started",), phrase("problems.missing", name="started"))], lang)
    return told


def _refused(problems: Sequence[Problem], lang: Lang) -> Refused:
    key = "incidents.posted-bad-fields"
    wrong = [{"field": one.field, "message": one.message.text(lang)} for one in problems]
    told = {"error": key, "message": say(key, lang), "next": say(f"{key}.next", lang), "problems": wrong}
    return Refused(JSONResponse(told, status_code=422, headers={"cache-control": "no-store"}))


def _noted(site: Site, connection: Connection, told: Told, telling: Telling) -> tuple[Standing, Incident]:
    installation = site.installation
    times = {name: _utc(getattr(told, name)) for name in ("acknowledged", "resolved")}
    if told.title.strip() and told.started is not None:
        words = {name: getattr(told, name) for name in ("title", "system", "owner", "severity", "reason")}
        started, known, over = told.started.astimezone(UTC), times["acknowledged"], times["resolved"]
        notice = Notice(key=told.number, started=started, acknowledged=known, resolved=over, **words)
        return note_whole(installation, connection, notice, telling)
    found: list[tuple[Standing, Incident]] = []
    states: tuple[Literal["acknowledged", "resolved"], ...] = ("acknowledged", "resolved")
    for state in states:
        if (at := times[state]) is not None:
            told_now = note_state(installation, connection, told.number, state, at=at, reason=told.reason, telling=telling)
            found.append(told_now)
    if not found:
        raise NoTitle
    return ("changed" if any(standing == "changed" for standing, _ in found) else "known"), found[-1][1]


def _utc(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC) if moment is not None else None
