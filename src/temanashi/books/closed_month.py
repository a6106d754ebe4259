"""A closed month and what leads to it, as data: the issued files, the state of the ledger, and who laid it before whom."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field, NonNegativeInt

from temanashi.books.figures import MonthFigures
from temanashi.books.prior import PriorEntry
from temanashi.books.tasks import Frozen

__all__ = ["Closing", "IssuedFile", "Prepared", "SealedHead"]


class IssuedFile(Frozen):
    """A face of the issued report: its name, and what its bytes (UTF-8) must be."""

    name: str
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    bytes: NonNegativeInt


class SealedHead(Frozen):
    """The signed checkpoint that stood when a month was closed: everything up to `seq` is what its figures were made from."""

    number: NonNegativeInt
    chain: str
    seq: NonNegativeInt
    hash: str
    at: datetime


class Prepared(Frozen):
    """A month's figures, report and prior-period entries as somebody laid them before an approver.

    `refused_by` and `reason`: why it waits no longer.
    """

    month: str
    digest: str
    figures: MonthFigures
    files: tuple[IssuedFile, ...]
    prior: tuple[PriorEntry, ...]
    missing: tuple[str, ...]
    preparer: str
    at: datetime
    note: str
    seq: NonNegativeInt
    refused_by: str = ""
    reason: str = ""


class Closing(Frozen):
    """A closed month: what was issued, by whom, and on which state of the ledger.

    `prior` are the entries about earlier months that were posted in it; `corrections` those about this month that were approved
    after it was closed, and are posted later.
    """

    month: str
    figures: MonthFigures
    files: tuple[IssuedFile, ...]
    digest: str
    preparer: str
    approver: str
    prepared_at: datetime
    closed_at: datetime
    checkpoint: SealedHead
    prior: tuple[PriorEntry, ...] = ()
    corrections: tuple[PriorEntry, ...] = ()
    note: str = ""
    prepared_seq: NonNegativeInt
    seq: NonNegativeInt
