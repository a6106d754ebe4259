"""One spelling for each address: what a router could read in two ways is refused before anybody decides by it."""

from __future__ import annotations

__all__ = ["is_plain"]

LONGEST = 4000


def is_plain(path: str, raw: bytes) -> bool:
    """Whether a path has no empty, `.` or `..` part, no backslash, no sign that is not seen, and nothing encoded twice."""
    if not path.startswith("/") or len(raw) > LONGEST or not path.isprintable() or "\\" in path or "%" in path or ";" in path:
        return False
    parts = path.split("/")
    encoded = raw.lower()
    hidden = b"%2f" in encoded or b"%5c" in encoded or b"%2e" in encoded
    return not hidden and not any(part in {".", ".."} for part in parts) and "" not in parts[1:-1]
