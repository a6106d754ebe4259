"""Proving a ledger that is to be put back, before anything is touched."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from temanashi.clock import Clock
from temanashi.errors import LedgerError
from temanashi.ledger.backup import checkpoint_beside
from temanashi.ledger.checkpoints import Checkpoint, Seal, read_checkpoint, read_checkpoints, signed_by
from temanashi.ledger.database import Database, open_database
from temanashi.ledger.faults import LedgerMissing
from temanashi.ledger.keys import public_key_of
from temanashi.ledger.ledger import Ledger
from temanashi.ledger.verification import Verification, verify

__all__ = ["BackupAltered", "Proof", "prove", "prove_backup"]


class BackupAltered(LedgerError):
    """The ledger to be restored is not what was written. Data: file, seq, problem (a Phrase)."""

    key = "ledger.backup-altered"


class Proof(NamedTuple):
    """What verification found, and the number of the checkpoint that lay beside (0: of another installation; None: none)."""

    found: Verification
    number: int | None


def prove_backup(source: Path, *, clock: Clock, seal: Seal, chain: str) -> Proof:
    """Prove a backup with the checkpoint beside it; raises LedgerMissing, BackupAltered and the errors of the database."""
    if not source.is_file():
        raise LedgerMissing(place=str(source))
    beside = checkpoint_beside(source)
    with closing(open_database(source, clock=clock, read_only=True)) as backup:
        return prove(backup, beside if beside.exists() else None, clock=clock, seal=seal, chain=chain)


def prove(database: Database, beside: Path | None, *, clock: Clock, seal: Seal, chain: str) -> Proof:
    """Prove a ledger that is older than the newest checkpoints; raises BackupAltered.

    With its own checkpoint beside it, it must agree with that and with those before it; without, with all that it reaches. Those
    of this installation say nothing about a backup of another one.
    """
    own = read_checkpoint(beside) if beside else None
    trusted = public_key_of(seal.key)
    checkpoints, number = read_checkpoints(seal.folder), None
    if isinstance(own, Checkpoint) and signed_by(own, trusted):
        number = own.number
        checkpoints = (own, *(each for each in checkpoints if isinstance(each, Checkpoint) and each.number < own.number))
    elif own is not None:
        checkpoints, number = (own,), 0
    with database.reading() as connection:
        reach = Ledger(database, clock=clock, chain=chain).head(connection).seq if own is None else None
        found = verify(connection, checkpoints=checkpoints, trusted_key=trusted, chain=chain, ignore_beyond=reach)
    if found.status == "altered":
        raise BackupAltered(file=database.place, seq=found.bad_seq, problem=found.problem)
    return Proof(found, number)
