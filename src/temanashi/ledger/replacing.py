"""Changing one SQLite file for another, with everybody out of both."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from temanashi.errors import LedgerError
from temanashi.ledger.faults import LedgerFolder
from temanashi.ledger.sqlite import connect_sqlite

__all__ = ["DatabaseInUse", "change_places", "folder_named", "release"]

_PATIENCE = 2.0
"""Seconds that we wait for another process to let go of a database."""

_MAGIC = b"SQLite format 3\x00"


class DatabaseInUse(LedgerError):
    """A process has the database open that is to be replaced. Data: place."""

    key = "ledger.in-use"


def release(file: Path) -> None:
    """Fold the write-ahead log into the file. SQLite refuses while anybody has it open, which is what we want to know.

    Raises DatabaseInUse. A damaged file, or one that is no database, stays as it is.
    """
    # SQLite would delete the log of a file that it does not recognise, and with it what could still be saved.
    if not _recognised(file):
        return
    try:
        with closing(connect_sqlite(file, busy_timeout=_PATIENCE)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
            raise DatabaseInUse(place=str(file)) from error


def _recognised(file: Path) -> bool:
    try:
        with file.open("rb") as stream:
            return stream.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False


def change_places(new: Path, target: Path, aside: Path | None) -> None:
    """Rename the target aside, with the log of a damaged one, and the new file into its place: all of it or nothing.

    Raises OSError.
    """
    moves = [
        (target.with_name(target.name + suffix), aside.with_name(aside.name + suffix)) for suffix in ("-wal", "-shm", "") if aside
    ]
    done: list[tuple[Path, Path]] = []
    try:
        for here, there in (*moves, (new, target)):
            if here.exists() or here in {new, target}:
                here.rename(there)
                done.append((here, there))
    except OSError:
        for here, there in reversed(done):
            there.rename(here)
        raise


@contextmanager
def folder_named(target: Path) -> Iterator[None]:
    """A refusal of the file system in this block names the folder of the database; raises LedgerFolder."""
    try:
        yield
    except OSError as error:
        raise LedgerFolder(place=str(target), folder=str(target.parent), reason=error.strerror or str(error)) from error
