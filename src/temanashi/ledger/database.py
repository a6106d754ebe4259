"""The one database of a workspace: ledger, run journal and published versions share it and its transactions."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from temanashi.clock import Clock
from temanashi.ledger.addresses import Address, address_of
from temanashi.ledger.faults import DriverMissing, LedgerMissing, LedgerTrouble, translated
from temanashi.ledger.sqlite import connect_sqlite, flush_log, prepare_file, use_write_ahead_log
from temanashi.ledger.turns import Turn
from temanashi.ledger.upgrading import SCHEMA_NAME, bring_up_to_date

__all__ = ["BUSY_TIMEOUT", "Database", "open_database"]

BUSY_TIMEOUT = 30.0
"""Seconds that a writer waits for another one."""

_WRITES, _TURN = "temanashi_writes", "temanashi_turn"


class Database:
    """An open database. Safe to share between threads; after a fork the child gets connections of its own.

    Open one per process where processes are spawned. Made by `open_database`.
    """

    def __init__(self, address: Address, *, busy_timeout: float = BUSY_TIMEOUT, read_only: bool = False) -> None:
        self.address = address
        self.busy_timeout = busy_timeout
        self.read_only = read_only
        self._abandoned: list[Engine] = []
        self._identity = self._identify()
        self._engine = self._new_engine()

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.address.dialect

    @property
    def place(self) -> str:
        """The database's name for people: a path, or a URL without user and password."""
        return self.address.place

    def transaction(self) -> AbstractContextManager[Connection]:
        """A write transaction: committed and on the disk at the end, rolled back on any exception; raises LedgerError."""
        return self._begun({_WRITES: True})

    def reading(self) -> AbstractContextManager[Connection]:
        """One consistent snapshot that cannot be written to; raises LedgerError."""
        if self.dialect == "sqlite":
            return self._begun({})
        return self._begun({"isolation_level": "REPEATABLE READ", "postgresql_readonly": True})

    def settle(self) -> None:
        """Wait until whatever can be read now is on the disk, too; raises LedgerTrouble. Before it is vouched for elsewhere."""
        if self.address.file is None or self.read_only:
            return
        try:
            flush_log(self.address.file)
        except FileNotFoundError:
            return  # nobody writes: the last one to close it folded the log into the file
        except OSError as error:
            raise LedgerTrouble(place=self.place, reason=error.strerror or str(error)) from error

    def close(self) -> None:
        """Close every idle connection. The database may be used again."""
        if self._identity[0] == os.getpid():
            self._engine.dispose()

    @contextmanager
    def boundary(self) -> Iterator[None]:
        """Errors of SQLAlchemy and the driver leave this block as ours."""
        try:
            yield
        except (DBAPIError, PoolTimeout, sqlite3.Error) as error:
            fault = translated(error, place=self.place, seconds=self.busy_timeout, password=str(self.address.url.password or ""))
            if fault is None:
                raise
            raise fault from error

    @contextmanager
    def _begun(self, options: dict[str, Any]) -> Iterator[Connection]:
        with self.boundary(), self._current().connect() as connection:
            connection.execution_options(**options)
            try:
                with connection.begin():
                    yield connection
            finally:
                if (taken := connection.info.pop(_TURN, None)) is not None:
                    taken.give()
            # After the turn, so that the next one writes meanwhile; before the connection goes, which keeps the log there.
            if options.get(_WRITES):
                self.settle()

    def _identify(self) -> tuple[int, ...]:
        if self.address.file is None:
            return (os.getpid(),)
        try:
            status = self.address.file.stat()
        except OSError as error:
            raise LedgerMissing(place=self.place) from error
        return (os.getpid(), status.st_dev, status.st_ino)

    def _current(self) -> Engine:
        # A forked child must not touch its parent's connections, not even to close them; and a file that was replaced
        # (a restore) must not be written through connections to the old one.
        identity = self._identify()
        if identity != self._identity:
            if identity[0] == self._identity[0]:
                self._engine.dispose()
            else:
                self._abandoned.append(self._engine)
            self._identity, self._engine = identity, self._new_engine()
        return self._engine

    def _new_engine(self) -> Engine:
        common: dict[str, Any] = {"hide_parameters": True, "pool_size": 5, "max_overflow": 20, "pool_timeout": self.busy_timeout}
        file = self.address.file
        if file is None:
            return _postgresql_engine(self.address, self.busy_timeout, common)

        def connect() -> sqlite3.Connection:
            return connect_sqlite(file, busy_timeout=self.busy_timeout, read_only=self.read_only, flushed_after=True)

        engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool, **common)
        event.listen(engine, "begin", lambda connection: _begin_sqlite(connection, file, self.busy_timeout))
        return engine


def _begin_sqlite(connection: Connection, file: Path, seconds: float) -> None:
    # sqlite3's own transaction control is off (isolation_level=None), as SQLAlchemy's page on SQLite says.
    writes = connection.get_execution_options().get(_WRITES, False)
    driver: Any = connection.connection.driver_connection
    # This pragma makes SQLite compile every statement of the connection anew, so it is set only where it changes something.
    if connection.info.get(_WRITES, True) != writes:
        driver.execute(f"PRAGMA query_only={'OFF' if writes else 'ON'}")
        connection.info[_WRITES] = writes
    if writes:
        connection.info[_TURN] = taken = Turn(file)
        taken.take(seconds=seconds)
    driver.execute("BEGIN IMMEDIATE" if writes else "BEGIN")


def _postgresql_engine(address: Address, busy_timeout: float, common: dict[str, Any]) -> Engine:
    try:
        engine = create_engine(address.url, pool_pre_ping=True, connect_args={"connect_timeout": 10}, **common)
    except ImportError as error:
        raise DriverMissing(place=address.place) from error

    def prepare(connection: Any, _record: Any) -> None:
        connection.autocommit = True
        connection.execute(f"SET search_path TO {SCHEMA_NAME}")
        connection.execute(f"SET lock_timeout TO {round(busy_timeout * 1000)}")
        connection.autocommit = False

    event.listen(engine, "connect", prepare)
    return engine


def open_database(
    where: str | Path, *, clock: Clock, create: bool = True, busy_timeout: float = BUSY_TIMEOUT, read_only: bool = False
) -> Database:
    """Open the database at a URL or in a SQLite file, and bring its tables up to date.

    Where there is none it is created, unless `create` is off. `read_only` touches nothing: no upgrade, no log file. Raises
    LedgerError.
    """
    address = address_of(where)
    if address.file:
        prepare_file(address.file, create=create and not read_only)
    database = Database(address, busy_timeout=busy_timeout, read_only=read_only)
    try:
        if address.file and not read_only:
            with database.boundary():
                use_write_ahead_log(address.file, clock=clock, busy_timeout=busy_timeout)
        bring_up_to_date(database, create=create)
    except BaseException:
        database.close()
        raise
    return database
