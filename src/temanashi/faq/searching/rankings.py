"""Several rankings of the same documents, added up: their sum puts the right one first more often than any of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from temanashi.faq.searching.cutting import Numbered, Question
from temanashi.faq.searching.linear import Linear
from temanashi.faq.searching.tables import Floats, Table

__all__ = ["RANKERS", "Rankings"]

RANKERS = (
    "whole",
    "single",
    "pairs",
    "single pairs",
    "answer",
    "answer pairs",
    "everything",
    "everything pairs",
    "learned",
)
"""Cosines with all that is asked and with the nearest thing that is asked, by words and by characters; cosines with the answer;
BM25 over everything; least squares over what is asked."""
SHARES = (1.5, 1.0, 2.0, 0.75, 2.0, 3.0, 3.0, 2.0, 2.5)
"""What each ranker weighs, measured over collections with 0 to 100 phrasings an entry in two languages; the optimum is flat."""
HALF = {"single": 20.0, "learned": 4.0}
"""Rankers that need many phrasings: with so many an entry they weigh half of their share."""


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
    everything_pairs: Table
    learned: Linear
    shares: Floats
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
            everything_pairs=Table.by_saturation(documents.pairs.everything, pairs),
            shares=_shares(float(sizes[present].mean()) - 1 if len(present) else 0.0),
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
                self.everything_pairs.sums(question.pairs),
                self.learned.scores(question.chains),
            ]
        )

    def _nearest(self, scores: Floats) -> Floats:
        found = np.zeros(self.whole.size, np.float32)
        if len(self.present):
            found[self.present] = np.maximum.reduceat(scores, self.firsts)
        return found


def _shares(phrasings: float) -> Floats:
    """The weights where entries have so many phrasings on average."""
    shares = dict(zip(RANKERS, SHARES, strict=True))
    grown = {name: share * phrasings / (phrasings + HALF[name]) if name in HALF else share for name, share in shares.items()}
    return np.array(list(grown.values()), np.float32)
