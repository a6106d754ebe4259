"""Human time on the automated path: approvals, manual steps, reading results, follow-up. Waiting is not effort."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

__all__ = ["Effort", "human_seconds"]


class Effort(NamedTuple):
    """Active seconds of people under the id of what they did; the same id again is the same effort."""

    id: str
    seconds: int


def human_seconds(efforts: Iterable[Effort]) -> int:
    """A: each id once (an approval that covers four runs is one), at the most that was recorded under it."""
    once: dict[str, int] = {}
    for effort in efforts:
        once[effort.id] = max(effort.seconds, once.get(effort.id, 0))
    return sum(once.values())
