"""Ask documents in two languages at once: a question may be written in the other one than its asker reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from temanashi.faq.searching.choosing import Maker, chosen_maker
from temanashi.faq.searching.documents import Document
from temanashi.faq.searching.folding import language_of
from temanashi.faq.searching.found import Bars, Index
from temanashi.text.local import LANGUAGES, Lang

__all__ = ["CANDIDATES", "Ranked", "Search", "Searched"]

CANDIDATES = 3
BEHIND = 0.3
"""Share of the first one's score below which another one is nothing that somebody could have meant."""
NO_BARS = Bars(answer=2.0, candidates=2.0)


class Ranked(NamedTuple):
    """A document, its score, and how sure we are that it answers."""

    document: Document
    score: float
    confidence: float


class Searched(NamedTuple):
    """What was found, best first, in which language, by which method, and where that method answers and offers."""

    found: tuple[Ranked, ...]
    lang: Lang
    method: str
    bars: Bars

    @property
    def confidence(self) -> float:
        """That of the first."""
        return self.found[0].confidence if self.found else 0.0

    @property
    def may_answer(self) -> bool:
        """Whether the first one is sure enough to be given as the answer; never without phrasings, however sure."""
        return bool(self.found) and self.confidence >= self.bars.answer and bool(self.found[0].document.phrasings)

    @property
    def candidates(self) -> tuple[Ranked, ...]:
        """Up to three, without those that are far behind the first."""
        return tuple(one for one in self.found[:CANDIDATES] if one.score >= BEHIND * self.found[0].score)

    @property
    def may_offer(self) -> bool:
        """Whether it is worth while to look at the first ones."""
        return bool(self.found) and self.confidence >= self.bars.candidates


class Search:
    """Documents by language, each with its index."""

    def __init__(self, parts: Mapping[Lang, tuple[Sequence[Document], Index]]) -> None:
        self._parts = parts

    @classmethod
    def over(
        cls, documents: Iterable[Document], *, maker: Maker | None = None, kept: Mapping[str, Mapping[str, Any]] | None = None
    ) -> Search:
        """Indexes of documents; by the best search that is installed, unless `maker` says which. `kept`: a `memory` of the same."""
        make = maker or chosen_maker()
        by_lang: dict[Lang, list[Document]] = {}
        for document in documents:
            by_lang.setdefault(document.lang, []).append(document)
        parts = {lang: (by_lang[lang], make(by_lang[lang], (kept or {}).get(lang))) for lang in LANGUAGES if lang in by_lang}
        return cls(parts)

    def memory(self) -> dict[str, dict[str, Any]]:
        """What is worth keeping of the indexes, by language, as JSON values."""
        told = {lang: index.memory(documents) for lang, (documents, index) in self._parts.items()}
        return {lang: one for lang, one in told.items() if one is not None}

    @property
    def bars(self) -> dict[Lang, Bars]:
        """Where it answers and offers, by language."""
        return {lang: index.bars for lang, (_, index) in self._parts.items()}

    @property
    def method(self) -> str:
        """How it searches; empty where there is nothing to search."""
        return next((index.name for _, index in self._parts.values()), "")

    def search(self, question: str, *, lang: Lang | None, may_show: Callable[[Document], bool], limit: int) -> Searched:
        """Of the language of the question and that of the asker, what the surer of the two found."""
        tried = []
        for searched in dict.fromkeys((language_of(question), lang)):
            if searched is not None and searched in self._parts:
                documents, index = self._parts[searched]
                found = index.search(question, may_show=_by_number(documents, may_show), limit=limit)
                ranked = tuple(Ranked(documents[one.number], one.score, one.confidence) for one in found)
                tried.append(Searched(ranked, searched, index.name, index.bars))
        nothing = Searched((), language_of(question), self.method, NO_BARS)
        return max(tried, key=lambda one: (one.confidence, len(one.found)), default=nothing)


def _by_number(documents: Sequence[Document], may_show: Callable[[Document], bool]) -> Callable[[int], bool]:
    return lambda number: may_show(documents[number])
