"""A question that is word for word one of an entry's: its owner has already said that this is the answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from temanashi.faq.searching.documents import Document
from temanashi.faq.searching.folding import MAX_QUESTION, RUNS, folded
from temanashi.faq.searching.found import Found

__all__ = ["SURE", "bare", "same_questions", "with_same"]

SURE = 0.99


def bare(text: str) -> str:
    """The text without case, widths, kana variants, spaces and signs."""
    return "".join(RUNS.findall(folded(text[:MAX_QUESTION])))


def same_questions(documents: Sequence[Document]) -> dict[str, int]:
    """Which document asks exactly this; what several ask tells nothing."""
    found: dict[str, int] = {}
    several: set[str] = set()
    for number, document in enumerate(documents):
        for text in {bare(text) for text in document.asked}:
            if text in found:
                several.add(text)
            found[text] = number
    return {text: number for text, number in found.items() if text and text not in several}


def with_same(found: list[Found], number: int | None, may_show: Callable[[int], bool]) -> list[Found]:
    """What was found, with the document that asks exactly this in front."""
    if number is None or not may_show(number):
        return found
    others = [one for one in found if one.number != number]
    best = max((one.score for one in found), default=0.0)
    return [Found(number, best, max(SURE, *(one.confidence for one in found), 0.0)), *others]
