"""How sure we may be, learned from the entries alone: phrasings left out are asked, and so are those of entries left out.

The first are questions with an answer, the others look the same and have none. Half and half, as nobody knows their shares.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from temanashi.faq.searching.cutting import Numbered, Question
from temanashi.faq.searching.found import Bars
from temanashi.faq.searching.rankings import Rankings
from temanashi.faq.searching.signals import signals_of
from temanashi.faq.searching.sureness import Sureness
from temanashi.faq.searching.tables import Query
from temanashi.faq.searching.usual import USUAL, USUAL_BARS

__all__ = ["NEAR", "Calibration", "calibrated", "ranked"]

PARTS = 3
MOST = 600
"""Examples of each sort; more change the third digit."""
PLENTY = 3_000
"""Asked texts of which one part alone has examples enough."""
FEWEST = 40
"""Below as many examples of either sort there is nothing to learn from, and what is usual counts."""
WRONG = 0.0125
"""Wrong answers that the bar for answering lets through, as a share of all questions. The goal is 2%: people who ask write
otherwise than who wrote the phrasings, so the bar needs a margin."""
UNASKED = 0.5
"""What three candidates where there is none cost, against "I do not know" where there was one."""
OFFERED = 3
NEAR = 50
"""Documents that are looked at more closely."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """The model and the bars."""

    sureness: Sureness
    bars: Bars

    def as_json(self) -> dict[str, Any]:
        """Plain numbers."""
        one = self.sureness
        model = [one.middle.tolist(), one.spread.tolist(), one.weights.tolist(), one.offset]
        return {"model": model, "bars": list(self.bars)}

    @classmethod
    def revived(cls, told: Mapping[str, Any]) -> Calibration:
        """What `as_json` told."""
        middle, spread, weights, offset = told["model"]
        return cls(Sureness(np.array(middle), np.array(spread), np.array(weights), float(offset)), Bars(*told["bars"]))


class _Example(NamedTuple):
    signals: NDArray[np.float64]
    covered: bool
    first: bool
    offered: bool


def calibrated(documents: Numbered, keys: Sequence[str]) -> Calibration:
    """Learned from documents; the same documents give the same figures."""
    if sum(len(texts) - 1 for texts in documents.words.asked) < FEWEST:
        return Calibration(USUAL, USUAL_BARS)
    examples = list(_examples(documents, keys))
    covered = np.array([one.covered for one in examples], bool)
    if min(covered.sum(), len(covered) - covered.sum()) < FEWEST:
        return Calibration(USUAL, USUAL_BARS)
    signals = np.array([one.signals for one in examples])
    right = np.array([one.first for one in examples], np.float64)
    offered = np.array([one.offered for one in examples], bool)
    weights = np.where(covered, 0.5 / covered.mean(), 0.5 / (1 - covered.mean()))
    sureness = Sureness.learned(signals, right, weights)
    bars = _bars(sureness.of(signals), right.astype(bool), covered=covered, offered=offered)
    return Calibration(sureness, bars)


def _bars(sure: NDArray[np.float64], right: NDArray[np.bool_], *, covered: NDArray[np.bool_], offered: NDArray[np.bool_]) -> Bars:
    """Answers: the lowest bar that lets few enough wrong ones through, counting one more than was seen.

    Candidates: where most questions with their entry among the first are told from those without an entry.
    """
    weights = np.where(covered, 0.5 / covered.sum(), 0.5 / (~covered).sum())
    order = np.argsort(-sure, kind="stable")
    wrong = np.cumsum(np.where(right[order], 0, weights[order])) + weights.max()
    let = np.flatnonzero(wrong > WRONG)
    answer = float(sure[order[let[0]]]) if len(let) else float(sure.min())
    levels = np.unique(sure)
    kept = 1 - np.searchsorted(np.sort(sure[offered]), levels) / max(offered.sum(), 1)
    passed = 1 - np.searchsorted(np.sort(sure[~covered]), levels) / max((~covered).sum(), 1)
    # An answer must be surer than the bar: at the bar itself stands a wrong one.
    return Bars(float(np.nextafter(answer, 2)), min(float(levels[int(np.argmax(kept - UNASKED * passed))]), answer))


def ranked(rankings: Rankings, question: Question) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
    """Scores by ranker and document, their sums, and the documents with any score in the order of their sums."""
    scores = rankings.scores(question)
    sums = rankings.shares @ scores
    order = np.argsort(-sums, kind="stable")
    return scores, sums, order[sums[order] > 0]


def _examples(documents: Numbered, keys: Sequence[str]) -> Iterator[_Example]:
    group = _shuffled(keys)
    asked = [_shuffled([f"{key} {at}" for at in range(len(texts))]) for key, texts in zip(keys, documents.words.asked, strict=True)]
    used = 1 if sum(map(len, asked)) >= PLENTY else PARTS
    for part in range(used):

        def keep(document: int, text: int, part: int = part) -> bool:
            alone = len(asked[document]) == 1
            return group[document] % PARTS != part and (alone or asked[document][text] % PARTS != part)

        left = documents.kept(keep)
        rankings = Rankings.of(left)
        out = [
            (document, text) for document in range(len(keys)) for text in range(len(asked[document])) if not keep(document, text)
        ]
        for covered in (True, False):
            some = [pair for pair in out if (group[pair[0]] % PARTS != part) == covered]
            for document, text in _spread(some, MOST // used):
                if (example := _example(rankings, _question(documents, document, text), document, covered=covered)) is not None:
                    yield example


def _example(rankings: Rankings, question: Question, document: int, *, covered: bool) -> _Example | None:
    scores, sums, order = ranked(rankings, question)
    if not len(order):
        return None
    found = signals_of(rankings, question, scores, sums, order[:NEAR].tolist(), 0)
    return _Example(found, covered, covered and int(order[0]) == document, covered and document in order[:OFFERED])


def _question(documents: Numbered, document: int, text: int) -> Question:
    parts = (documents.words, documents.pairs, documents.chains)
    return Question(*(Query.numbered(part.asked[document][text]) for part in parts))


def _shuffled(names: Sequence[str]) -> list[int]:
    """The place of each name in an order that has nothing to do with their own."""
    order = sorted(range(len(names)), key=lambda number: hashlib.sha256(names[number].encode("utf-8", "replace")).digest())
    places = [0] * len(names)
    for place, number in enumerate(order):
        places[number] = place
    return places


def _spread(pairs: Sequence[tuple[int, int]], most: int) -> list[tuple[int, int]]:
    """At most so many, evenly from all."""
    if len(pairs) <= most:
        return list(pairs)
    return [pairs[number * len(pairs) // most] for number in range(most)]
