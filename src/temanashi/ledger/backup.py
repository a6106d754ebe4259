"""A consistent copy of a SQLite database while it is in use, with a signed checkpoint beside it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from temanashi.clock import Clock
from temanashi.errors import LedgerError
from temanashi.ledger.checkpoints import Checkpoint, Seal, place_checkpoint, write_checkpoint
from temanashi.ledger.database import Database, open_database
from temanashi.ledger.faults import sqlite_fault
from temanashi.ledger.ledger import Ledger
from temanashi.ledger.sqlite import connect_sqlite

__all__ = ["Backup", "BackupExists", "BackupUnwritable", "PostgresqlBackup", "backup", "checkpoint_beside", "copy_sqlite"]


class BackupExists(LedgerError):
    """There is a file already where the backup should go. Data: file."""

    key = "ledger.backup-exists"


class BackupUnwritable(LedgerError):
    """The backup cannot be written. Data: file, reason."""

    key = "ledger.backup-unwritable"


class PostgresqlBackup(LedgerError):
    """PostgreSQL is copied and restored with its own tools. Data: place."""

    key = "ledger.postgresql-backup"


class Backup(NamedTuple):
    """The copy, the checkpoint file beside it and what that says."""

    file: Path
    checkpoint_file: Path
    checkpoint: Checkpoint


def checkpoint_beside(file: Path) -> Path:
    """Where the checkpoint of a backup lies."""
    return file.with_name(file.name + ".checkpoint.json")


def backup(database: Database, destination: Path, *, seal: Seal, clock: Clock, chain: str = "main") -> Backup:
    """Copy the database into a new file, readable for its owner only; writers go on meanwhile.

    Raises BackupExists, BackupUnwritable, PostgresqlBackup, CheckpointUnwritable and the errors of the database.
    """
    source = database.address.file
    if source is None:
        raise PostgresqlBackup(place=database.place)
    beside = checkpoint_beside(destination)
    for file in (destination, beside):
        if file.exists():
            raise BackupExists(file=str(file))
    part = destination.with_name(f".{destination.name}.part")
    try:
        os.close(os.open(part, os.O_CREAT | os.O_TRUNC | os.O_RDWR, 0o600))
        copy_sqlite(source, part, busy_timeout=database.busy_timeout)
        copy = open_database(part, clock=clock, read_only=True)
        with closing(copy), copy.reading() as connection:
            ledger = Ledger(copy, clock=clock, chain=chain)
            head = ledger.head(connection)
        checkpoint = write_checkpoint(ledger, seal=seal, clock=clock, head=head)
        os.link(part, destination)
        place_checkpoint(checkpoint, beside)
    except OSError as error:
        raise BackupUnwritable(file=str(destination), reason=error.strerror or str(error)) from error
    finally:
        part.unlink(missing_ok=True)
    return Backup(destination, beside, checkpoint)


def copy_sqlite(source: Path, destination: Path, *, busy_timeout: float) -> None:
    """Copy one snapshot of a database into an existing file, without a write-ahead log. Raises LedgerError and OSError."""
    try:
        with (
            closing(connect_sqlite(source, busy_timeout=busy_timeout, read_only=True)) as reader,
            closing(sqlite3.connect(destination, isolation_level=None)) as writer,
        ):
            reader.backup(writer)
            writer.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise sqlite_fault(error, place=str(destination), seconds=busy_timeout) from error
    with destination.open("rb") as file:
        os.fsync(file.fileno())
