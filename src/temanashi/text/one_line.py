"""Any text as one harmless line: what a program or a person wrote cannot move a cursor, start a line or turn the reading order."""

from __future__ import annotations

import unicodedata

__all__ = ["LINE", "harmless", "one_line"]

LINE = 300
"""Characters of one line."""

HARMFUL = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Control characters, invisible formatting (bidirectional overrides among them), lone surrogates, line and paragraph separators."""


def one_line(text: str, *, limit: int = LINE) -> str:
    r"""The text with harmful characters written out (`\n`, `\x1b`, `\u202e`), at most `limit` characters."""
    cut = text[: limit + 1]
    shown = "".join(_escaped(c) if unicodedata.category(c) in HARMFUL else c for c in cut)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def harmless(text: str) -> str:
    """The text with its line breaks and tabs, and everything else that is harmful written out."""
    return "".join(c if c in "\n\t" or unicodedata.category(c) not in HARMFUL else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    return repr(character)[1:-1] if not character.isprintable() else f"\\u{ord(character):04x}"
