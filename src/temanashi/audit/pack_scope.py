"""What belongs into an evidence pack: the records of a run, a ticket or a period, and the checkpoint that vouches for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection, select

from temanashi.audit.faults import NothingToPack
from temanashi.audit.periods import period_of
from temanashi.ledger.chain import stamp
from temanashi.ledger.checkpoints import Checkpoint, read_checkpoints, signed_by
from temanashi.ledger.marks import marks, value_of
from temanashi.ledger.tables import ledger, of_runs

__all__ = ["Scope", "seqs_of", "vouching_checkpoint"]

_BATCH = 400
_T = TypeVar("_T", int, str)


class Scope(BaseModel):
    """What was asked for: the id of a run, a ticket, a period as `periods` reads it, or an access review by its id."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sort: Literal["run", "ticket", "period", "review"]
    value: str


def seqs_of(connection: Connection, scope: Scope, *, zone: ZoneInfo, chain: str = "main") -> list[int]:
    """The numbers of the records, in order: whole runs, and single records. Raises NothingToPack and BadPeriod.

    A period holds every record of its days, and all of every run that has one among them.
    """
    if scope.sort == "run":
        found = set(_of(connection, [scope.value], chain)) if scope.value else set()
    elif scope.sort == "review":
        found = _of_review(connection, scope.value, chain)
    elif scope.sort == "ticket":
        here = (marks.c.chain == chain) & (marks.c.facet == "ticket") & (marks.c.value == value_of(scope.value))
        found = _whole(connection, connection.scalars(select(marks.c.entry).where(here)).all(), chain)
    else:
        since, until = period_of(scope.value).bounds(zone)
        days = (ledger.c.recorded_at >= stamp(since)) & (ledger.c.recorded_at < stamp(until))
        found = _whole(connection, connection.scalars(select(ledger.c.seq).where(ledger.c.chain == chain, days)).all(), chain)
    if not found:
        raise NothingToPack(scope.value)
    return sorted(found)


def _of_review(connection: Connection, review: str, chain: str) -> set[int]:
    """The review's own records, and the runs that carried it out: the review is their ticket."""
    own = (ledger.c.kind == "account_review") & (ledger.c.slot == f"review:{review}")
    found = set(connection.scalars(select(ledger.c.seq).where(ledger.c.chain == chain, own)))
    here = (marks.c.chain == chain) & (marks.c.facet == "ticket") & (marks.c.value == value_of(review))
    return found | _whole(connection, connection.scalars(select(marks.c.entry).where(here)).all(), chain) if found else set()


def _whole(connection: Connection, seqs: Sequence[int], chain: str) -> set[int]:
    """These records, and the other records of the runs that they belong to."""
    found, runs = set(seqs), set[str]()
    for some in _batches(sorted(found)):
        query = select(ledger.c.run).where(ledger.c.chain == chain, ledger.c.seq.in_(some)).distinct()
        runs |= set(connection.scalars(query)) - {""}
    for named in _batches(sorted(runs)):
        found |= set(_of(connection, named, chain))
    return found


def _of(connection: Connection, runs: Sequence[str], chain: str) -> Iterable[int]:
    return connection.scalars(select(ledger.c.seq).where(of_runs(runs, chain)))


def _batches(items: Sequence[_T]) -> Iterable[Sequence[_T]]:
    return (items[start : start + _BATCH] for start in range(0, len(items), _BATCH))


def vouching_checkpoint(folder: Path, *, last: int, trusted: str, chain: str = "main") -> Checkpoint | None:
    """The first checkpoint that vouches for a record; the same one whenever the pack is made, unless a restore took it back."""
    good = [
        one for one in read_checkpoints(folder) if isinstance(one, Checkpoint) and one.chain == chain and signed_by(one, trusted)
    ]
    binding = [one for one in good if not any(later.takes_back(one) for later in good)]
    return next((one for one in sorted(binding, key=lambda one: one.number) if one.seq >= last), None)
