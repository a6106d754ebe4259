"""Ask every judged question and give the figures, over all of them and by language and split."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from temanashi.faq.evaluating.files import Judged
from temanashi.faq.evaluating.measures import Measures, Outcome, measures_of
from temanashi.faq.searching.search import Search

__all__ = ["Evaluation", "evaluated"]

DEPTH = 50


class Evaluation(NamedTuple):
    """The figures, and with what they came about; times are seconds, of the whole and a question."""

    method: str
    bars: dict[str, float]
    overall: Measures
    by_language: dict[str, Measures]
    by_split: dict[str, Measures]
    by_language_and_split: dict[str, Measures]
    milliseconds: float

    def as_json(self) -> dict[str, Any]:
        """Plain data, figures to four digits."""
        groups = {
            name: {key: _plain(value) for key, value in getattr(self, name).items()}
            for name in ("by_language", "by_split", "by_language_and_split")
        }
        told = {"method": self.method, "bars": self.bars, "overall": _plain(self.overall), **groups}
        return told | {"milliseconds_per_question": round(self.milliseconds, 3)}


def evaluated(search: Search, questions: Iterable[Judged], *, seconds: Callable[[], float]) -> Evaluation:
    """The figures of a search over judged questions; `seconds` is a clock that only goes forward."""
    before = seconds()
    outcomes = [_asked(search, question) for question in questions]
    spent = seconds() - before
    groups: dict[str, dict[str, list[Outcome]]] = {name: defaultdict(list) for name in ("lang", "split", "both")}
    for one in outcomes:
        groups["lang"][one.asked.lang].append(one)
        groups["split"][one.asked.split or "-"].append(one)
        groups["both"][f"{one.asked.lang}/{one.asked.split or '-'}"].append(one)
    measured = {name: {key: measures_of(group[key]) for key in sorted(group)} for name, group in groups.items()}
    return Evaluation(
        method=search.method,
        bars={lang: round(bars.answer, 4) for lang, bars in search.bars.items()},
        overall=measures_of(outcomes),
        by_language=measured["lang"],
        by_split=measured["split"],
        by_language_and_split=measured["both"],
        milliseconds=1000 * spent / max(len(outcomes), 1),
    )


def _asked(search: Search, question: Judged) -> Outcome:
    searched = search.search(question.text, lang=question.lang, may_show=lambda _: True, limit=DEPTH)
    found = tuple(one.document.key for one in searched.found)
    offered = tuple(one.document.key for one in searched.candidates) if searched.may_offer else ()
    return Outcome(question, found, searched.confidence, searched.may_answer, offered)


def _plain(measures: Measures) -> dict[str, Any]:
    told = measures._asdict()
    told["at_bar"] = measures.at_bar._asdict()
    return {key: _rounded(value) for key, value in told.items()}


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    return round(value, 4) if isinstance(value, float) else value
