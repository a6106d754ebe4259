"""What a unit of demand costs by hand, what of it was credited, and what remains. Integer seconds throughout."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Cost", "Success", "Unit", "first_successes"]


@dataclass(frozen=True, slots=True)
class Unit:
    """Occasions that are alike: each demands `targets` targets, of which `done` had a first live success. `count` of them."""

    targets: int
    done: int = 0
    count: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.done <= self.targets or self.count < 0:
            raise ValueError(f"a unit of {self.targets} targets cannot have {self.done} done, {self.count} times")


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds by hand: cost(n) = setup + per_target * n for n > 0, and cost(0) = 0."""

    setup: int = 0
    per_target: int = 0

    def __post_init__(self) -> None:
        if self.setup < 0 or self.per_target < 0:
            raise ValueError("seconds by hand cannot be negative")

    def of(self, targets: int) -> int:
        """Seconds for one occasion with so many targets."""
        return self.setup + self.per_target * targets if targets else 0

    def demanded(self, units: Iterable[Unit]) -> int:
        """Seconds that the units would take by hand."""
        return sum(self.of(u.targets) * u.count for u in units)

    def credited(self, units: Iterable[Unit]) -> int:
        """Seconds that records prove were not spent: cost(n) - cost(n - k) for each unit."""
        return sum((self.of(u.targets) - self.of(u.targets - u.done)) * u.count for u in units)

    def remaining(self, units: Iterable[Unit]) -> int:
        """Seconds of manual work left: cost(n - k) for each unit. What nobody is recorded to have automated is manual."""
        return sum(self.of(u.targets - u.done) * u.count for u in units)


@dataclass(frozen=True, slots=True, order=True)
class Success:
    """A target that a live run left as wished; `order` is the record's place in the ledger."""

    order: int
    task: str
    slot: str
    target: str


def first_successes(successes: Iterable[Success]) -> dict[tuple[str, str, str], Success]:
    """Each (task, slot, target) with its first success in the ledger's order, whatever the order they are given in."""
    first: dict[tuple[str, str, str], Success] = {}
    for success in sorted(successes):
        first.setdefault((success.task, success.slot, success.target), success)
    return first
