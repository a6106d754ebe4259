"""Which entry is meant, learned from all phrasings at once: least squares on their words (ridge regression, in closed form)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from temanashi.faq.searching.tables import Floats, Integers, Query

__all__ = ["Linear"]

MOST = 2_000
"""Words that are learned from, the most frequent; more cost time and memory and bring little."""
PENALTY = 1.0


@dataclass(frozen=True, slots=True)
class Linear:
    """`weights` by column and document; `columns` gives the column of a word, -1 for none."""

    columns: Integers
    rarity: Floats
    weights: Floats
    strange: float

    @classmethod
    def of(cls, texts: Sequence[Integers], owners: Integers, *, terms: int, documents: int) -> Linear:
        """Learned from phrasings and the document of each."""
        if not texts:
            return cls(np.full(terms, -1, np.int32), np.ones(terms, np.float32), np.zeros((0, documents), np.float32), 1.0)
        frequency = np.bincount(np.concatenate([np.unique(text) for text in texts]), minlength=terms)
        chosen = np.argsort(-frequency, kind="stable")[:MOST]
        chosen = chosen[frequency[chosen] > 0]
        columns = np.full(terms, -1, np.int32)
        columns[chosen] = np.arange(len(chosen))
        rarity = (np.log((1 + len(texts)) / (1 + frequency)) + 1).astype(np.float32)
        weights = _solved(texts, owners, columns, rarity, shape=(len(chosen), documents))
        return cls(columns, rarity, weights, float(np.log(1 + len(texts)) + 1))

    def scores(self, query: Query) -> Floats:
        """How much a question speaks for every document: about 1 for its own, about 0 for the others."""
        weights = (1 + np.log(query.counts)) * self.rarity[query.terms]
        length = float(np.sqrt((weights * weights).sum() + query.unknown * self.strange**2))
        kept = self.columns[query.terms] >= 0
        if not length or not kept.any():
            return np.zeros(self.weights.shape[1], np.float32)
        found: Floats = (weights[kept] / length).astype(np.float32) @ self.weights[self.columns[query.terms[kept]]]
        return found


def _solved(texts: Sequence[Integers], owners: Integers, columns: Integers, rarity: Floats, *, shape: tuple[int, int]) -> Floats:
    """The weights for which phrasings, each of length one, come nearest to 1 for their own document and 0 for the others.

    Of the two systems of equations that give the same answer, the smaller one.
    """
    rows = (_row(text, columns, rarity) for text in texts)
    if len(texts) < shape[0]:
        dense = np.zeros((len(texts), shape[0]), np.float32)
        for number, (mine, row) in enumerate(rows):
            dense[number, mine] = row
        wanted = np.zeros((len(texts), shape[1]), np.float32)
        wanted[np.arange(len(texts)), owners] = 1
        return (dense.T @ np.linalg.solve(_penalised(dense @ dense.T), wanted)).astype(np.float32)
    between, towards = np.zeros((shape[0], shape[0]), np.float32), np.zeros(shape, np.float32)
    for owner, (mine, row) in zip(owners, rows, strict=True):
        between[mine[:, None], mine] += row[:, None] * row
        towards[mine, owner] += row
    return np.linalg.solve(_penalised(between), towards).astype(np.float32)


def _penalised(square: Floats) -> Floats:
    square[np.diag_indices_from(square)] += PENALTY
    return square


def _row(text: Integers, columns: Integers, rarity: Floats) -> tuple[Integers, Floats]:
    """The columns of a phrasing and their weights."""
    words, counts = np.unique(text, return_counts=True)
    weights = (1 + np.log(counts)) * rarity[words]
    kept = columns[words] >= 0
    return columns[words[kept]], (weights[kept] / (np.sqrt((weights * weights).sum()) or 1.0)).astype(np.float32)
