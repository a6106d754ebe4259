"""What a new content changes in a file, as a unified difference."""

from __future__ import annotations

import difflib

__all__ = ["counted", "difference"]

MOST_LINES = 400


def difference(before: bytes, after: bytes, *, path: str, new: bool) -> str:
    """The unified difference, at most 400 lines; empty for equal contents."""
    old, fresh = (data.decode("utf-8", "replace").splitlines(keepends=True) for data in (before, after))
    lines = list(difflib.unified_diff(old, fresh, fromfile="/dev/null" if new else path, tofile=path, n=3))
    told = "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines[:MOST_LINES])
    return told + (f"... {len(lines) - MOST_LINES}\n" if len(lines) > MOST_LINES else "")


def counted(told: str) -> str:
    """`+3 -1`: lines that come and go."""
    lines = told.splitlines()[2:]
    return f"+{sum(line.startswith('+') for line in lines)} -{sum(line.startswith('-') for line in lines)}"
