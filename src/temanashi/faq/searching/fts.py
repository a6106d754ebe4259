"""Search without any further package: SQLite's FTS5 over words of ours, ranked by BM25 (Robertson and Zaragoza, 2009)."""

from __future__ import annotations

import math
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Sequence

from temanashi.faq.searching.documents import Document
from temanashi.faq.searching.folding import MAX_QUESTION, plain_words
from temanashi.faq.searching.found import Bars, Found

__all__ = ["FtsIndex"]

WEIGHTS = (3.0, 1.0)
"""What people ask counts more than what is answered."""


LOOKED_AT = 50
"""Documents that are compared with the question word by word."""


class FtsIndex:
    """An index in memory over documents of one language."""

    name = "fts5"
    bars = Bars(answer=0.8, candidates=0.3)

    def __init__(self, documents: Sequence[Document]) -> None:
        self._lock = threading.Lock()
        self._table = sqlite3.connect(":memory:", check_same_thread=False)
        self._table.execute("CREATE VIRTUAL TABLE words USING fts5(asked, answer, tokenize = 'porter unicode61')")
        asked = [[plain_words(text) for text in document.asked] for document in documents]
        rows = [
            (number, " ".join(word for words in asked[number] for word in words), " ".join(plain_words(document.answer)))
            for number, document in enumerate(documents)
        ]
        self._table.executemany("INSERT INTO words(rowid, asked, answer) VALUES (?, ?, ?)", rows)
        self._asked = [[frozenset(words) for words in one] for one in asked]
        self._answerable = [bool(document.phrasings) for document in documents]
        seen = Counter(word for one in self._asked for word in frozenset().union(*one))
        self._rarity = {word: math.log(1 + len(documents) / count) for word, count in seen.items()}
        self._unseen = math.log(1 + 2 * max(len(documents), 1))

    def memory(self, documents: Sequence[Document]) -> None:
        """Nothing: it is built at once."""

    def search(self, question: str, *, may_show: Callable[[int], bool], limit: int) -> list[Found]:
        """Documents that share a word with a question and may be shown, best first."""
        words = list(dict.fromkeys(plain_words(question[:MAX_QUESTION])))
        if not words:
            return []
        found: list[Found] = []
        for number, rank in self._rows(words):
            if may_show(number):
                found.append(Found(number, -rank, self._confidence(number, words)))
                if len(found) == max(limit, LOOKED_AT):
                    break
        return sorted(found, key=lambda one: -one.score)[:limit]

    def _rows(self, words: list[str]) -> list[tuple[int, float]]:
        query = " OR ".join(f'"{word}"' for word in words)
        ranked = f"bm25(words, {WEIGHTS[0]}, {WEIGHTS[1]})"
        with self._lock:
            return self._table.execute(
                f"SELECT rowid, {ranked} AS rank FROM words WHERE words MATCH ? ORDER BY rank, rowid",  # noqa: S608
                (query,),
            ).fetchall()

    def _confidence(self, number: int, words: list[str]) -> float:
        """The share of the question that one phrasing has, both ways; half of it where nothing but the question is known."""
        told = set(words)
        whole = sum(self._weight(word) for word in told)
        best = 0.0
        for phrasing in self._asked[number]:
            common = sum(self._weight(word) for word in told & phrasing)
            size = sum(self._weight(word) for word in phrasing)
            best = max(best, 2 * common / (whole + size) if size else 0.0)
        return best if self._answerable[number] else best / 2

    def _weight(self, word: str) -> float:
        return self._rarity.get(word, self._unseen)
