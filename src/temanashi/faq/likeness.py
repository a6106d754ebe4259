"""Entries that ask the same: word for word, or nearly. Two owners then keep two answers, and the search cannot choose."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from temanashi.faq.entries import Entry
from temanashi.faq.searching.folding import plain_words
from temanashi.faq.searching.same import bare
from temanashi.text.local import LANGUAGES, Lang

__all__ = ["Alike", "alike_entries"]

NEARLY = 0.8
"""Share of what two questions have in common, rare words counting more, from which on they ask the same."""
RAREST = 3
"""Words by which other questions are looked up, so that thousands are not compared with thousands."""


class Alike(NamedTuple):
    """Two entries that ask the same in a language; `text` is the text where it is the same word for word, else empty."""

    entry: str
    other: str
    lang: Lang
    text: str


def alike_entries(entries: Iterable[Entry]) -> Iterator[Alike]:
    """Every such pair once a language, the entry with the later id first."""
    ordered = sorted(entries, key=lambda one: one.id)
    for lang in LANGUAGES:
        here = [entry for entry in ordered if lang in entry.texts]
        told: set[tuple[str, str]] = set()
        for found in (*_same(here, lang), *_near(here, lang)):
            if (found.entry, found.other) not in told:
                told.add((found.entry, found.other))
                yield found


def _same(entries: list[Entry], lang: Lang) -> Iterator[Alike]:
    first: dict[str, str] = {}
    for entry in entries:
        for text in dict.fromkeys((entry.texts[lang].question, *entry.texts[lang].phrasings)):
            other = first.setdefault(bare(text), entry.id)
            if other != entry.id:
                yield Alike(entry.id, other, lang, text)


def _near(entries: list[Entry], lang: Lang) -> Iterator[Alike]:
    words = [frozenset(plain_words(entry.texts[lang].question)) for entry in entries]
    counts = Counter(word for one in words for word in one)
    weight = {word: math.log(1 + len(entries) / count) for word, count in counts.items()}
    having: dict[str, list[int]] = defaultdict(list)
    for number, one in enumerate(words):
        rarest = sorted(one, key=lambda word: (-weight[word], word))[:RAREST]
        others = sorted({other for word in rarest for other in having[word]})
        for other in others:
            common = sum(weight[word] for word in one & words[other])
            if 2 * common >= NEARLY * (sum(weight[word] for word in one) + sum(weight[word] for word in words[other])):
                yield Alike(entries[number].id, entries[other].id, lang, "")
        for word in one:
            having[word].append(number)
