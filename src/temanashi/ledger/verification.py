"""Whether the ledger is as it was written: intact, altered (with the first bad record), or cannot tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection

from temanashi.errors import LedgerError
from temanashi.ledger.chain import GENESIS
from temanashi.ledger.checkpoints import CHECKPOINTS, KEYS, Checkpoint, UnreadableCheckpoint, read_checkpoints, signed_by
from temanashi.ledger.database import Database
from temanashi.ledger.keys import trusted_key as stored_key
from temanashi.ledger.scanning import Scan, scan
from temanashi.ledger.scanning_apart import scan_apart
from temanashi.text.local import Phrase, phrase

__all__ = ["Status", "Verification", "verify", "verify_database"]

Status = Literal["intact", "altered", "cannot_tell"]
Apart = Callable[..., Scan | None]
_EXIT: dict[Status, int] = {"intact": 0, "altered": 1, "cannot_tell": 2}


class Verification(BaseModel):
    """What was found.

    `records` were read and are good; `pruned` of them have lost their body by a recorded pruning; `older` carry an earlier time
    than the record before (a clock was set back). `proven` is the highest sequence number that a signed checkpoint vouches for:
    a tail beyond it could have been cut unseen. `problem` says why it is not intact, `bad_seq` where.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: Status
    chain: str = "main"
    records: int = 0
    head: int = 0
    head_hash: str = GENESIS
    pruned: int = 0
    older: int = 0
    proven: int = 0
    bad_seq: int | None = None
    problem: Phrase | None = None
    notes: tuple[Phrase, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 intact, 1 altered, 2 cannot tell."""
        return _EXIT[self.status]


def verify(
    connection: Connection,
    *,
    checkpoints: Sequence[Checkpoint | UnreadableCheckpoint] = (),
    trusted_key: str | None = None,
    chain: str = "main",
    bodies: bool = True,
    ignore_beyond: int | None = None,
    apart: Apart | None = None,
) -> Verification:
    """Read the whole chain and compare it with itself and with signed checkpoints.

    `trusted_key` is the public key (hex) whose checkpoints count. Without `bodies` only envelopes are proven. Checkpoints past
    `ignore_beyond` do not count: a backup is older than they are. `apart` reads a long chain in parts at once, or says None.
    """
    good, doubts = _sorted_out(checkpoints, trusted_key, chain)
    binding, notes = _binding(good)
    if ignore_beyond is not None:
        binding = [checkpoint for checkpoint in binding if checkpoint.seq <= ignore_beyond]
    wanted = {c.seq for c in binding}
    found = apart(connection, chain=chain, bodies=bodies, wanted=wanted) if apart else None
    if found is None:
        found = scan(connection, chain=chain, bodies=bodies, wanted=wanted)
    bad_seq, problem = found.bad_seq, found.problem
    if problem is None:
        bad_seq, problem = _contradiction(binding, found)
    status: Status = "intact"
    if problem is not None:
        status = "altered"
    elif doubts:
        status, problem = "cannot_tell", doubts[0]
    proven = max((c.seq for c in binding), default=0) if problem is None else 0
    return Verification(
        status=status,
        chain=chain,
        records=found.records,
        head=found.seq,
        head_hash=found.hash,
        pruned=found.pruned,
        older=found.older,
        proven=proven,
        bad_seq=bad_seq,
        problem=problem,
        notes=(*notes, *_remarks(found, proven, status)),
    )


def verify_database(
    database: Database,
    *,
    state: Path,
    chain: str = "main",
    bodies: bool = True,
    given: Sequence[Checkpoint] = (),
    trusted_key: str | None = None,
) -> Verification:
    """Verify with the checkpoints and the public key of a state folder; a database that cannot be read is `cannot_tell`.

    `given` are checkpoints that were kept elsewhere, by an auditor; `trusted_key` is that auditor's own copy of the public key.
    """
    try:
        trusted, checkpoints = trusted_key or stored_key(state / KEYS), (*read_checkpoints(state / CHECKPOINTS), *given)
        with database.reading() as connection:
            said: dict[str, Any] = {"checkpoints": checkpoints, "trusted_key": trusted, "chain": chain, "bodies": bodies}
            return verify(connection, apart=partial(scan_apart, address=database.address), **said)
    except LedgerError as error:
        return Verification(status="cannot_tell", chain=chain, problem=phrase(error.key, **error.data))


def _sorted_out(
    checkpoints: Sequence[Checkpoint | UnreadableCheckpoint], trusted: str | None, chain: str
) -> tuple[list[Checkpoint], list[Phrase]]:
    """Checkpoints that count, and why others do not."""
    good, doubts = [], []
    for checkpoint in checkpoints:
        if isinstance(checkpoint, UnreadableCheckpoint):
            doubts.append(phrase("ledger.checkpoint-unreadable", file=checkpoint.file))
        elif checkpoint.chain != chain:
            continue
        elif trusted is None:
            doubts.append(phrase("ledger.no-trusted-key"))
        elif checkpoint.public_key != trusted:
            doubts.append(phrase("ledger.checkpoint-foreign", number=checkpoint.number))
        elif not signed_by(checkpoint, trusted):
            doubts.append(phrase("ledger.checkpoint-forged", number=checkpoint.number))
        else:
            good.append(checkpoint)
    return good, doubts


def _binding(good: list[Checkpoint]) -> tuple[list[Checkpoint], list[Phrase]]:
    """Checkpoints that a signed restore did not take back, and a note for each restore."""
    restores = [c for c in good if c.restored_to is not None]
    binding = [each for each in good if not any(restore.takes_back(each) for restore in restores)]
    return binding, [phrase("ledger.was-restored", seq=r.restored_to, at=r.at.isoformat(timespec="seconds")) for r in restores]


def _contradiction(binding: list[Checkpoint], found: Scan) -> tuple[int | None, Phrase | None]:
    """The lowest record on which the chain and a checkpoint disagree."""
    for checkpoint in sorted(binding, key=lambda c: c.seq):
        at = checkpoint.at.isoformat(timespec="seconds")
        if checkpoint.seq > found.seq:
            return found.seq + 1, phrase("ledger.tail-cut", head=found.seq, seq=checkpoint.seq, at=at)
        if found.hashes.get(checkpoint.seq, GENESIS) != checkpoint.hash:
            return checkpoint.seq, phrase("ledger.recomputed", seq=checkpoint.seq, at=at)
    return None, None


def _remarks(found: Scan, proven: int, status: Status) -> list[Phrase]:
    remarks = []
    if status != "altered" and proven < found.seq:
        remarks.append(phrase("ledger.tail-not-proven", proven=proven, head=found.seq))
    if found.older:
        remarks.append(phrase("ledger.clock-set-back", count=found.older))
    return remarks
