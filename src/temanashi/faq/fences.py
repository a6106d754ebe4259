"""Which lines of a Markdown text are code between fences (CommonMark 0.31, section 4.5)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

__all__ = ["open_fence", "with_code"]

FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")


def with_code(lines: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """Every line, and whether it is code or a fence."""
    fence = ""
    for line in lines:
        before, fence = fence, _after(line, fence)
        yield line, bool(before or fence)


def open_fence(lines: Iterable[str]) -> str:
    """The fence that these lines leave open; nothing where none is."""
    fence = ""
    for line in lines:
        fence = _after(line, fence)
    return fence


def _after(line: str, fence: str) -> str:
    match = FENCE.match(line)
    if match is None:
        return fence
    if not fence:
        return match[1]
    closes = match[1][0] == fence[0] and len(match[1]) >= len(fence) and not line[match.end() :].strip()
    return "" if closes else fence
