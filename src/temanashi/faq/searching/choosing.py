"""Which search there is: the good one with the extra `faq`, else the one that needs nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from typing import Any, Protocol

from temanashi.faq.searching.documents import Document
from temanashi.faq.searching.folding import plain_words
from temanashi.faq.searching.found import Index
from temanashi.faq.searching.fts import FtsIndex

__all__ = ["Maker", "chosen_maker", "chosen_words", "plain_maker"]


class Maker(Protocol):
    """Makes the index of some documents, from what an earlier one kept where there is something."""

    def __call__(self, documents: Sequence[Document], kept: Mapping[str, Any] | None = None) -> Index:
        """An index over documents."""
        ...


NEEDED = ("numpy", "snowballstemmer", "sudachipy", "sudachidict_core")


def chosen_maker() -> Maker:
    """What makes the indexes of a process: one dictionary for all of its languages."""
    if _lacking():
        return plain_maker()
    from temanashi.faq.searching.fused import FusedIndex  # noqa: PLC0415  (numpy and a dictionary, only for who searches)
    from temanashi.faq.searching.words import Cutter  # noqa: PLC0415

    cutter = Cutter()
    return lambda documents, kept=None: FusedIndex.of(documents, words=cutter.words, kept=kept)


def plain_maker() -> Maker:
    """SQLite alone."""
    return lambda documents, kept=None: FtsIndex(documents)  # noqa: ARG005  (it keeps nothing)


def chosen_words() -> Callable[[str], list[str]]:
    """What cuts a text into words: the dictionary of the extra `faq`, else pairs of characters."""
    if _lacking():
        return plain_words
    from temanashi.faq.searching.words import Cutter  # noqa: PLC0415  (see above)

    return Cutter().words


def _lacking() -> bool:
    return any(find_spec(name) is None for name in NEEDED)
