"""Signed checkpoints outside the database: only they show that a tail was cut or a whole chain recomputed.

A checkpoint is a small JSON file with an Ed25519 signature (RFC 8032) over its canonical JSON without `signature`, behind a domain
prefix.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Literal, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import BaseModel, ConfigDict, NonNegativeInt, ValidationError

from temanashi.canonical import canonical_json
from temanashi.clock import Clock
from temanashi.errors import LedgerError
from temanashi.ledger.keys import place_file, public_key_of, signing_key
from temanashi.ledger.ledger import Head, Ledger

__all__ = [
    "CHECKPOINTS",
    "KEYS",
    "Checkpoint",
    "CheckpointUnwritable",
    "Seal",
    "UnreadableCheckpoint",
    "file_of",
    "latest_checkpoint",
    "open_seal",
    "place_checkpoint",
    "read_checkpoint",
    "read_checkpoints",
    "signed_by",
    "write_checkpoint",
]

DOMAIN = b"temanashi/ledger/checkpoint/1\n"
KEYS, CHECKPOINTS = "keys", "checkpoints"


class CheckpointUnwritable(LedgerError):
    """A checkpoint cannot be written. Data: folder, reason."""

    key = "ledger.checkpoint-unwritable"


class Checkpoint(BaseModel):
    """What the head of a chain was at a moment, signed.

    `number` orders the checkpoints of a folder. `restored_to` says that a backup was restored: earlier checkpoints beyond that
    sequence number no longer bind. `restored_from` is the number of the checkpoint that lay beside the backup, 0 for a backup
    of another installation: none between that one and this binds, the ledger took another way there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    number: NonNegativeInt
    chain: str
    seq: NonNegativeInt
    hash: str
    at: datetime
    restored_to: NonNegativeInt | None = None
    restored_from: NonNegativeInt | None = None
    public_key: str
    signature: str = ""

    def takes_back(self, earlier: Checkpoint) -> bool:
        """Whether this checkpoint of a restore unbinds an earlier one."""
        if self.restored_to is None or earlier.number >= self.number:
            return False
        return earlier.seq > self.restored_to or (self.restored_from is not None and earlier.number > self.restored_from)

    def signed_text(self) -> bytes:
        """The bytes under the signature."""
        return DOMAIN + canonical_json(self.model_dump(mode="json", exclude={"signature"})).encode()


class Seal(NamedTuple):
    """What signs checkpoints, and the folder outside the database where they go."""

    key: Ed25519PrivateKey
    folder: Path


class UnreadableCheckpoint(BaseModel):
    """A file among the checkpoints that is none; verification cannot tell with it around."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str


def signed_by(checkpoint: Checkpoint, public_key: str) -> bool:
    """Whether this key signed exactly this checkpoint."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(
            bytes.fromhex(checkpoint.signature), checkpoint.signed_text()
        )
    except (InvalidSignature, ValueError):
        return False
    return checkpoint.public_key == public_key


def open_seal(state: Path) -> Seal:
    """The seal of an installation: its key in `state/keys` (made on first use), checkpoints in `state/checkpoints`."""
    return Seal(signing_key(state / KEYS), state / CHECKPOINTS)


def write_checkpoint(
    ledger: Ledger,
    *,
    seal: Seal,
    clock: Clock,
    head: Head | None = None,
    restored_to: int | None = None,
    restored_from: int | None = None,
) -> Checkpoint:
    """Sign the committed head of a chain (or an earlier one) into the next file of the seal's folder.

    Raises CheckpointUnwritable and the errors of the database.
    """
    if head is None:
        with ledger.database.reading() as connection:
            head = ledger.head(connection)
    ledger.database.settle()
    try:
        seal.folder.mkdir(parents=True, exist_ok=True)
        number = max((int(file.stem.rpartition("-")[2]) for file in _files(seal.folder)), default=0)
        while True:
            number += 1
            checkpoint = _signed(
                Checkpoint(
                    number=number,
                    chain=ledger.chain,
                    seq=head.seq,
                    hash=head.hash,
                    at=clock.now(),
                    restored_to=restored_to,
                    restored_from=restored_from,
                    public_key=public_key_of(seal.key),
                ),
                seal.key,
            )
            # Another process may have taken the number meanwhile.
            if place_checkpoint(checkpoint, file_of(checkpoint, seal.folder)):
                return checkpoint
    except OSError as error:
        raise CheckpointUnwritable(folder=str(seal.folder), reason=error.strerror or str(error)) from error


def place_checkpoint(checkpoint: Checkpoint, file: Path) -> bool:
    """Write one checkpoint, whole; False where the file exists. Raises OSError."""
    return place_file(file, (canonical_json(checkpoint.model_dump(mode="json")) + "\n").encode(), 0o644)


def read_checkpoint(file: Path) -> Checkpoint | UnreadableCheckpoint:
    """One checkpoint file; what it says is believed only after `signed_by`."""
    try:
        return Checkpoint.model_validate_json(file.read_bytes())
    except (OSError, ValidationError):
        return UnreadableCheckpoint(file=str(file))


def read_checkpoints(folder: Path) -> tuple[Checkpoint | UnreadableCheckpoint, ...]:
    """Every checkpoint of a folder in the order of their numbers; empty where there is no folder."""
    return tuple(read_checkpoint(file) for file in sorted(_files(folder)))


def latest_checkpoint(folder: Path) -> Checkpoint | None:
    """The checkpoint with the highest number, as it says; None where there is none, or none that can be read."""
    file = max(_files(folder), default=None)
    found = read_checkpoint(file) if file is not None else None
    return found if isinstance(found, Checkpoint) else None


def file_of(checkpoint: Checkpoint, folder: Path) -> Path:
    """Where a checkpoint lies in its folder."""
    return folder / f"checkpoint-{checkpoint.number:08d}.json"


def _signed(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> Checkpoint:
    return checkpoint.model_copy(update={"signature": key.sign(checkpoint.signed_text()).hex()})


def _files(folder: Path) -> list[Path]:
    return list(folder.glob("checkpoint-[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9].json"))
