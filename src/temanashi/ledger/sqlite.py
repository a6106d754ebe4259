"""SQLite files: creating one, connecting to it durably, and its write-ahead log."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from temanashi.clock import Clock
from temanashi.ledger.faults import LedgerFolder, LedgerMissing

__all__ = ["connect_sqlite", "flush_log", "prepare_file", "use_write_ahead_log"]


def prepare_file(file: Path, *, create: bool) -> None:
    """Make sure that the file is there; a new one is readable for its owner only. Its folder is made, the folder's parents are not.

    Raises LedgerMissing (not there, and not to be created) and LedgerFolder.
    """
    try:
        if file.exists():
            return
        if not create:
            raise LedgerMissing(place=str(file))
        if not file.parent.exists():
            file.parent.mkdir(mode=0o700, exist_ok=True)
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise LedgerFolder(place=str(file), folder=str(file.parent), reason=error.strerror or str(error)) from error


def connect_sqlite(file: Path, *, busy_timeout: float, read_only: bool = False, flushed_after: bool = False) -> sqlite3.Connection:
    """A connection that commits durably, enforces foreign keys, overwrites what it deletes and leaves BEGIN to us.

    With `flushed_after` a commit is durable only when `flush_log` returned: the caller flushes before it tells anybody.
    """
    mode = "ro" if read_only else "rw"
    connection = sqlite3.connect(
        f"file:{quote(str(file))}?mode={mode}", uri=True, timeout=busy_timeout, isolation_level=None, check_same_thread=False
    )
    try:
        for pragma in (f"synchronous={'NORMAL' if flushed_after else 'FULL'}", "foreign_keys=ON", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def flush_log(file: Path) -> None:
    """Wait until everything that was committed to a database in WAL mode is on the disk; raises OSError.

    The log only grows between checkpoints, which flush it by themselves, so that one flush covers all commits before it: several
    writers wait for the disk side by side, where SQLite's own flush in the commit has them wait one after the other. SQLite locks
    no part of the log, so that opening and closing it here takes no lock away.
    """
    handle = os.open(f"{file}-wal", os.O_RDONLY | os.O_CLOEXEC)
    try:
        getattr(os, "fdatasync", os.fsync)(handle)
    finally:
        os.close(handle)


def use_write_ahead_log(file: Path, *, clock: Clock, busy_timeout: float) -> None:
    """Switch the file to WAL where it is not yet; waits for other openers. Raises sqlite3.Error."""
    give_up = clock.monotonic() + busy_timeout
    with closing(connect_sqlite(file, busy_timeout=busy_timeout)) as connection:
        while connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            try:
                connection.execute("PRAGMA journal_mode=WAL")
            except sqlite3.OperationalError as error:
                # SQLite does not call its busy handler for this switch, so two first openers would clash.
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or clock.monotonic() >= give_up:
                    raise
                clock.sleep(0.02)
