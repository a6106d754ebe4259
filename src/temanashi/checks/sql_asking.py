"""One question to a database that we may only read: opened read-only, with a limit of time, and always rolled back."""

from __future__ import annotations

import os
import socket
import sqlite3
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import NullPool, create_engine, event
from sqlalchemy.engine import URL, Engine
from sqlalchemy.exc import DBAPIError

from temanashi.checks.reaching import Deadline
from temanashi.checks.sql_text import filled_for
from temanashi.clock import Clock
from temanashi.redaction import MASK
from temanashi.text.local import Phrase, phrase

__all__ = ["SqlFailed", "ask_sql"]

MOST_ROWS = 1_000_000
_LIMIT = "temanashi_limit"
_GRACE = 2.0
"""Seconds that a server may take longer than its own limit to say that the time is over."""
_INSTRUCTIONS = 10_000
_READING = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}


class SqlFailed(Exception):
    """No answer came; `reason` says why, without the password."""

    def __init__(self, reason: Phrase) -> None:
        super().__init__(reason.key)
        self.reason = reason


@dataclass
class _Asking:
    """What the thread that asks leaves behind: the rows or an error, and the connection to be cut when it takes too long."""

    rows: list[tuple[Any, ...]] = field(default_factory=list)
    error: Exception | None = None
    link: Any = None


def ask_sql(
    url: URL, query: str, params: Mapping[str, Any], *, count: bool, timeout: float, clock: Clock, password: str = ""
) -> list[tuple[Any, ...]]:
    """At most two rows of values that JSON knows; with `count` one row with the number of rows. `timeout` in seconds.

    Raises SqlFailed.
    """
    asking = _Asking()
    is_file = url.get_backend_name() == "sqlite"
    inner = filled_for(query, params, percent=not is_file)
    limit = f":{_LIMIT}" if is_file else f"%({_LIMIT})s"
    # As a part of our own question it can be nothing but a question; the line break ends a comment at its end.
    if count:
        text = f"SELECT count(*) FROM (SELECT 1 FROM ({inner}\n) AS q LIMIT {limit}) AS c"  # noqa: S608  (see reading)
    else:
        text = f"SELECT * FROM ({inner}\n) AS q LIMIT {limit}"  # noqa: S608  (see reading)
    given = {**params, _LIMIT: MOST_ROWS if count else 2}
    try:
        engine = _sqlite(url, timeout, clock, asking) if is_file else _postgresql(url, timeout, password, asking)
    except ModuleNotFoundError as error:
        raise SqlFailed(phrase("checks.sql-driver", module=error.name)) from error
    work = threading.Thread(target=_ask, args=(engine, text, given, asking), name="ask sql", daemon=True)
    work.start()
    work.join(timeout + _GRACE)
    if work.is_alive():
        _cut(asking.link)
        raise SqlFailed(phrase("checks.sql-timeout", seconds=f"{timeout:g}"))
    if asking.error is not None:
        raise SqlFailed(_reason(asking.error, password, timeout)) from None
    return [tuple(_plain(value) for value in row) for row in asking.rows]


def _ask(engine: Engine, text: str, params: Mapping[str, Any], asking: _Asking) -> None:
    try:
        with engine.connect() as connection:
            if isinstance(asking.link, sqlite3.Connection):  # only now: SQLAlchemy begins with pragmas
                asking.link.set_authorizer(_allowed)
            try:
                asking.rows = [tuple(row) for row in connection.exec_driver_sql(text, dict(params)).fetchmany(2)]
            finally:
                connection.rollback()
    except Exception as error:  # noqa: BLE001  (a driver may fail in any way; it is told by who waits)
        asking.error = error


def _sqlite(url: URL, timeout: float, clock: Clock, asking: _Asking) -> Engine:
    path, deadline = Path(url.database or ""), Deadline(clock, clock.monotonic() + timeout)

    def connect() -> sqlite3.Connection:
        link = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=timeout, check_same_thread=False)
        asking.link = link
        link.set_progress_handler(lambda: deadline.over, _INSTRUCTIONS)
        return link

    return create_engine("sqlite://", creator=connect, poolclass=NullPool, hide_parameters=True)


def _allowed(action: int, first: str | None, second: str | None, *_: object) -> int:
    """Also with `mode=ro`, VACUUM INTO and ATTACH would write files and functions could load code."""
    harmful = action == sqlite3.SQLITE_FUNCTION and "load_extension" in {first, second}
    return sqlite3.SQLITE_OK if action in _READING and not harmful else sqlite3.SQLITE_DENY


def _postgresql(url: URL, timeout: float, password: str, asking: _Asking) -> Engine:
    settings = {
        "default_transaction_read_only": "on",
        "standard_conforming_strings": "on",
        "statement_timeout": round(timeout * 1000),
        "lock_timeout": round(timeout * 1000),
    }
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    given: dict[str, Any] = {
        "options": options,
        "connect_timeout": max(2, round(timeout)),
        "tcp_user_timeout": round(timeout * 1000),
        "application_name": "temanashi",
    }
    if password:
        given["password"] = password
    known = {name: value for name, value in given.items() if name not in url.query}
    engine = create_engine(url.set(drivername="postgresql+psycopg"), poolclass=NullPool, hide_parameters=True, connect_args=known)

    @event.listens_for(engine, "do_connect")
    def connect(dialect: Any, _record: Any, arguments: list[Any], named: dict[str, Any]) -> Any:
        # Known from its first moment: SQLAlchemy has questions of its own, and the server may be silent already.
        asking.link = dialect.connect(*arguments, **named)
        return asking.link

    return engine


def _cut(link: Any) -> None:
    """End a connection that somebody else is waiting on."""
    with suppress(Exception):
        if isinstance(link, sqlite3.Connection):
            link.interrupt()
        elif link is not None:
            with socket.socket(fileno=os.dup(link.fileno())) as copy:
                copy.shutdown(socket.SHUT_RDWR)


def _reason(error: Exception, password: str, timeout: float) -> Phrase:
    """The driver's own words, one line: what SQLAlchemy adds would repeat the question."""
    original = getattr(error, "orig", None) or error
    text = next((line.strip() for line in str(original).splitlines() if line.strip()), type(original).__name__)[:300]
    if isinstance(error, DBAPIError) and ("interrupted" in text or getattr(original, "sqlstate", "") == "57014"):
        return phrase("checks.sql-timeout", seconds=f"{timeout:g}")
    return phrase("checks.sql-failed", detail=text.replace(password, MASK) if password else text)


def _plain(value: Any) -> Any:
    """A value as JSON knows it."""
    if value is None or isinstance(value, (bool, int, str)):
        return value if not isinstance(value, str) else value[:500]
    if isinstance(value, (float, Decimal)):
        return float(value)
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    return value.hex()[:500] if isinstance(value, (bytes, memoryview)) else str(value)[:500]
