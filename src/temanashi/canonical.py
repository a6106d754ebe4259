"""One way to write a value as JSON and one way to digest it, so that equal things have equal digests."""

from __future__ import annotations

import hashlib
import json
from typing import Any

__all__ = ["canonical_json", "digest_of"]


def canonical_json(value: Any) -> str:
    """JSON with sorted keys, no spaces, no NaN, non-ASCII kept, of JSON types only; raises ValueError or TypeError."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest_of(value: Any) -> str:
    """`sha256:` and 64 hex digits of the canonical JSON of a value."""
    return "sha256:" + hashlib.sha256(canonical_json(value).encode("utf-8", "surrogatepass")).hexdigest()
