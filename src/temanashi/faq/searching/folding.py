"""Texts made comparable: widths, cases, kana, and no more of them than a question needs."""

from __future__ import annotations

import re
import unicodedata

from temanashi.text.local import Lang

__all__ = ["MAX_QUESTION", "folded", "is_japanese", "language_of", "plain_words"]

MAX_QUESTION = 2_000
"""Characters of a question that are looked at; the rest of a pasted log tells nothing more."""
KATAKANA = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}
CJK = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff々〆ー"
RUNS = re.compile(rf"[{CJK}]+|[^\W_{CJK}]+", re.UNICODE)
IS_CJK = re.compile(rf"[{CJK}]")


def folded(text: str) -> str:
    """NFKC, lower case, katakana as hiragana; full-width and half-width come out the same."""
    return unicodedata.normalize("NFKC", text).lower().translate(KATAKANA)


def language_of(text: str) -> Lang:
    """Japanese where one kana or kanji stands, else English."""
    return "ja" if IS_CJK.search(unicodedata.normalize("NFKC", text[:MAX_QUESTION])) else "en"


def is_japanese(text: str) -> bool:
    """Whether one kana or kanji stands in a text."""
    return IS_CJK.search(text) is not None


def plain_words(text: str) -> list[str]:
    """Words without a dictionary: those of Latin script as they are, Japanese as pairs of characters."""
    found: list[str] = []
    for run in RUNS.findall(folded(text)):
        if IS_CJK.match(run):
            found += [run[at : at + 2] for at in range(len(run) - 1)] or [run]
        else:
            found.append(run)
    return found
