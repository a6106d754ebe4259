"""The good search: fused rankings with a calibrated confidence. Needs the extra `faq`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from temanashi.faq.searching.calibrating import NEAR, Calibration, calibrated, ranked
from temanashi.faq.searching.cutting import Cut, Numbered, cut_document
from temanashi.faq.searching.documents import Document
from temanashi.faq.searching.found import Bars, Found
from temanashi.faq.searching.rankings import Rankings
from temanashi.faq.searching.same import bare, same_questions, with_same
from temanashi.faq.searching.signals import is_undecided, signals_of
from temanashi.faq.searching.words import Words

__all__ = ["FusedIndex"]

CLOSELY = 10
"""Documents whose confidence is worked out; those behind them have none."""


class FusedIndex:
    """Documents of one language. The same documents give the same answers."""

    name = "fused"

    def __init__(self, documents: Numbered, calibration: Calibration, *, words: Words, same: Mapping[str, int]) -> None:
        self._documents = documents
        self._rankings = Rankings.of(documents)
        self._calibration = calibration
        self._words = words
        self._same = same

    @classmethod
    def of(cls, documents: Sequence[Document], *, words: Words, kept: Mapping[str, Any] | None = None) -> FusedIndex:
        """Built and calibrated; some seconds for thousands of documents. `kept`: what `memory` gave for the same ones."""
        same = same_questions(documents)
        if kept is not None:
            known = dict(zip(_texts(documents), kept["words"], strict=True))
            cuts = (cut_document(document, lambda text: known[text].split()) for document in documents)
            return cls(Numbered.of(cuts), Calibration.revived(kept["calibration"]), words=words, same=same)
        numbered = Numbered.of(cut_document(document, words) for document in documents)
        return cls(numbered, calibrated(numbered, [document.key for document in documents]), words=words, same=same)

    def memory(self, documents: Sequence[Document]) -> dict[str, Any]:
        """What took time to find out, as JSON values; `documents` are those that it was built from."""
        words = [" ".join(self._words(text)) for text in _texts(documents)]
        return {"words": words, "calibration": self._calibration.as_json()}

    @property
    def bars(self) -> Bars:
        """Where it answers, and where it offers."""
        return self._calibration.bars

    def search(self, question: str, *, may_show: Callable[[int], bool], limit: int) -> list[Found]:
        """The best documents that may be shown, in order; none where no word of the question is known."""
        asked = self._documents.question(Cut.question(question, self._words))
        scores, sums, order = ranked(self._rankings, asked)
        seen = _first(order.tolist(), may_show, NEAR)
        if not seen:
            return []
        closely = range(min(limit, len(seen), CLOSELY))
        signals = np.array([signals_of(self._rankings, asked, scores, sums, seen, at) for at in closely])
        sure: list[float] = [*self._calibration.sureness.of(signals).tolist(), *([0.0] * len(seen))]
        if is_undecided(self._rankings, asked, seen):
            sure[0] = min(sure[0], sum(self.bars) / 2)
        found = [Found(number, float(sums[number]), one) for number, one in zip(seen[:limit], sure, strict=False)]
        return with_same(found, self._same.get(bare(question)), may_show)[:limit]


def _first(order: Sequence[int], may_show: Callable[[int], bool], most: int) -> list[int]:
    found: list[int] = []
    for number in order:
        if may_show(number):
            found.append(number)
            if len(found) == most:
                break
    return found


def _texts(documents: Sequence[Document]) -> list[str]:
    """Every text, once."""
    return list(dict.fromkeys(text for document in documents for text in (*document.asked, document.answer)))
