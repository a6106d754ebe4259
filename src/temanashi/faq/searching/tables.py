"""Words of many texts as sparse tables in numpy: which texts have a word, with which weight."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Floats", "Integers", "Query", "Table", "Vocabulary"]

Floats: TypeAlias = NDArray[np.float32]
Integers: TypeAlias = NDArray[np.int32]
SATURATION = 1.2
"""k1 of BM25 (Robertson and Zaragoza, 2009)."""
LENGTH = 0.75
"""b of BM25."""


class Vocabulary:
    """Words by number."""

    def __init__(self, words: Iterable[str] = ()) -> None:
        self.numbers = {word: number for number, word in enumerate(words)}

    def __len__(self) -> int:
        return len(self.numbers)

    def learned(self, words: Sequence[str]) -> Integers:
        """The numbers of words, new ones too."""
        known = self.numbers
        return np.array([known.setdefault(word, len(known)) for word in words], np.int32)


@dataclass(frozen=True, slots=True)
class Query:
    """The words of a question: numbers, each once, how often, and those that are unknown, counted."""

    terms: Integers
    counts: Floats
    unknown: int

    @classmethod
    def of(cls, vocabulary: Vocabulary, words: Sequence[str]) -> Query:
        """A question by a vocabulary."""
        known = [number for word in words if (number := vocabulary.numbers.get(word)) is not None]
        strange = len({word for word in words if word not in vocabulary.numbers})
        return cls.numbered(np.array(known, np.int32), strange)

    @classmethod
    def numbered(cls, numbers: Integers, unknown: int = 0) -> Query:
        """A question in numbers."""
        terms, counts = np.unique(numbers, return_counts=True)
        return cls(terms.astype(np.int32), counts.astype(np.float32), unknown)


@dataclass(frozen=True, slots=True)
class Table:
    """A sparse matrix by words: `rows[starts[w]:starts[w + 1]]` are the texts that have word w, `weights` how much.

    `rarity` (idf) is by word; `strange` is that of a word that no text has.
    """

    starts: NDArray[np.int64]
    rows: Integers
    weights: Floats
    rarity: Floats
    strange: float
    size: int

    @classmethod
    def by_angle(cls, texts: Sequence[Integers], terms: int) -> Table:
        """TF-IDF with logarithmic counts, every text of length one (Salton and Buckley, 1988)."""
        words, rows, counts = _counted(texts)
        frequency = np.bincount(words, minlength=terms)
        rarity = (np.log((1 + len(texts)) / (1 + frequency)) + 1).astype(np.float32)
        weights = (1 + np.log(counts)) * rarity[words]
        length = np.sqrt(np.bincount(rows, weights=weights * weights, minlength=len(texts)))
        scaled = (weights / length[rows]).astype(np.float32) if len(rows) else weights.astype(np.float32)
        return cls(_starts(words, terms), rows, scaled, rarity, float(np.log(1 + len(texts)) + 1), len(texts))

    @classmethod
    def by_saturation(cls, texts: Sequence[Integers], terms: int) -> Table:
        """BM25."""
        words, rows, counts = _counted(texts)
        frequency = np.bincount(words, minlength=terms)
        rarity = np.log(1 + (len(texts) - frequency + 0.5) / (frequency + 0.5)).astype(np.float32)
        lengths = np.array([len(text) for text in texts], np.float32)
        relative = 1 - LENGTH + LENGTH * lengths / (lengths.mean() or 1.0) if len(texts) else lengths
        weights = rarity[words] * counts * (SATURATION + 1) / (counts + SATURATION * relative[rows])
        strange = float(np.log(1 + (len(texts) + 0.5) / 0.5))
        return cls(_starts(words, terms), rows, weights.astype(np.float32), rarity, strange, len(texts))

    def cosines(self, query: Query) -> Floats:
        """The cosine of a question and every text; for a table `by_angle`."""
        weights = (1 + np.log(query.counts)) * self.rarity[query.terms]
        length = float(np.sqrt((weights * weights).sum() + query.unknown * self.strange**2))
        return self._summed(query.terms, weights / length) if length else np.zeros(self.size, np.float32)

    def sums(self, query: Query) -> Floats:
        """The sum of weights over the words of a question, as a share of the most that it could be; for `by_saturation`."""
        most = (float(self.rarity[query.terms].sum()) + query.unknown * self.strange) * (SATURATION + 1)
        found = self._summed(query.terms, np.ones(len(query.terms), np.float32))
        return found / np.float32(most) if most else found

    def _summed(self, terms: Integers, weights: Any) -> Floats:
        spans = [slice(self.starts[term], self.starts[term + 1]) for term in terms]
        if not spans:
            return np.zeros(self.size, np.float32)
        rows = np.concatenate([self.rows[span] for span in spans])
        parts = np.concatenate([self.weights[span] * weight for span, weight in zip(spans, weights, strict=True)])
        return np.bincount(rows, weights=parts, minlength=self.size).astype(np.float32)


def _counted(texts: Sequence[Integers]) -> tuple[Integers, Integers, Floats]:
    """Words, rows and counts, in the order of words, then rows."""
    if not texts:
        return np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.float32)
    words = np.concatenate(texts).astype(np.int64)
    rows = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
    pairs, counts = np.unique(words * len(texts) + rows, return_counts=True)
    return (pairs // len(texts)).astype(np.int32), (pairs % len(texts)).astype(np.int32), counts.astype(np.float32)


def _starts(words: Integers, terms: int) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(np.bincount(words, minlength=terms))]).astype(np.int64)
