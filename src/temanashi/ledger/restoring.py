"""Putting a backup in the place of the database, and recording that it was done."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from temanashi.clock import Clock
from temanashi.errors import LedgerError
from temanashi.ledger.addresses import address_of
from temanashi.ledger.backup import PostgresqlBackup, checkpoint_beside, copy_sqlite
from temanashi.ledger.checkpoints import Checkpoint, Seal, read_checkpoint, read_checkpoints, write_checkpoint
from temanashi.ledger.database import BUSY_TIMEOUT, Database, open_database
from temanashi.ledger.faults import LedgerFolder, LedgerMissing
from temanashi.ledger.keys import public_key_of
from temanashi.ledger.ledger import Ledger
from temanashi.ledger.losses import Losses, losses
from temanashi.ledger.records import Draft, Record
from temanashi.ledger.sqlite import connect_sqlite
from temanashi.ledger.verification import Verification, verify
from temanashi.people import Actor

__all__ = ["BackupAltered", "DatabaseInUse", "RestoreWouldOverwrite", "Restored", "record_restore", "restore"]

_PATIENCE = 2.0
"""Seconds that we wait for another process to let go of the database that is replaced."""


class BackupAltered(LedgerError):
    """The ledger to be restored is not what was written. Data: file, seq, problem (a Phrase)."""

    key = "ledger.backup-altered"


class RestoreWouldOverwrite(LedgerError):
    """There is a database already, and nobody said that it may be replaced. Data: place."""

    key = "ledger.restore-would-overwrite"


class DatabaseInUse(LedgerError):
    """A process has the database open that is to be replaced. Data: place."""

    key = "ledger.in-use"


class Restored(NamedTuple):
    """What a restore did: its record (`record.seq - 1` is where the backup ended), how far the backup was proven, what was lost.

    `lost` is None where nothing was replaced or the replaced database cannot be read; that one lies at `kept_aside`.
    """

    record: Record
    verification: Verification
    lost: Losses | None
    kept_aside: Path | None


def restore(
    source: Path,
    url: str,
    *,
    actor: Actor,
    clock: Clock,
    seal: Seal,
    overwrite: bool = False,
    reason: str = "",
    chain: str = "main",
) -> Restored:
    """Verify a backup, put it in the place of the SQLite database at `url`, and append a `restored` record with a checkpoint.

    Nothing is touched before the backup has proven good; the replaced database is kept beside, renamed. Raises PostgresqlBackup,
    LedgerMissing, BackupAltered, RestoreWouldOverwrite, DatabaseInUse, LedgerFolder and the errors of the database.
    """
    target = address_of(url).file
    if target is None:
        raise PostgresqlBackup(place=address_of(url).place)
    verification = _examined(source, clock=clock, seal=seal, chain=chain)
    there = target.exists()
    if there and not overwrite:
        raise RestoreWouldOverwrite(place=str(target))
    if there:
        _release(target)
    lost = losses(target, source, clock=clock, chain=chain) if there else None
    body = {"source": source.name, "backup": verification.status, "replaced": there, "lost": lost.as_json() if lost else None}
    draft = _draft(actor, reason, body)
    aside = target.with_name(f"{target.name}.replaced-{clock.now():%Y%m%dT%H%M%S%fZ}") if there else None
    try:
        part = target.with_name(f".{target.name}.restoring")
        record = _prepared(source, part, draft=draft, clock=clock, chain=chain)
        if aside:
            _move(target, aside)
        part.rename(target)
    except OSError as error:
        raise LedgerFolder(place=str(target), folder=str(target.parent), reason=error.strerror or str(error)) from error
    with closing(open_database(url, clock=clock)) as database:
        write_checkpoint(Ledger(database, clock=clock, chain=chain), seal=seal, clock=clock, restored_to=record.seq - 1)
    return Restored(record, verification, lost, aside)


def record_restore(
    database: Database, *, actor: Actor, clock: Clock, seal: Seal, reason: str = "", chain: str = "main"
) -> Restored:
    """Append the `restored` record to a database that other tools put back (PostgreSQL: pg_restore), with a checkpoint.

    Raises BackupAltered when the ledger contradicts itself or a checkpoint within it.
    """
    ledger = Ledger(database, clock=clock, chain=chain)
    verification = _verified(database, None, clock=clock, seal=seal, chain=chain)
    body = {"source": "", "backup": verification.status, "replaced": True, "lost": None}
    with database.transaction() as connection:
        record = ledger.append(connection, _draft(actor, reason, body))
    write_checkpoint(ledger, seal=seal, clock=clock, restored_to=record.seq - 1)
    return Restored(record, verification, None, None)


def _examined(source: Path, *, clock: Clock, seal: Seal, chain: str) -> Verification:
    if not source.is_file():
        raise LedgerMissing(place=str(source))
    beside = checkpoint_beside(source)
    with closing(open_database(source, clock=clock, read_only=True)) as backup:
        return _verified(backup, beside if beside.exists() else None, clock=clock, seal=seal, chain=chain)


def _verified(database: Database, beside: Path | None, *, clock: Clock, seal: Seal, chain: str) -> Verification:
    """Prove a ledger that is older than the newest checkpoints: by those that it reaches, and by the one that lies beside it."""
    own = [read_checkpoint(beside)] if beside else []
    with database.reading() as connection:
        reach = max(
            [Ledger(database, clock=clock, chain=chain).head(connection).seq, *(c.seq for c in own if isinstance(c, Checkpoint))]
        )
        verification = verify(
            connection,
            checkpoints=(*own, *read_checkpoints(seal.folder)),
            trusted_key=public_key_of(seal.key),
            chain=chain,
            ignore_beyond=reach,
        )
    if verification.status == "altered":
        raise BackupAltered(file=database.place, seq=verification.bad_seq, problem=verification.problem)
    return verification


def _draft(actor: Actor, reason: str, body: dict[str, Any]) -> Draft:
    return Draft(kind="restored", actor=actor.name, actor_kind=actor.kind, assurance=actor.assurance, reason=reason, body=body)


def _prepared(source: Path, part: Path, *, draft: Draft, clock: Clock, chain: str) -> Record:
    """Make the database that will take the place: a copy of the backup, brought up to date, with the `restored` record."""
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_CREAT | os.O_RDWR, 0o600))
    copy_sqlite(source, part, busy_timeout=BUSY_TIMEOUT)
    with closing(open_database(part, clock=clock)) as database, database.transaction() as connection:
        record = Ledger(database, clock=clock, chain=chain).append(connection, draft)
    _release(part)
    return record


def _release(file: Path) -> None:
    """Fold the write-ahead log into the file. SQLite refuses while anybody has it open, which is what we want to know."""
    try:
        with closing(connect_sqlite(file, busy_timeout=_PATIENCE)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
            raise DatabaseInUse(place=str(file)) from error
        # Damaged, or no database: it is moved aside as it is.


def _move(file: Path, aside: Path) -> None:
    file.rename(aside)
    for suffix in ("-wal", "-shm"):
        log = file.with_name(file.name + suffix)
        if log.exists():
            log.rename(aside.with_name(aside.name + suffix))
