"""How a month was closed, as its report tells it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict, NonNegativeInt

from temanashi.books.closing import Closing
from temanashi.books.figures import MonthFigures, Sums
from temanashi.books.prior import PriorEntry

__all__ = ["ClosingSeen", "closing_seen"]


class ClosingSeen(BaseModel):
    """Who prepared and approved a closed month, on which checkpoint, and what is different by now.

    For a month that is not closed only `prior` is told: what it posts about earlier ones. `restated` is what the ledger tells of a
    closed month now, None where that is what was issued.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    preparer: str = ""
    approver: str = ""
    closed_at: datetime | None = None
    note: str = ""
    number: NonNegativeInt = 0
    seq: NonNegativeInt = 0
    hash: str = ""
    digest: str = ""
    prior: tuple[PriorEntry, ...] = ()
    corrections: tuple[PriorEntry, ...] = ()
    restated: Sums | None = None


def closing_seen(
    closing: Closing | None, restated: MonthFigures | None = None, posting: Sequence[PriorEntry] = ()
) -> ClosingSeen | None:
    """Of a closed month, or of an open one that posts something; None where there is nothing to tell."""
    if closing is None:
        return ClosingSeen(prior=tuple(posting)) if posting else None
    different = restated is not None and restated.sums != closing.figures.sums
    return ClosingSeen(
        preparer=closing.preparer,
        approver=closing.approver,
        closed_at=closing.closed_at,
        note=closing.note,
        number=closing.checkpoint.number,
        seq=closing.checkpoint.seq,
        hash=closing.checkpoint.hash,
        digest=closing.digest,
        prior=closing.prior,
        corrections=closing.corrections,
        restated=restated.sums if restated is not None and different else None,
    )
