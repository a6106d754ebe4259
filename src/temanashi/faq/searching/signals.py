"""What speaks for the first document being the right one: figures from 0 to about 1, each the more the surer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from temanashi.faq.searching.cutting import Question
from temanashi.faq.searching.rankings import RANKERS, Rankings
from temanashi.faq.searching.tables import Floats, Query, Table

__all__ = ["SIGNALS", "is_undecided", "signals_of"]

LEARNED = RANKERS.index("learned")
SINGLE = [RANKERS.index(name) for name in ("whole", "single", "pairs", "single pairs", "everything", "everything pairs", "learned")]
"""The rankers whose own score is a signal, and who are asked for their first."""
NEIGHBOURS = 10
FEW = 2
SIGNALS = (
    "sum",
    "gap",
    "gap in proportion",
    "before the others",
    *(RANKERS[number] for number in SINGLE),
    "gap of the learned",
    "words in what is asked",
    "words in everything",
    "words that are known",
    "rankers who agree",
)


def signals_of(
    rankings: Rankings, question: Question, scores: Floats, sums: Floats, seen: Sequence[int], at: int
) -> NDArray[np.float64]:
    """The signals of the document `seen[at]` among those that may be seen, which stand in the order of their sums.

    `scores` by ranker and document, `sums` by document.
    """
    shown = np.asarray(seen)
    document, others = shown[at], np.delete(shown, at)
    mine, total = float(sums[document]), float(rankings.shares.sum())
    second = float(sums[others].max()) if len(others) else 0.0
    learned = float(scores[LEARNED, others].max()) if len(others) else 0.0
    firsts = shown[scores[SINGLE][:, shown].argmax(axis=1)]
    asked, known = _covered(rankings.whole, question.words, document)
    everything, _ = _covered(rankings.everything, question.words, document)
    return np.array(
        [
            mine / total,
            (mine - second) / total,
            (mine - second) / (mine + 0.05 * total),
            (mine - float(sums[shown[:NEIGHBOURS]].mean())) / total,
            *scores[SINGLE, document],
            scores[LEARNED, document] - learned,
            asked,
            everything,
            known,
            float((firsts == document).mean()),
        ],
        np.float64,
    )


def is_undecided(rankings: Rankings, question: Question, seen: Sequence[int]) -> bool:
    """Whether a question of a word or two has no word that the second document has not: which is meant nobody can know."""
    few = len(question.words.terms) + question.words.unknown <= FEW
    if not few or len(seen) < 2:  # noqa: PLR2004  (two to decide between)
        return False
    first, second = (_covered(rankings.whole, question.words, document)[0] for document in seen[:2])
    return first <= second


def _covered(table: Table, query: Query, document: int) -> tuple[float, float]:
    """The share of a question's words, by their rarity, that a document has, and that any document has."""
    rarity = table.rarity[query.terms]
    whole = float(rarity.sum()) + query.unknown * table.strange
    if not whole:
        return 0.0, 0.0
    spans = [(table.starts[term], table.starts[term + 1]) for term in query.terms]
    has = np.array([_is_in(table.rows[start:end], document) for start, end in spans], bool)
    anywhere = np.array([start < end for start, end in spans], bool)
    return float(rarity[has].sum()) / whole, float(rarity[anywhere].sum()) / whole


def _is_in(rows: NDArray[np.int32], document: int) -> bool:
    at = int(np.searchsorted(rows, document))
    return at < len(rows) and int(rows[at]) == document
