"""Words of a text: Japanese by SudachiPy's short units in their normal form, English by its stems; what is silent is left out.

Takahashi et al., "Sudachi: a Japanese tokenizer for business" (LREC 2018); Porter 2, snowballstem.org.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from temanashi.faq.searching.folding import RUNS, folded, is_japanese

__all__ = ["Cutter", "Words", "character_pairs"]

Words = Callable[[str], list[str]]
SILENT = frozenset({"助詞", "助動詞", "補助記号", "空白", "記号"})
ASKING = (
    "為る 成る 有る 居る 下さる 頂く 貰う 呉れる 仕舞う 欲しい 教える 良い 言う 事 物 時 場合 様 為 どう 御 方法 知る 出来る 思う"
)
LIGHT = frozenset(map(folded, ASKING.split()))
"""Words of asking rather than of what is asked, in their normal form: they stand in any question."""
CHUNK = 8_000
"""Characters that are cut at once: the library takes at most 49,149 bytes."""

STEMS = 100_000
"""Stems that are remembered: what people type must not fill the memory of a server."""


class Cutter:
    """Cuts texts into words. It holds a dictionary, so a process needs one; several threads may use it."""

    def __init__(self) -> None:
        from snowballstemmer import stemmer  # noqa: PLC0415  (a quick command must not load dictionaries)
        from sudachipy import Dictionary, SplitMode  # noqa: PLC0415

        self._short: Any = Dictionary().tokenizer(mode=SplitMode.A)
        self._stem: Any = stemmer("english")
        self._stems: dict[str, str] = {}
        self._lock = threading.Lock()  # neither of the two can be used twice at once

    def words(self, text: str) -> list[str]:
        """The words that carry meaning, in their order."""
        with self._lock:
            return self._cut(text)

    def _cut(self, text: str) -> list[str]:
        if not is_japanese(text):
            return [self._stemmed(run) for run in RUNS.findall(folded(text))]
        found: list[str] = []
        whole = text.encode("utf-8", "replace").decode("utf-8")  # half a pair of surrogates is no text to the library
        for at in range(0, len(whole), CHUNK):
            for unit in self._short.tokenize(whole[at : at + CHUNK]):
                if unit.part_of_speech()[0] not in SILENT:
                    found += RUNS.findall(folded(unit.normalized_form()))
        heavy = [word for word in found if word not in LIGHT] or found
        return [self._stemmed(word) if word.isascii() else word for word in heavy]

    def _stemmed(self, word: str) -> str:
        known = self._stems.get(word)
        if known is None:
            known = self._stem.stemWord(word)
            if len(self._stems) < STEMS:
                self._stems[word] = known
        return known


def character_pairs(text: str) -> list[str]:
    """Every run of the text as its characters one by one, by two and by three: what typing errors leave whole."""
    found: list[str] = []
    for run in RUNS.findall(folded(text)):
        framed = run if is_japanese(run) else f" {run} "
        sizes = (1, 2) if is_japanese(run) else (3, 4)
        found += [framed[at : at + size] for size in sizes for at in range(len(framed) - size + 1)]
    return found
