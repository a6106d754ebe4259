"""Ask the FAQ: an answer, up to three candidates, or "I do not know"; nothing is made up, an answer is always an entry."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from temanashi.canonical import digest_of
from temanashi.faq.entries import Entry
from temanashi.faq.searching.documents import Document
from temanashi.faq.searching.folding import language_of
from temanashi.faq.searching.fts import FtsIndex
from temanashi.text.local import Lang

__all__ = ["CANDIDATES", "Engine", "Hit", "Reply", "documents_of"]

CANDIDATES = 3
ANSWER_AT = 0.8
CANDIDATE_AT = 0.3


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry that may answer. `lang` is the language in which it is shown; `confidence` from 0 to 1; `score` only orders."""

    entry: Entry
    lang: Lang
    confidence: float
    score: float


@dataclass(frozen=True, slots=True)
class Reply:
    """What there is to a question: one hit for an answer, one to three for candidates, none where nothing is known.

    `confidence` is that of the best hit, shown or not. `method` names the search, `index` the entries that it searched.
    """

    kind: Literal["answer", "candidates", "unknown"]
    hits: tuple[Hit, ...]
    confidence: float
    method: str
    index: str


def documents_of(entries: Iterable[Entry], lang: Lang) -> list[Document]:
    """The texts of entries in a language, in the order of ids."""
    return [
        Document(entry.id, lang, text.question, text.phrasings, text.answer)
        for entry in sorted(entries, key=lambda one: one.id)
        if (text := entry.texts.get(lang)) is not None
    ]


class Engine:
    """A search over some entries, in each of some languages; safe to ask from several threads."""

    def __init__(self, entries: Mapping[str, Entry], documents: Mapping[Lang, Sequence[Document]], *, index: str) -> None:
        self._entries = entries
        self._documents = documents
        self._indexes = {lang: FtsIndex(several) for lang, several in documents.items()}
        self.index = index

    @classmethod
    def build(cls, entries: Iterable[Entry], *, languages: Sequence[Lang]) -> Engine:
        """The search over entries; the same entries give the same answers."""
        by_id = {entry.id: entry for entry in entries}
        documents = {lang: documents_of(by_id.values(), lang) for lang in languages}
        return cls(by_id, documents, index=digest_of(sorted(entry.digest for entry in by_id.values())))

    def ask(self, question: str, *, lang: Lang | None, may_see: Callable[[Entry], bool], today: date) -> Reply:
        """The reply to a question; only what the asker may see is in it. `lang` is the asker's language, None: as written.

        What is past its day is never answered with, only offered.
        """
        hits = self._hits(question, lang, may_see, CANDIDATES)
        method = "fts5"
        if not hits:
            return Reply("unknown", (), 0.0, method, self.index)
        best = hits[0]
        stale = best.entry.valid_until is not None and best.entry.valid_until < today
        if best.confidence >= ANSWER_AT and not stale:
            return Reply("answer", (best,), best.confidence, method, self.index)
        near = tuple(hit for hit in hits if hit.confidence >= CANDIDATE_AT)
        return Reply("candidates" if near else "unknown", near, best.confidence, method, self.index)

    def suggest(self, text: str, *, lang: Lang | None, may_see: Callable[[Entry], bool], limit: int = 5) -> tuple[Hit, ...]:
        """The nearest entries while somebody types, best first, however unsure."""
        return self._hits(text, lang, may_see, limit)

    def _hits(self, question: str, lang: Lang | None, may_see: Callable[[Entry], bool], limit: int) -> tuple[Hit, ...]:
        """Of the language of the question and that of the asker, what the surer of the two found."""
        tried = [self._found(one, question, lang, may_see, limit) for one in dict.fromkeys((language_of(question), lang)) if one]
        return max(tried, key=lambda hits: hits[0].confidence if hits else -1.0)

    def _found(
        self, searched: Lang, question: str, wanted: Lang | None, may_see: Callable[[Entry], bool], limit: int
    ) -> tuple[Hit, ...]:
        hits: list[Hit] = []
        if searched not in self._indexes:
            return ()
        for found in self._indexes[searched].search(question):
            entry = self._entries.get(self._documents[searched][found.number].key)
            if entry is not None and may_see(entry):
                shown = wanted if wanted in entry.texts else searched
                hits.append(Hit(entry, shown or searched, found.confidence, found.score))
            if len(hits) == limit:
                break
        return tuple(hits)
