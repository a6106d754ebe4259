"""Ask the FAQ: an answer, up to three candidates, or "I do not know"; nothing is made up, an answer is always an entry."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from temanashi.canonical import digest_of
from temanashi.faq.entries import Entry
from temanashi.faq.searching.choosing import Maker
from temanashi.faq.searching.documents import Document
from temanashi.faq.searching.keeping import Kept, keep, read_kept
from temanashi.faq.searching.search import CANDIDATES, Ranked, Search
from temanashi.text.local import Lang, Phrase

__all__ = ["CANDIDATES", "VERSION", "Engine", "Hit", "Reply", "documents_of", "index_name"]

VERSION = 1
"""Counts up with every change that makes other answers of the same entries."""


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


def documents_of(entries: Iterable[Entry], languages: Sequence[Lang]) -> list[Document]:
    """The texts of entries in some languages, in the order of ids."""
    return [
        Document(entry.id, lang, text.question, text.phrasings, text.answer)
        for lang in languages
        for entry in sorted(entries, key=lambda one: one.id)
        if (text := entry.texts.get(lang)) is not None
    ]


def index_name(entries: Iterable[Entry]) -> str:
    """What tells an index over these entries, as they are worded, from every other."""
    return digest_of({"engine": VERSION, "entries": sorted(entry.digest for entry in entries)})


class Engine:
    """A search over some entries; safe to ask from several threads."""

    def __init__(self, entries: Mapping[str, Entry], search: Search, *, index: str, problem: Phrase | None = None) -> None:
        self._entries = entries
        self._search = search
        self.index = index
        self.problem = problem

    @classmethod
    def build(
        cls, entries: Iterable[Entry], *, languages: Sequence[Lang], maker: Maker | None = None, file: Path | None = None
    ) -> Engine:
        """The search over entries; the same entries give the same answers. `maker`: the best that is installed, if not given.

        `file` keeps what was learned, for the next start. One that is damaged is written anew, and `problem` tells it.
        """
        by_id = {entry.id: entry for entry in entries}
        index, documents = index_name(by_id.values()), documents_of(by_id.values(), languages)
        kept = read_kept(file, index=index) if file is not None else Kept(None)
        search = Search.over(documents, maker=maker, kept=kept.parts)
        problem = kept.problem
        if file is not None and kept.parts is None and (memory := search.memory()):
            problem = keep(file, memory, index=index) or problem
        return cls(by_id, search, index=index, problem=problem)

    def serving(self, entries: Iterable[Entry]) -> Engine:
        """The same search showing these entries only, as they are worded now: what was withdrawn is never shown again."""
        return Engine({entry.id: entry for entry in entries}, self._search, index=self.index)

    @property
    def entries(self) -> Mapping[str, Entry]:
        """The entries that it may show, by id."""
        return self._entries

    @property
    def method(self) -> str:
        """How it searches."""
        return self._search.method

    def ask(self, question: str, *, lang: Lang | None, may_see: Callable[[Entry], bool], today: date) -> Reply:
        """The reply to a question; only what the asker may see is in it. `lang` is the asker's language, None: as written.

        What is past its day, or has no phrasings, is never answered with, only offered.
        """
        searched = self._search.search(question, lang=lang, may_show=self._shown(may_see), limit=CANDIDATES)
        hits = tuple(self._hit(found, lang) for found in searched.candidates)
        told = searched.confidence, searched.method, self.index
        if searched.may_answer and not _is_stale(hits[0].entry, today):
            return Reply("answer", hits[:1], *told)
        if searched.may_offer:
            return Reply("candidates", hits, *told)
        return Reply("unknown", (), *told)

    def suggest(self, text: str, *, lang: Lang | None, may_see: Callable[[Entry], bool], limit: int = 5) -> tuple[Hit, ...]:
        """The nearest entries while somebody types, best first, however unsure."""
        searched = self._search.search(text, lang=lang, may_show=self._shown(may_see), limit=limit)
        return tuple(self._hit(found, lang) for found in searched.found)

    def _shown(self, may_see: Callable[[Entry], bool]) -> Callable[[Document], bool]:
        def may_show(document: Document) -> bool:
            entry = self._entries.get(document.key)
            return entry is not None and document.lang in entry.texts and may_see(entry)

        return may_show

    def _hit(self, found: Ranked, wanted: Lang | None) -> Hit:
        entry = self._entries[found.document.key]
        shown = wanted if wanted is not None and wanted in entry.texts else found.document.lang
        return Hit(entry, shown, found.confidence, found.score)


def _is_stale(entry: Entry, today: date) -> bool:
    return entry.valid_until is not None and entry.valid_until < today
