"""What people and programs tell of incidents: a new one, that somebody knows, that it is over. One way for all of them."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from sqlalchemy import Connection

from temanashi.books import (
    Happening,
    Incident,
    IncidentSource,
    IncidentState,
    incident_told,
    incidents_of,
    read_operations,
    tidy_key,
)
from temanashi.errors import InputError
from temanashi.ledger.records import Draft
from temanashi.people import Actor, Channel
from temanashi.problems import suggestion
from temanashi.text import phrase
from temanashi.workspace.opening import Installation

__all__ = [
    "BadIncidentTime",
    "ClosedBefore",
    "IncidentDiffers",
    "NoSuchIncident",
    "NoTitle",
    "Notice",
    "Telling",
    "note_state",
    "note_whole",
]

AHEAD = timedelta(minutes=5)
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
TITLE_LENGTH = 200
WORD_LENGTH = 80
REASON_LENGTH = 1000

Standing = Literal["new", "known", "changed"]


class NoSuchIncident(InputError):
    """No incident has this number."""

    key = "incidents.no-such"

    def __init__(self, name: str, *, known: Collection[str]) -> None:
        super().__init__(name=name, close=suggestion(name, known) or "-")


class NoTitle(InputError):
    """An incident of which nobody says what happened, or in too many words."""

    key = "incidents.no-title"

    def __init__(self) -> None:
        super().__init__(most=TITLE_LENGTH)


class BadIncidentTime(InputError):
    """A time that cannot be: ahead of now, long ago, or before the incident began."""

    key = "incidents.bad-time"

    def __init__(self, at: datetime, *, why: Literal["ahead", "old", "before"]) -> None:
        super().__init__(moment=f"{at:%Y-%m-%d %H:%M %Z}", problem=phrase(f"incidents.time-{why}"))


class IncidentDiffers(InputError):
    """The number is that of another incident, or of this one told otherwise."""

    key = "incidents.differs"

    def __init__(self, name: str, *, field: str, known: str, given: str) -> None:
        super().__init__(name=name, field=field, known=known or "-", given=given or "-")


class ClosedBefore(InputError):
    """The incident is over, and it is said to be so at another time."""

    key = "incidents.over-before"

    def __init__(self, name: str) -> None:
        super().__init__(name=name)


@dataclass(frozen=True, kw_only=True)
class Telling:
    """Who tells, as what, and through which channel."""

    source: IncidentSource
    actor: Actor
    channel: Channel


@dataclass(frozen=True, kw_only=True)
class Notice:
    """A whole incident as it is told at once. `key` is the number that it has elsewhere; empty: it gets one of ours.

    Times are aware; `acknowledged` and `resolved` are None where that has not happened yet.
    """

    key: str = ""
    title: str
    started: datetime
    acknowledged: datetime | None = None
    resolved: datetime | None = None
    system: str = ""
    owner: str = ""
    severity: str = ""
    reason: str = ""


def note_whole(installation: Installation, connection: Connection, notice: Notice, telling: Telling) -> tuple[Standing, Incident]:
    """Record what is new of an incident; the same again is known.

    Raises NoTitle, BadKey, BadIncidentTime and IncidentDiffers, and then nothing was recorded.
    """
    now = installation.clock.now()
    notice = _checked(notice, now)
    key = tidy_key(notice.key) if notice.key.strip() else _fresh_key(now)
    before = _find(installation, connection, key)
    wanted: list[tuple[IncidentState, datetime]] = []
    if before is None:
        wanted.append(("opened", notice.started))
    else:
        _same(before, notice)
    if notice.acknowledged is not None and (before is None or not before.known):
        wanted.append(("acknowledged", notice.acknowledged))
    if notice.resolved is not None and (before is None or not before.over):
        wanted.append(("resolved", notice.resolved))
    drafts = [_draft(key, state, at, notice, telling) for state, at in wanted]
    if drafts:
        installation.ledger.append_all(connection, drafts)
    after = _find(installation, connection, key)
    assert after is not None  # noqa: S101  (it was opened before, or just now)
    return ("new" if before is None else "changed" if drafts else "known"), after


def note_state(
    installation: Installation,
    connection: Connection,
    name: str,
    state: Literal["acknowledged", "resolved"],
    *,
    at: datetime | None,
    reason: str,
    telling: Telling,
) -> tuple[Standing, Incident]:
    """Record that somebody knows of an incident, or that it is over (`at` None: now). Said before, it stays as it was.

    Raises NoSuchIncident, BadIncidentTime and ClosedBefore.
    """
    zone, now = installation.settings.zone, installation.clock.now()
    key = tidy_key(name)
    before = _find(installation, connection, key)
    if before is None:
        records = read_operations(installation.ledger, connection, None, zone=zone)
        raise NoSuchIncident(name, known=incidents_of(records, zone))
    said = before.known if state == "acknowledged" else before.over
    if said:
        known = before.acknowledged if state == "acknowledged" else before.resolved
        if at is not None and at != known and state == "resolved":
            raise ClosedBefore(name)
        return "known", before
    moment = _time(at or now, now, since=before.started)
    told = Happening(key=key, state=state, at=moment, source=telling.source, reason=" ".join(reason.split())[:REASON_LENGTH])
    installation.ledger.append(connection, incident_told(told, actor=telling.actor, channel=telling.channel))
    after = _find(installation, connection, key)
    assert after is not None  # noqa: S101  (it was there before)
    return "changed", after


def _checked(notice: Notice, now: datetime) -> Notice:
    title = " ".join(notice.title.split())
    if not title or len(title) > TITLE_LENGTH:
        raise NoTitle
    started = _time(notice.started, now)
    for moment in (notice.acknowledged, notice.resolved):
        if moment is not None:
            _time(moment, now, since=started)
    words = {name: " ".join(getattr(notice, name).split())[:WORD_LENGTH] for name in ("system", "owner", "severity")}
    reason = " ".join(notice.reason.split())[:REASON_LENGTH]
    return Notice(
        key=notice.key,
        title=title,
        started=started,
        acknowledged=notice.acknowledged,
        resolved=notice.resolved,
        reason=reason,
        **words,
    )


def _time(at: datetime, now: datetime, *, since: datetime | None = None) -> datetime:
    if at > now + AHEAD:
        raise BadIncidentTime(at, why="ahead")
    if at < EARLIEST:
        raise BadIncidentTime(at, why="old")
    if since is not None and at < since:
        raise BadIncidentTime(at, why="before")
    return at


def _fresh_key(now: datetime) -> str:
    return f"inc-{now:%Y%m%d}-{secrets.token_hex(3)}"


def _find(installation: Installation, connection: Connection, key: str) -> Incident | None:
    zone = installation.settings.zone
    return incidents_of(read_operations(installation.ledger, connection, None, zone=zone, incident=key), zone).get(key)


def _same(before: Incident, notice: Notice) -> None:
    """What is told again must be what was told; what was left open may be told now."""
    told: Sequence[tuple[str, object, object]] = (
        ("title", before.title, notice.title),
        ("started", before.started, notice.started),
        ("acknowledged", *_both(before.acknowledged, notice.acknowledged, told=before.known)),
        ("resolved", *_both(before.resolved, notice.resolved, told=before.over)),
        ("system", before.system if notice.system else "", notice.system),
    )
    for field, known, given in told:
        if known != given:
            raise IncidentDiffers(notice.key, field=field, known=_shown(known), given=_shown(given))


def _both(known: datetime | None, given: datetime | None, *, told: bool) -> tuple[datetime | None, datetime | None]:
    return (known, given) if told and given is not None else (None, None)


def _shown(value: object) -> str:
    return f"{value:%Y-%m-%d %H:%M %z}" if isinstance(value, datetime) else str(value or "")


def _draft(key: str, state: IncidentState, at: datetime, notice: Notice, telling: Telling) -> Draft:
    told = Happening(
        key=key,
        state=state,
        at=at,
        source=telling.source,
        title=notice.title if state == "opened" else "",
        system=notice.system if state == "opened" else "",
        owner=notice.owner if state == "opened" else "",
        severity=notice.severity if state == "opened" else "",
        reason=notice.reason if state == "resolved" else "",
    )
    return incident_told(told, actor=telling.actor, channel=telling.channel)
