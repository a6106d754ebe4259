"""Guessing is slowed down, then locked out for a while: by name, whether or not anybody has it, and by address."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from temanashi.people import folded
from temanashi.signin.tables import FAILURES

__all__ = ["LOCKED", "count_try", "forget_tries", "seconds_to_wait", "unlock"]

BY_NAME = (0, 0, 2, 5, 60, 120, 240, 480, 900)
"""Seconds to wait after the first failure, the second, and so on; the last one for all that follow."""

BY_ADDRESS_FREE, BY_ADDRESS_SECONDS = 40, 30
"""An office may share one address: only a flood of failures from it has to wait."""

LOCKED = 60
"""From so many seconds on it counts as locked out, and is recorded."""

FORGOTTEN = timedelta(hours=1)


def _keys(name: str, address: str) -> tuple[str, str]:
    # What was typed may be a password in the wrong field: only its hash is kept.
    return f"name:{hashlib.sha256(folded(name).encode()).hexdigest()}", f"address:{address}"


def seconds_to_wait(connection: Connection, name: str, address: str, now: datetime) -> int:
    """Seconds until the next try is looked at; 0 for at once."""
    rows = connection.execute(select(FAILURES).where(FAILURES.c.key.in_(_keys(name, address)))).all()
    left = [(datetime.fromisoformat(row.locked_until) - now).total_seconds() for row in rows]
    return max(0, *(-int(-seconds // 1) for seconds in left)) if left else 0


def count_try(connection: Connection, name: str, address: str, now: datetime) -> int:
    """Count a try as failed before it is looked at, so that tries at the same moment count too; the seconds that follow it."""
    connection.execute(delete(FAILURES).where(FAILURES.c.last_at < (now - FORGOTTEN).isoformat()))
    waits = []
    for key in _keys(name, address):
        row: Any = connection.execute(select(FAILURES).where(FAILURES.c.key == key)).one_or_none()
        count = (row.count if row is not None else 0) + 1
        seconds = _by_address(count) if key.startswith("address:") else BY_NAME[min(count, len(BY_NAME)) - 1]
        values = {"count": count, "last_at": now.isoformat(), "locked_until": (now + timedelta(seconds=seconds)).isoformat()}
        if row is None:
            connection.execute(insert(FAILURES).values(key=key, **values))
        else:
            connection.execute(update(FAILURES).where(FAILURES.c.key == key).values(**values))
        waits.append(seconds)
    return max(waits)


def forget_tries(connection: Connection, name: str, address: str) -> None:
    """The try succeeded: the name starts afresh, and the address is not charged for it."""
    by_name, by_address = _keys(name, address)
    connection.execute(delete(FAILURES).where(FAILURES.c.key == by_name))
    row = connection.execute(select(FAILURES.c.count).where(FAILURES.c.key == by_address)).scalar()
    if row:
        connection.execute(update(FAILURES).where(FAILURES.c.key == by_address).values(count=row - 1))


def unlock(connection: Connection, name: str) -> None:
    """Whoever has this name may try at once; what an address did is not forgiven."""
    connection.execute(delete(FAILURES).where(FAILURES.c.key == _keys(name, "")[0]))


def _by_address(count: int) -> int:
    return 0 if count <= BY_ADDRESS_FREE else BY_ADDRESS_SECONDS
