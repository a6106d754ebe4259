"""One measurement of one check: when it is, with which means, and what the same check kept last time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from temanashi.checks.means import Means

__all__ = ["Occasion"]

EPOCH = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, kw_only=True)
class Occasion:
    """`now` is aware UTC; `remembered` is empty at the first look."""

    now: datetime = EPOCH
    means: Means = field(default_factory=Means)
    remembered: Mapping[str, Any] = field(default_factory=dict)
