"""What can be wrong with a question, a vote, a hand-over or an answer to one."""

from __future__ import annotations

from collections.abc import Collection

from temanashi.errors import InputError
from temanashi.problems import suggestion

__all__ = [
    "AlreadyReplied",
    "EmptyQuestion",
    "EmptyReply",
    "NoProposal",
    "NoSuchInquiry",
    "NotForYou",
    "NotHandedOver",
    "TooLong",
    "UnknownEntry",
    "UnknownOffer",
    "VoteClosed",
]


class EmptyQuestion(InputError):
    """Nothing was asked."""

    key = "ask.empty"


class TooLong(InputError):
    """A text that nobody would read."""

    key = "ask.too-long"

    def __init__(self, *, length: int, most: int) -> None:
        super().__init__(length=length, most=most)


class NoSuchInquiry(InputError):
    """No inquiry has this number, or not for this reader."""

    key = "ask.no-such"

    def __init__(self, number: str) -> None:
        super().__init__(number=number[:80])


class NotForYou(InputError):
    """Only the asker may say so, or only those whom an inquiry was handed to."""

    key = "ask.not-for-you"

    def __init__(self, number: str) -> None:
        super().__init__(number=number)


class VoteClosed(InputError):
    """Whether it is solved can no longer be said."""

    key = "ask.vote-closed"

    def __init__(self, number: str) -> None:
        super().__init__(number=number)


class UnknownEntry(InputError):
    """No published entry of the FAQ has this id, or not for this reader."""

    key = "ask.unknown-entry"

    def __init__(self, name: str, *, known: Collection[str]) -> None:
        super().__init__(name=name[:80], close=suggestion(name[:80], known) or "-")


class UnknownOffer(InputError):
    """An entry that was not offered for this inquiry."""

    key = "ask.unknown-offer"

    def __init__(self, number: str, entry: str) -> None:
        super().__init__(number=number, entry=entry[:80])


class NotHandedOver(InputError):
    """Nobody asked a person to answer this."""

    key = "ask.not-handed-over"

    def __init__(self, number: str) -> None:
        super().__init__(number=number)


class AlreadyReplied(InputError):
    """Somebody else answered before."""

    key = "ask.already-replied"

    def __init__(self, number: str, *, by: str) -> None:
        super().__init__(number=number, by=by)


class EmptyReply(InputError):
    """An answer without words."""

    key = "ask.empty-reply"


class NoProposal(InputError):
    """Nothing is proposed, or its owner has said what becomes of it."""

    key = "ask.no-proposal"

    def __init__(self, number: str) -> None:
        super().__init__(number=number)
