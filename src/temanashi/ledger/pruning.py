"""Removing bodies at the end of their retention. Envelopes, hashes and the chain stay; a `pruned` record says what went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from sqlalchemy import ColumnElement, Connection, func, select, update

from temanashi.ledger.chain import stamp
from temanashi.ledger.ledger import Ledger
from temanashi.ledger.records import Draft, Kind, Record
from temanashi.ledger.tables import bodies, ledger
from temanashi.people import Actor

__all__ = ["KEPT", "PRUNABLE", "PruneDue", "Pruned", "due_for_pruning", "prune"]

KEPT: frozenset[Kind] = frozenset(
    {
        "demand",
        "task_version",
        "investment",
        "census",
        "baseline_frozen",
        "month_issued",
        "month_prepared",
        "month_closed",
        "correction",
        "incident",
        "alert",
        "account_review",
        "published",
        "publication",
        "checkpoint",
        "restored",
        "pruned",
    }
)
"""Kinds whose bodies stay: numbers are computed from them, or they explain the chain itself."""

PRUNABLE: tuple[Kind, ...] = tuple(kind for kind in get_args(Kind) if kind not in KEPT)

_CHUNK = 500


@dataclass(frozen=True)
class Pruned:
    """How many bodies went, their sequence numbers as ranges (both ends included), and the record that says so.

    `record` is None where nothing was due.
    """

    count: int
    ranges: tuple[tuple[int, int], ...]
    record: Record | None


@dataclass(frozen=True)
class PruneDue:
    """What a pruning would remove: bodies by kind, characters, the first and the last of their records, and how many runs."""

    kinds: dict[str, int]
    characters: int
    first: datetime | None
    last: datetime | None
    runs: int

    @property
    def count(self) -> int:
        """How many bodies."""
        return sum(self.kinds.values())


def due_for_pruning(connection: Connection, *, before: datetime, chain: str = "main") -> PruneDue:
    """What `prune` would remove, with nothing removed."""
    joined = ledger.join(bodies, (bodies.c.chain == ledger.c.chain) & (bodies.c.seq == ledger.c.seq))
    wanted = _where(chain, before)
    size = func.sum(func.length(bodies.c.text))
    counted = select(ledger.c.kind, func.count(), size, func.min(ledger.c.recorded_at), func.max(ledger.c.recorded_at))
    rows = connection.execute(counted.select_from(joined).where(*wanted).group_by(ledger.c.kind).order_by(ledger.c.kind)).all()
    runs = select(func.count(ledger.c.run.distinct())).select_from(joined).where(*wanted, ledger.c.run != "")
    return PruneDue(
        kinds={row[0]: row[1] for row in rows},
        characters=sum(row[2] for row in rows),
        first=datetime.fromisoformat(min(row[3] for row in rows)) if rows else None,
        last=datetime.fromisoformat(max(row[4] for row in rows)) if rows else None,
        runs=int(connection.execute(runs).scalar_one()),
    )


def prune(connection: Connection, ledger_: Ledger, *, before: datetime, actor: Actor, reason: str = "") -> Pruned:
    """Empty the bodies recorded before a moment, in the caller's transaction."""
    seqs = _due(connection, ledger_.chain, before)
    if not seqs:
        return Pruned(0, (), None)
    for start in range(0, len(seqs), _CHUNK):
        chosen = (bodies.c.chain == ledger_.chain) & bodies.c.seq.in_(seqs[start : start + _CHUNK])
        connection.execute(update(bodies).where(chosen).values(text=None, salt=None))
    ranges = _ranges(seqs)
    draft = Draft(
        kind="pruned",
        actor=actor.name,
        actor_kind=actor.kind,
        assurance=actor.assurance,
        reason=reason,
        body={"before": stamp(before), "count": len(seqs), "ranges": [list(each) for each in ranges]},
    )
    return Pruned(len(seqs), ranges, ledger_.append(connection, draft))


def _where(chain: str, before: datetime) -> tuple[ColumnElement[bool], ...]:
    old = ledger.c.recorded_at < stamp(before)
    return ledger.c.chain == chain, ledger.c.kind.in_(PRUNABLE), old, bodies.c.text.is_not(None)


def _due(connection: Connection, chain: str, before: datetime) -> list[int]:
    joined = ledger.join(bodies, (bodies.c.chain == ledger.c.chain) & (bodies.c.seq == ledger.c.seq))
    query = select(ledger.c.seq).select_from(joined).where(*_where(chain, before)).order_by(ledger.c.seq)
    return list(connection.execute(query).scalars())


def _ranges(seqs: Sequence[int]) -> tuple[tuple[int, int], ...]:
    ranges: list[tuple[int, int]] = []
    for seq in seqs:
        if ranges and ranges[-1][1] == seq - 1:
            ranges[-1] = (ranges[-1][0], seq)
        else:
            ranges.append((seq, seq))
    return tuple(ranges)
