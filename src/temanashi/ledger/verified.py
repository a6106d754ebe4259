"""What the last verification found, kept in a file beside the checkpoints, and what can be seen of the chain at a glance.

A glance reads two records, not the chain: it can contradict the last verification, and never takes its place.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy import Connection, select

from temanashi.ledger.checkpoints import CHECKPOINTS, KEYS, Checkpoint, latest_checkpoint, signed_by
from temanashi.ledger.keys import trusted_key
from temanashi.ledger.ledger import Ledger
from temanashi.ledger.tables import ledger
from temanashi.ledger.verification import Verification

__all__ = ["ChainStatus", "Verified", "chain_status", "keep_verification", "last_verification"]

_FILE = "verified.json"
STALE_SECONDS = 2 * 24 * 3600
"""The watch verifies once a day."""

State = Literal["intact", "altered", "cannot_tell", "never", "contradicted", "stale"]


class Verified(BaseModel):
    """A verification and when it was made (aware UTC)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: datetime
    found: Verification


class ChainStatus(BaseModel):
    """What is known of the chain. `intact` only where a recent verification said so and nothing at a glance contradicts it.

    `unverified` records came after the last verification. `sealed`: the newest checkpoint is signed by the key of this
    installation and names a record that is there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    state: State
    head: int
    verified: Verified | None
    unverified: int
    checkpoint: Checkpoint | None
    sealed: bool


def keep_verification(state: Path, found: Verification, at: datetime) -> bool:
    """Keep what was found; False where the folder cannot be written to. Never raises."""
    part = state / f".{_FILE}.part"
    try:
        part.write_text(Verified(at=at, found=found).model_dump_json(), encoding="utf-8")
        part.replace(state / _FILE)
    except OSError:
        return False
    return True


def last_verification(state: Path) -> Verified | None:
    """The last verification; None where there was none, or what is kept of it cannot be read."""
    try:
        return Verified.model_validate_json((state / _FILE).read_bytes())
    except (OSError, ValidationError):
        return None


def chain_status(book: Ledger, connection: Connection, *, state: Path, now: datetime) -> ChainStatus:
    """What is known at this moment; raises BadSigningKey."""
    head = book.head(connection)
    verified, checkpoint = last_verification(state), latest_checkpoint(state / CHECKPOINTS)
    trusted = trusted_key(state / KEYS)
    sealed = checkpoint is not None and trusted is not None and signed_by(checkpoint, trusted)
    agrees = not sealed or checkpoint is None or _agrees(connection, book.chain, checkpoint.seq, checkpoint.hash)
    return ChainStatus(
        state=_state(book, connection, verified, agrees=agrees and (sealed or checkpoint is None), now=now),
        head=head.seq,
        verified=verified,
        unverified=max(head.seq - verified.found.head, 0) if verified else head.seq,
        checkpoint=checkpoint,
        sealed=sealed and agrees,
    )


def _state(book: Ledger, connection: Connection, verified: Verified | None, *, agrees: bool, now: datetime) -> State:
    if not agrees:
        return "contradicted"
    if verified is None:
        return "never"
    found = verified.found
    if found.status != "intact":
        return found.status
    if not _agrees(connection, book.chain, found.head, found.head_hash):
        return "contradicted"
    return "stale" if (now - verified.at).total_seconds() > STALE_SECONDS else "intact"


def _agrees(connection: Connection, chain: str, seq: int, own_hash: str) -> bool:
    if seq == 0:
        return True
    where = (ledger.c.chain == chain) & (ledger.c.seq == seq)
    return connection.execute(select(ledger.c.hash).where(where)).scalar() == own_hash
