"""Why a month cannot be prepared, closed, corrected or shown."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from temanashi.errors import InputError, LedgerError
from temanashi.problems import suggestion

__all__ = [
    "AlreadyClosed",
    "BadSeconds",
    "CloserNotAPerson",
    "ClosingUnreadable",
    "CorrectionDecided",
    "CorrectionWithoutReason",
    "IssuedFileAltered",
    "LedgerAltered",
    "MayNotClose",
    "MonthNotOver",
    "NoIssuedFile",
    "NoSuchCorrection",
    "NotACorrectableFigure",
    "NotClosed",
    "NotPrepared",
    "OwnCorrection",
    "OwnPreparation",
    "PreparedChanged",
    "RefusalWithoutReason",
    "TablesDiffer",
    "TextTooLong",
    "UnknownFigure",
    "UnknownTaskOfMonth",
]


class MonthNotOver(InputError):
    """A month that still runs."""

    key = "close.month-not-over"

    def __init__(self, month: str, *, last: date) -> None:
        super().__init__(month=month, last=last.isoformat())


class AlreadyClosed(InputError):
    """A closed month never changes."""

    key = "close.already-closed"

    def __init__(self, month: str, *, approver: str) -> None:
        super().__init__(month=month, approver=approver)


class NotPrepared(InputError):
    """A month that nobody prepared, or whose preparation was refused."""

    key = "close.not-prepared"

    def __init__(self, month: str) -> None:
        super().__init__(month=month)


class OwnPreparation(InputError):
    """Who prepared a month cannot approve it."""

    key = "close.own-preparation"

    def __init__(self, month: str, name: str) -> None:
        super().__init__(month=month, name=name)


class CloserNotAPerson(InputError):
    """A part of the system neither prepares, closes nor corrects."""

    key = "close.not-a-person"

    def __init__(self, name: str) -> None:
        super().__init__(name=name)


class PreparedChanged(InputError):
    """The month's figures are no longer those that were prepared, or that the approver was shown."""

    key = "close.prepared-changed"

    def __init__(self, month: str) -> None:
        super().__init__(month=month)


class RefusalWithoutReason(InputError):
    """Who refuses says why."""

    key = "close.refusal-without-reason"


class TextTooLong(InputError):
    """A reason that is longer than the record takes."""

    key = "close.text-too-long"

    def __init__(self, most: int) -> None:
        super().__init__(most=most)


class NotClosed(InputError):
    """A month that is open needs no correction, and has nothing issued."""

    key = "close.not-closed"

    def __init__(self, month: str) -> None:
        super().__init__(month=month)


class BadSeconds(InputError):
    """A correction by no time, or by more than there is."""

    key = "close.bad-seconds"

    def __init__(self, given: object) -> None:
        super().__init__(given=str(given)[:80])


class CorrectionWithoutReason(InputError):
    """Who corrects says why."""

    key = "close.correction-without-reason"


class NotACorrectableFigure(InputError):
    """A figure that no correction can change."""

    key = "close.not-a-correctable-figure"

    def __init__(self, given: str, *, known: Collection[str]) -> None:
        super().__init__(given=given[:80], known=list(known))


class UnknownTaskOfMonth(InputError):
    """A task that the closed month does not have."""

    key = "close.unknown-task-of-month"

    def __init__(self, task: str, *, month: str, known: Collection[str]) -> None:
        super().__init__(task=task[:80], month=month, close=suggestion(task, known) or ", ".join(sorted(known)[:12]))


class NoSuchCorrection(InputError):
    """No correction was asked for under this number."""

    key = "close.no-such-correction"

    def __init__(self, seq: int) -> None:
        super().__init__(seq=seq)


class CorrectionDecided(InputError):
    """A correction that somebody approved or refused before."""

    key = "close.correction-decided"

    def __init__(self, seq: int, *, name: str) -> None:
        super().__init__(seq=seq, name=name)


class OwnCorrection(InputError):
    """Who asked for a correction cannot approve it."""

    key = "close.own-correction"

    def __init__(self, seq: int, name: str) -> None:
        super().__init__(seq=seq, name=name)


class NoIssuedFile(InputError):
    """A file that the closing did not issue."""

    key = "close.no-issued-file"

    def __init__(self, month: str, name: str, *, known: Collection[str]) -> None:
        super().__init__(month=month, name=name[:80], known=sorted(known))


class ClosingUnreadable(LedgerError):
    """The record that closed a month cannot be read by this program: the month is closed, and nothing stands in for its figures."""

    key = "close.closing-unreadable"

    def __init__(self, month: str, *, seq: int) -> None:
        super().__init__(month=month, seq=seq)


class IssuedFileAltered(LedgerError):
    """An issued file is not what was sealed when its month was closed."""

    key = "close.issued-file-altered"

    def __init__(self, month: str, name: str, *, seq: int) -> None:
        super().__init__(month=month, name=name, seq=seq)


class LedgerAltered(LedgerError):
    """A month is not closed on a ledger that was found altered."""

    key = "close.ledger-altered"

    def __init__(self, month: str) -> None:
        super().__init__(month=month)


class MayNotClose(InputError):
    """Somebody signed in whose roles do not let them prepare, close or correct months."""

    key = "close.may-not-close"

    def __init__(self, name: str) -> None:
        super().__init__(name=name)


class UnknownFigure(InputError):
    """A word that names no figure of a month."""

    key = "close.unknown-figure"

    def __init__(self, given: str, *, known: Collection[str]) -> None:
        super().__init__(given=given[:80], known=list(known))


class TablesDiffer(LedgerError):
    """What is kept beside the records for quick reading tells other figures than the records do."""

    key = "close.tables-differ"

    def __init__(self, month: str) -> None:
        super().__init__(month=month)
