"""Several rankings of the same documents, added up: their sum puts the right one first more often than any of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from temanashi.faq.searching.cutting import Numbered, Question
from temanashi.faq.searching.linear import Linear
from temanashi.faq.searching.tables import Floats, Table

__all__ = ["RANKERS", "SHARES", "Rankings"]

RANKERS = ("whole", "single", "pairs", "single pairs", "answer", "answer pairs", "everything", "learned")
"""Cosines with all that is asked and with the nearest thing that is asked, by words and by characters; cosines with the answer;
BM25 over everything; least squares over what is asked."""
SHARES = np.array([1, 1, 1, 1, 1, 1, 1, 2.5], np.float32)


@dataclass(frozen=True, slots=True)
class Rankings:
    """The tables of some documents. `present` are those that have anything asked, `firsts` where their texts begin."""

    whole: Table
    single: Table
    pairs: Table
    single_pairs: Table
    answer: Table
    answer_pairs: Table
    everything: Table
    learned: Linear
    present: NDArray[np.int64]
    firsts: NDArray[np.int64]

    @classmethod
    def of(cls, documents: Numbered) -> Rankings:
        """The tables of documents."""
        words, pairs, chains = (len(vocabulary) for vocabulary in documents.vocabularies)
        sizes = np.array([len(texts) for texts in documents.words.asked], np.int64)
        owners = np.repeat(np.arange(len(sizes)), sizes).astype(np.int32)
        present = np.flatnonzero(sizes)
        return cls(
            whole=Table.by_angle(documents.words.whole, words),
            single=Table.by_angle(documents.words.single, words),
            pairs=Table.by_angle(documents.pairs.whole, pairs),
            single_pairs=Table.by_angle(documents.pairs.single, pairs),
            answer=Table.by_angle(documents.words.answer, words),
            answer_pairs=Table.by_angle(documents.pairs.answer, pairs),
            everything=Table.by_saturation(documents.words.everything, words),
            learned=Linear.of(documents.chains.single, owners, terms=chains, documents=len(sizes)),
            present=present,
            firsts=np.concatenate([[0], np.cumsum(sizes[present])[:-1]]).astype(np.int64) if len(present) else present,
        )

    def scores(self, question: Question) -> Floats:
        """What every ranker says of every document, in the order of RANKERS; documents are columns."""
        return np.stack(
            [
                self.whole.cosines(question.words),
                self._nearest(self.single.cosines(question.words)),
                self.pairs.cosines(question.pairs),
                self._nearest(self.single_pairs.cosines(question.pairs)),
                self.answer.cosines(question.words),
                self.answer_pairs.cosines(question.pairs),
                self.everything.sums(question.words),
                self.learned.scores(question.chains),
            ]
        )

    def _nearest(self, scores: Floats) -> Floats:
        found = np.zeros(self.whole.size, np.float32)
        if len(self.present):
            found[self.present] = np.maximum.reduceat(scores, self.firsts)
        return found
