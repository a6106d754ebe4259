"""Who may tell of a job: heartbeats made, renewed and removed by a person, on the record. A token is told once."""

from __future__ import annotations

import re
import secrets

from sqlalchemy import Connection, delete, insert, update
from sqlalchemy.exc import IntegrityError

from temanashi.errors import InputError
from temanashi.ledger.records import Draft
from temanashi.people import Actor
from temanashi.problems import suggestion
from temanashi.runs.engine import Engine
from temanashi.runs.heartbeat_rows import HEARTBEATS, heartbeats, token_digest

__all__ = [
    "BadHeartbeatName",
    "HeartbeatTaken",
    "NoSuchHeartbeat",
    "make_heartbeat",
    "remove_heartbeat",
    "renew_heartbeat",
]

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


class BadHeartbeatName(InputError):
    """A name that a check could not have either."""

    key = "heartbeats.bad-name"

    def __init__(self, name: str) -> None:
        super().__init__(name=name[:100])


class HeartbeatTaken(InputError):
    """There is one of that name."""

    key = "heartbeats.taken"

    def __init__(self, name: str) -> None:
        super().__init__(name=name)


class NoSuchHeartbeat(InputError):
    """There is none of that name."""

    key = "heartbeats.none"

    def __init__(self, name: str, *, known: list[str]) -> None:
        super().__init__(name=name, close=suggestion(name, known) or ", ".join(known) or "-")


def make_heartbeat(engine: Engine, name: str, *, actor: Actor) -> str:
    """The token of a new heartbeat, told only now; on the record. Raises BadHeartbeatName and HeartbeatTaken."""
    if not _NAME.fullmatch(name):
        raise BadHeartbeatName(name)
    token = _fresh()
    row = {"name": name, "token": token_digest(token), "made_at": _now(engine), "made_by": actor.name, "said": "", "pings": 0}
    try:
        with engine.database.transaction() as connection:
            connection.execute(insert(HEARTBEATS).values(**row))
            _record(engine, connection, "heartbeat_made", name, actor)
    except IntegrityError:
        raise HeartbeatTaken(name) from None
    return token


def renew_heartbeat(engine: Engine, name: str, *, actor: Actor) -> str:
    """A new token; the old one is worth nothing from now on. On the record. Raises NoSuchHeartbeat."""
    token = _fresh()
    with engine.database.transaction() as connection:
        changed = connection.execute(update(HEARTBEATS).where(HEARTBEATS.c.name == name).values(token=token_digest(token)))
        _one(connection, changed.rowcount, name)
        _record(engine, connection, "heartbeat_renewed", name, actor)
    return token


def remove_heartbeat(engine: Engine, name: str, *, actor: Actor) -> None:
    """Forget it, on the record. Raises NoSuchHeartbeat."""
    with engine.database.transaction() as connection:
        _one(connection, connection.execute(delete(HEARTBEATS).where(HEARTBEATS.c.name == name)).rowcount, name)
        _record(engine, connection, "heartbeat_removed", name, actor)


def _one(connection: Connection, count: int, name: str) -> None:
    if count != 1:
        raise NoSuchHeartbeat(name, known=[known.name for known in heartbeats(connection)])


def _fresh() -> str:
    return secrets.token_urlsafe(24)


def _now(engine: Engine) -> str:
    return engine.clock.now().isoformat()


def _record(engine: Engine, connection: Connection, outcome: str, name: str, actor: Actor) -> None:
    draft = Draft(
        kind="noted",
        actor=actor.name,
        actor_kind=actor.kind,
        assurance=actor.assurance,
        channel="cli",
        outcome=outcome,
        body={"heartbeat": name},
    )
    engine.ledger.append(connection, draft)
