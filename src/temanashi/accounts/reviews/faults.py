"""What can be wrong with snapshots and reviews."""

from __future__ import annotations

from collections.abc import Collection

from temanashi.errors import InputError, LedgerError
from temanashi.text.local import Phrase

__all__ = [
    "BadSheetDay",
    "DecisionsAltered",
    "ExceptionNeedsDay",
    "GroupNotHeld",
    "GroupsNotNamed",
    "LineStale",
    "LinesUndecided",
    "NoReviewSheet",
    "NoSuchLine",
    "NoSuchReview",
    "NotHere",
    "NothingReadAtAll",
    "NothingToRead",
    "OwnAccount",
    "PopulationAltered",
    "PopulationPruned",
    "ReasonNeeded",
    "ReviewClosed",
    "ReviewOpen",
    "RosterProblems",
    "UnknownVerdict",
]


class NothingToRead(InputError):
    """No host is named for it, and there is no directory: there would be nothing to review."""

    key = "reviews.nothing-to-read"


class PopulationPruned(LedgerError):
    """What was read then is no longer kept."""

    key = "reviews.population-pruned"

    def __init__(self, digest: str) -> None:
        super().__init__(digest=digest[:16])


class PopulationAltered(LedgerError):
    """What is kept is not what was read."""

    key = "reviews.population-altered"

    def __init__(self, digest: str) -> None:
        super().__init__(digest=digest[:16])


class NoSuchReview(InputError):
    """No review has this id."""

    key = "reviews.no-review"

    def __init__(self, review: str, *, known: Collection[str]) -> None:
        super().__init__(review=review[:60], known=sorted(known)[-10:] or ["-"])


class NoSuchLine(InputError):
    """No line of the review is called so."""

    key = "reviews.no-line"

    def __init__(self, line: str) -> None:
        super().__init__(line=line[:60])


class ReviewOpen(InputError):
    """There is a review that is not closed yet."""

    key = "reviews.open-already"

    def __init__(self, review: str) -> None:
        super().__init__(review=review)


class ReviewClosed(InputError):
    """The review is closed, or its decisions are being carried out: nothing is decided there any more."""

    key = "reviews.closed-already"

    def __init__(self, review: str) -> None:
        super().__init__(review=review)


class NothingReadAtAll(InputError):
    """No place could be read: a review of nobody would prove nothing."""

    key = "reviews.nothing-read"

    def __init__(self, places: Collection[str]) -> None:
        super().__init__(places=sorted(places))


class _OfLine(InputError):
    """Something about one line."""

    def __init__(self, login: str, where: str) -> None:
        super().__init__(login=login, where=where)


class OwnAccount(_OfLine):
    """Somebody wants to decide about their own account."""

    key = "reviews.own-account"


class ReasonNeeded(_OfLine):
    """A decision that needs a reason has none."""

    key = "reviews.reason-needed"


class ExceptionNeedsDay(_OfLine):
    """An exception without a last day, or with one that is over."""

    key = "reviews.exception-day"


class GroupsNotNamed(_OfLine):
    """A change that does not say of which groups."""

    key = "reviews.groups-missing"


class NotHere(_OfLine):
    """A change of roles of our own users is made on the page of users, by two people."""

    key = "reviews.change-elsewhere"


class UnknownVerdict(InputError):
    """A decision that there is not."""

    key = "reviews.unknown-verdict"

    def __init__(self, word: str) -> None:
        super().__init__(word=word[:40] or "-")


class GroupNotHeld(InputError):
    """The account is not in a group that it shall leave."""

    key = "reviews.group-not-held"

    def __init__(self, group: str, *, login: str, where: str, held: Collection[str]) -> None:
        super().__init__(group=group[:100], login=login, where=where, held=list(held)[:20] or ["-"])


class LineStale(InputError):
    """The line is not as it was when the sheet or the page was made."""

    key = "reviews.stale-line"

    def __init__(self, login: str, where: str) -> None:
        super().__init__(login=login, where=where)


class LinesUndecided(InputError):
    """Some lines have no decision yet."""

    key = "reviews.undecided"

    def __init__(self, review: str, count: int) -> None:
        super().__init__(review=review, count=count)


class DecisionsAltered(LedgerError):
    """What stands beside the ledger is not what the ledger tells."""

    key = "reviews.decisions-altered"

    def __init__(self, review: str, count: int) -> None:
        super().__init__(review=review, count=count)


class RosterProblems(InputError):
    """Rows of a roster that cannot be read: who stands there would be taken for an orphan."""

    key = "reviews.roster-problems"

    def __init__(self, source: str, count: int, first: Phrase) -> None:
        super().__init__(source=source, count=count, first=first)


class NoReviewSheet(InputError):
    """A workbook without the columns that a review's sheet has."""

    key = "reviews.no-sheet"

    def __init__(self, file: str) -> None:
        super().__init__(file=file)


class BadSheetDay(InputError):
    """The last day of an exception is no date."""

    key = "reviews.bad-day"

    def __init__(self, text: str) -> None:
        super().__init__(text=text[:40])
