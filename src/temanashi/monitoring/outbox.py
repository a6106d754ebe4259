"""The outbox: what is to be sent is written down with what it tells of, and sent afterwards until the receiver has it.

Nothing is lost while a receiver is down, and nobody sends what another one sends. Only a process that dies after the receiver
took a message and before that is written down has it sent again; receivers know it by its key.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from temanashi.clock import Clock
from temanashi.ledger.database import Database
from temanashi.monitoring.events import Event
from temanashi.monitoring.receivers.contract import Receiver, Sent
from temanashi.monitoring.store import stamp, take_turn
from temanashi.monitoring.tables import OUTBOX
from temanashi.text import Phrase, phrase

__all__ = ["Delivered", "Pending", "enqueue", "forget_sent", "pending", "send_waiting"]

CLAIM = timedelta(minutes=2)
FIRST_WAIT, LONGEST_WAIT = 30.0, 900.0
"""Seconds until the second try; doubled each time, up to a quarter of an hour."""
GIVE_UP = timedelta(days=7)
MOST = 500


@dataclass
class Delivered:
    """How many messages were sent, and what went wrong with others."""

    sent: int = 0
    failures: list[Phrase] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Pending:
    """How many messages wait for a receiver, or were refused by it, and why the last one was."""

    receiver: str
    state: str
    count: int
    since: datetime


def enqueue(connection: Connection, events: Sequence[Event], receivers: Sequence[Receiver], *, now: datetime) -> int:
    """Put what every receiver is to be told of these events into the outbox; how many messages."""
    take_turn(connection)
    first = (connection.execute(select(func.max(OUTBOX.c.seq))).scalar() or 0) + 1
    told = [(receiver.name, message) for receiver in receivers for message in receiver.messages(events)]
    rows = [
        {
            "seq": first + number,
            "receiver": name,
            "thread": message.thread,
            "action": message.action,
            "payload": json.dumps(message.payload, ensure_ascii=False),
            "state": "waiting",
            "made_at": stamp(now),
            "next_at": stamp(now),
            "attempts": 0,
        }
        for number, (name, message) in enumerate(told)
    ]
    if rows:
        connection.execute(insert(OUTBOX), rows)
    return len(rows)


def send_waiting(database: Database, receivers: Sequence[Receiver], *, clock: Clock) -> Delivered:
    """Send what is due, in order within each thread; a receiver that fails is left alone for a while. Raises LedgerError."""
    done = Delivered()
    by_name = {receiver.name: receiver for receiver in receivers}
    silent: set[str] = set()
    with database.reading() as connection:
        due = _due(connection, clock.now())
    blocked: set[tuple[str, str]] = set()
    for row in due:
        if row.receiver in silent or (row.receiver, row.thread) in blocked:
            continue
        receiver = by_name.get(row.receiver)
        if not _claimed(database, row, clock.now()):
            blocked.add((row.receiver, row.thread))  # somebody else is sending it: what comes after it waits
            continue
        if receiver is None:
            sent = Sent(result="never", why=phrase("monitoring.receiver-gone", name=row.receiver))
        else:
            sent = receiver.send(json.loads(row.payload))
        _settled(database, row, sent, clock.now())
        if sent.result == "sent":
            done.sent += 1
        elif sent.why is not None:
            done.failures.append(sent.why)
        if sent.result == "later":
            silent.add(row.receiver)
    return done


def pending(connection: Connection) -> list[Pending]:
    """What waits or was refused, by receiver."""
    columns = (OUTBOX.c.receiver, OUTBOX.c.state)
    query = select(*columns, func.count().label("number"), func.min(OUTBOX.c.made_at).label("since"))
    rows = connection.execute(query.where(OUTBOX.c.state != "sent").group_by(*columns).order_by(*columns))
    return [Pending(receiver=r.receiver, state=r.state, count=r.number, since=datetime.fromisoformat(r.since)) for r in rows]


def forget_sent(connection: Connection, before: datetime) -> None:
    """Forget what was sent, or given up, long ago."""
    connection.execute(delete(OUTBOX).where(OUTBOX.c.state != "waiting", OUTBOX.c.made_at < stamp(before)))


def _due(connection: Connection, now: datetime) -> list[Any]:
    """The rows to send. A thread whose first message is not due yet, or is being sent, waits as a whole."""
    rows = connection.execute(select(OUTBOX).where(OUTBOX.c.state == "waiting").order_by(OUTBOX.c.seq).limit(MOST))
    held: set[tuple[str, str]] = set()
    found = []
    for row in rows:
        thread = (row.receiver, row.thread)
        busy = row.claimed_until is not None and row.claimed_until > stamp(now)
        if row.next_at > stamp(now) or busy:
            held.add(thread)
        if thread not in held:
            found.append(row)
    return found


def _claimed(database: Database, row: Any, now: datetime) -> bool:
    same = OUTBOX.c.claimed_until.is_(None) if row.claimed_until is None else OUTBOX.c.claimed_until == row.claimed_until
    mine = update(OUTBOX).where(OUTBOX.c.seq == row.seq, OUTBOX.c.state == "waiting", OUTBOX.c.attempts == row.attempts, same)
    with database.transaction() as connection:
        return connection.execute(mine.values(claimed_until=stamp(now + CLAIM))).rowcount == 1


def _settled(database: Database, row: Any, sent: Sent, now: datetime) -> None:
    why = sent.why.model_dump_json() if sent.why is not None else None
    values: dict[str, Any] = {"attempts": row.attempts + 1, "claimed_until": None, "failure": why}
    with database.transaction() as connection:
        if sent.result == "sent":
            values |= {"state": "sent", "sent_at": stamp(now)}
        elif sent.result == "never" or now - datetime.fromisoformat(row.made_at) > GIVE_UP:
            values |= {"state": "failed"}
        else:
            again = stamp(now + timedelta(seconds=_wait(row.attempts, sent.wait)))
            values["next_at"] = again
            others = update(OUTBOX).where(OUTBOX.c.receiver == row.receiver, OUTBOX.c.state == "waiting", OUTBOX.c.next_at < again)
            connection.execute(others.values(next_at=again))
        connection.execute(update(OUTBOX).where(OUTBOX.c.seq == row.seq).values(**values))


def _wait(attempts: int, asked: float | None) -> float:
    """Never sooner than asked for."""
    return max(asked or 0.0, min(FIRST_WAIT * 2.0 ** min(attempts, 10), LONGEST_WAIT))
