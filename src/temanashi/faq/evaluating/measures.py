"""Figures of a search: how often the right entry is first, how well refusing works, and what the shipped bar lets through."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from temanashi.faq.evaluating.files import Judged

__all__ = ["AtBar", "Measures", "Outcome", "area_under", "measures_of"]

ANSWERS = 2
"""The grade of an entry that answers a question; 1 is only related."""
DEPTH = 10


class Outcome(NamedTuple):
    """A question, what was found in its order, how sure the first one was, whether that was the answer, and what was offered."""

    asked: Judged
    found: tuple[str, ...]
    confidence: float
    answered: bool
    offered: tuple[str, ...]

    @property
    def right(self) -> frozenset[str]:
        """The entries that answer it: those of grade 2, or of its highest grade where none has that."""
        grades = self.asked.grades
        wanted = min(ANSWERS, max(grades.values(), default=ANSWERS))
        return frozenset(entry for entry, grade in grades.items() if grade >= wanted)

    @property
    def rank(self) -> int | None:
        """The place of the first right entry, from 1."""
        return next((place for place, entry in enumerate(self.found, 1) if entry in self.right), None)


class AtBar(NamedTuple):
    """What happens at the shipped bar. Shares; `None` where there is no such question.

    Of all questions: `answered`, `answered_wrong`. Of covered ones: `answered_right`, `right_offered` (among the candidates).
    Of uncovered ones: `refused_of_uncovered` (not answered), `unknown_of_uncovered` (nothing offered either).
    """

    answered: float | None
    answered_right: float | None
    answered_wrong: float | None
    right_offered: float | None
    refused_of_uncovered: float | None
    unknown_of_uncovered: float | None
    answered_count: int
    answered_right_count: int
    answered_wrong_count: int


class Measures(NamedTuple):
    """Figures over some questions; `None` where there is no question to measure with."""

    questions: int
    covered: int
    uncovered: int
    mrr: float | None
    sr_at_1: float | None
    sr_at_3: float | None
    sr_at_5: float | None
    ndcg_at_10: float | None
    refusal_auroc: float | None
    at_bar: AtBar


def measures_of(outcomes: Sequence[Outcome]) -> Measures:
    """The figures of these questions. Ranks and nDCG are over those with an answer; ranks beyond the 50th count as none."""
    covered = [one for one in outcomes if one.asked.covered]
    uncovered = [one for one in outcomes if not one.asked.covered]
    ranks = [one.rank for one in covered]
    return Measures(
        questions=len(outcomes),
        covered=len(covered),
        uncovered=len(uncovered),
        mrr=_mean([1 / rank if rank else 0.0 for rank in ranks]),
        sr_at_1=_success(ranks, 1),
        sr_at_3=_success(ranks, 3),
        sr_at_5=_success(ranks, 5),
        ndcg_at_10=_mean([_ndcg(one) for one in covered]),
        refusal_auroc=area_under([one.confidence for one in covered], [one.confidence for one in uncovered]),
        at_bar=_at_bar(outcomes, covered, uncovered),
    )


def _at_bar(outcomes: Sequence[Outcome], covered: Sequence[Outcome], uncovered: Sequence[Outcome]) -> AtBar:
    answered = [one for one in outcomes if one.answered]
    right = [one for one in answered if one.asked.covered and one.rank == 1]
    return AtBar(
        answered=_share(len(answered), len(outcomes)),
        answered_right=_share(len(right), len(covered)),
        answered_wrong=_share(len(answered) - len(right), len(outcomes)),
        right_offered=_share(sum(not one.answered and not one.right.isdisjoint(one.offered) for one in covered), len(covered)),
        refused_of_uncovered=_share(sum(not one.answered for one in uncovered), len(uncovered)),
        unknown_of_uncovered=_share(sum(not one.answered and not one.offered for one in uncovered), len(uncovered)),
        answered_count=len(answered),
        answered_right_count=len(right),
        answered_wrong_count=len(answered) - len(right),
    )


def area_under(higher: Sequence[float], lower: Sequence[float]) -> float | None:
    """AUROC: the chance that one of the first is above one of the second, ties by half (Mann and Whitney, 1947)."""
    if not higher or not lower:
        return None
    ordered = sorted([(value, True) for value in higher] + [(value, False) for value in lower])
    total, at = 0.0, 0
    while at < len(ordered):
        end = at
        while end < len(ordered) and ordered[end][0] == ordered[at][0]:
            end += 1
        total += sum(is_higher for _, is_higher in ordered[at:end]) * (at + 1 + end) / 2
        at = end
    return (total - len(higher) * (len(higher) + 1) / 2) / (len(higher) * len(lower))


def _ndcg(outcome: Outcome) -> float:
    """nDCG@10 with the grades as gains (Järvelin and Kekäläinen, 2002)."""
    grades = outcome.asked.grades
    ideal = sum(grade / math.log2(place + 1) for place, grade in enumerate(sorted(grades.values(), reverse=True)[:DEPTH], 1))
    found = sum(grades.get(entry, 0) / math.log2(place + 1) for place, entry in enumerate(outcome.found[:DEPTH], 1))
    return found / ideal if ideal else 0.0


def _success(ranks: Sequence[int | None], depth: int) -> float | None:
    return _mean([float(rank is not None and rank <= depth) for rank in ranks])


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
