"""What a search gives back, and what every index can do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

from temanashi.faq.searching.documents import Document

__all__ = ["Bars", "Found", "Index"]


class Found(NamedTuple):
    """A document by its number, its score (higher is better), and how sure we are that it answers, from 0 to 1."""

    number: int
    score: float
    confidence: float


class Bars(NamedTuple):
    """From which confidence on the first document is given as the answer, and from which on the first ones are offered."""

    answer: float
    candidates: float


class Index(Protocol):
    """Documents of one language that can be asked."""

    @property
    def name(self) -> str:
        """The method, as a reply names it."""
        ...

    @property
    def bars(self) -> Bars:
        """Where it answers, and where it offers."""
        ...

    def memory(self, documents: Sequence[Document]) -> dict[str, Any] | None:
        """What is worth keeping for the next time, as JSON values; None where building is quick."""
        ...

    def search(self, question: str, *, may_show: Callable[[int], bool], limit: int) -> list[Found]:
        """The best documents that may be shown, in order; none where no word of the question is known."""
        ...
