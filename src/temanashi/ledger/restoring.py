"""Putting a backup in the place of the database, and recording that it was done."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from temanashi.clock import Clock
from temanashi.errors import LedgerError
from temanashi.ledger.addresses import address_of
from temanashi.ledger.backup import PostgresqlBackup, checkpoint_beside, copy_sqlite
from temanashi.ledger.checkpoints import Seal, file_of, place_checkpoint, write_checkpoint
from temanashi.ledger.database import BUSY_TIMEOUT, Database, open_database
from temanashi.ledger.faults import LedgerFolder
from temanashi.ledger.ledger import Head, Ledger
from temanashi.ledger.losses import Losses, losses
from temanashi.ledger.proving import prove, prove_backup
from temanashi.ledger.records import Draft, Record
from temanashi.ledger.replacing import change_places, folder_named, release
from temanashi.ledger.verification import Verification
from temanashi.people import Actor

__all__ = ["RestoreWouldOverwrite", "Restored", "record_restore", "restore"]


class RestoreWouldOverwrite(LedgerError):
    """There is a database already, and nobody said that it may be replaced. Data: place."""

    key = "ledger.restore-would-overwrite"


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

    Nothing is touched before the backup has proven good; the replaced database is kept beside, renamed and sealed, and can be put
    back the same way. A backup of another installation is accepted, and recorded as not proven. Raises PostgresqlBackup,
    LedgerMissing, BackupAltered, RestoreWouldOverwrite, DatabaseInUse, LedgerFolder, CheckpointUnwritable and the errors of the
    database.
    """
    target = address_of(url).file
    if target is None:
        raise PostgresqlBackup(place=address_of(url).place)
    proof = prove_backup(source, clock=clock, seal=seal, chain=chain)
    lost, there = None, target.exists()
    if there:
        if not overwrite:
            raise RestoreWouldOverwrite(place=str(target))
        release(target)
        lost = losses(target, source, clock=clock, chain=chain)
    body = {"source": source.name, "backup": proof.found.status, "replaced": there, "lost": lost.as_json() if lost else None}
    part = target.with_name(f".{target.name}.restoring")
    ledger, record = _prepared(source, part, target, draft=_draft(actor, reason, body), clock=clock, chain=chain)
    kept_aside = target.with_name(f"{target.name}.replaced-{clock.now():%Y%m%dT%H%M%S%fZ}") if there else None
    if lost and kept_aside:
        kept = write_checkpoint(ledger, seal=seal, clock=clock, head=Head(lost.head, lost.head_hash))
        with folder_named(target):
            place_checkpoint(kept, checkpoint_beside(kept_aside))
    # Signed before the files change places: were it the other way round, a crash between would leave a ledger that looks cut.
    head = Head(record.seq, record.hash)
    new = write_checkpoint(ledger, seal=seal, clock=clock, head=head, restored_to=record.seq - 1, restored_from=proof.number)
    try:
        with folder_named(target):
            change_places(part, target, kept_aside)
    except LedgerFolder:
        file_of(new, seal.folder).unlink(missing_ok=True)
        if kept_aside:
            checkpoint_beside(kept_aside).unlink(missing_ok=True)
        raise
    return Restored(record, proof.found, lost, kept_aside)


def record_restore(
    database: Database, *, actor: Actor, clock: Clock, seal: Seal, reason: str = "", chain: str = "main"
) -> Restored:
    """Append the `restored` record to a database that other tools put back (PostgreSQL: pg_restore), with a checkpoint.

    Raises BackupAltered when the ledger contradicts itself or a checkpoint within it.
    """
    ledger = Ledger(database, clock=clock, chain=chain)
    proof = prove(database, None, clock=clock, seal=seal, chain=chain)
    body = {"source": "", "backup": proof.found.status, "replaced": True, "lost": None}
    with database.transaction() as connection:
        record = ledger.append(connection, _draft(actor, reason, body))
    write_checkpoint(ledger, seal=seal, clock=clock, restored_to=record.seq - 1)
    return Restored(record, proof.found, None, None)


def _draft(actor: Actor, reason: str, body: dict[str, Any]) -> Draft:
    return Draft(kind="restored", actor=actor.name, actor_kind=actor.kind, assurance=actor.assurance, reason=reason, body=body)


def _prepared(source: Path, part: Path, target: Path, *, draft: Draft, clock: Clock, chain: str) -> tuple[Ledger, Record]:
    """Make the file that will take the place: a copy of the backup, brought up to date, with the `restored` record."""
    with folder_named(target):
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_CREAT | os.O_RDWR, 0o600))
        copy_sqlite(source, part, busy_timeout=BUSY_TIMEOUT)
    with closing(open_database(part, clock=clock)) as database:
        ledger = Ledger(database, clock=clock, chain=chain)
        with database.transaction() as connection:
            record = ledger.append(connection, draft)
    release(part)
    return ledger, record
