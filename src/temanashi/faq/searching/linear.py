"""Which entry is meant, learned from all phrasings at once: least squares on their words (ridge regression, in closed form)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from temanashi.faq.searching.tables import Floats, Integers, Query

__all__ = ["Linear"]

MOST = 3_000
"""Words that are learned from, the most frequent; more cost time and memory and bring little."""
PENALTY = 1.0
AT_ONCE = 2_000
"""Phrasings that are held in memory at once."""


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
    """The smaller of the two systems of equations that give the same answer."""
    if len(texts) < shape[0]:
        rows = next(_blocks(texts, columns, rarity, width=shape[0], at_once=len(texts)))
        wanted = np.zeros((len(texts), shape[1]), np.float32)
        wanted[np.arange(len(texts)), owners] = 1
        among = rows @ rows.T
        among[np.diag_indices_from(among)] += PENALTY
        return (rows.T @ np.linalg.solve(among, wanted)).astype(np.float32)
    between, towards = np.zeros((shape[0], shape[0]), np.float32), np.zeros(shape, np.float32)
    for number, rows in enumerate(_blocks(texts, columns, rarity, width=shape[0], at_once=AT_ONCE)):
        between += rows.T @ rows
        mine = owners[number * AT_ONCE : number * AT_ONCE + len(rows)]
        for owner in np.unique(mine):
            towards[:, owner] += rows[mine == owner].sum(axis=0)
    between[np.diag_indices_from(between)] += PENALTY
    return np.linalg.solve(between, towards).astype(np.float32)


def _blocks(
    texts: Sequence[Integers], columns: Integers, rarity: Floats, *, width: int, at_once: int
) -> Iterator[NDArray[np.float32]]:
    """Phrasings as rows of a dense matrix, each of length one, some at once."""
    for first in range(0, len(texts), at_once):
        part = texts[first : first + at_once]
        rows = np.zeros((len(part), width), np.float32)
        for number, text in enumerate(part):
            words, counts = np.unique(text, return_counts=True)
            weights = (1 + np.log(counts)) * rarity[words]
            kept = columns[words] >= 0
            rows[number, columns[words[kept]]] = weights[kept] / (np.sqrt((weights * weights).sum()) or 1.0)
        yield rows
