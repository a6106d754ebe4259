"""Searching text with a regular expression of a workspace, for a bounded time: some expressions would search for years."""

from __future__ import annotations

from typing import TYPE_CHECKING

from temanashi.errors import TargetError

if TYPE_CHECKING:
    import regex

__all__ = ["SEARCH_SECONDS", "PatternTooSlow", "found", "searched"]

SEARCH_SECONDS = 2.0


class PatternTooSlow(TargetError):
    """A regular expression did not come to an end in time, so it is not known whether the text has it."""

    key = "checks.pattern-slow"

    def __init__(self, pattern: str, seconds: float) -> None:
        super().__init__(pattern=pattern[:200], seconds=f"{seconds:g}")


def searched(pattern: str, text: str, *, lines: bool = False, seconds: float = SEARCH_SECONDS) -> regex.Match[str] | None:
    """The first match. With `lines`, `^` and `$` mean each line. Raises PatternTooSlow."""
    import regex  # noqa: PLC0415  (only who searches pays for its import)

    # The search gives the interpreter free, so a slow one does not stop the other checks either.
    try:
        return regex.search(pattern, text, flags=regex.MULTILINE if lines else 0, timeout=seconds, concurrent=True)
    except TimeoutError:
        raise PatternTooSlow(pattern, seconds) from None


def found(pattern: str, text: str, *, seconds: float = SEARCH_SECONDS) -> bool:
    """Whether a text has it; raises PatternTooSlow."""
    return searched(pattern, text, seconds=seconds) is not None
