"""The figures of a task in a month, their sums, and the bridge from the baseline that closes to the second.

H = B + demand_effect + method_effect - gross + A + new, where H = remaining + A + new and remaining is added up on its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from fractions import Fraction

from temanashi.toil.cost import Cost, Unit

__all__ = ["Figures", "event_baseline", "figures_of", "grouped", "growth", "total", "unverified"]


@dataclass(frozen=True, slots=True)
class Figures:
    """Integer seconds. `baseline` is B, `gross` the credit, `human` A, `new` toil that the baseline did not have."""

    baseline: int = 0
    demand_effect: int = 0
    method_effect: int = 0
    gross: int = 0
    remaining: int = 0
    human: int = 0
    new: int = 0

    def __add__(self, other: Figures) -> Figures:
        return Figures(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)})

    @property
    def manual(self) -> int:
        """H, the manual seconds that are left: remaining + A + new toil. The headline."""
        return self.remaining + self.human + self.new

    @property
    def bridged(self) -> int:
        """H by way of the bridge; equal to `manual`, always."""
        return self.baseline + self.demand_effect + self.method_effect - self.gross + self.human + self.new

    @property
    def reduction(self) -> Fraction | None:
        """R = 1 - H/B, never clipped; None without a baseline."""
        return 1 - Fraction(self.manual, self.baseline) if self.baseline else None

    @property
    def reduction_without_new(self) -> Fraction | None:
        """R of the tasks that the baseline knew."""
        return 1 - Fraction(self.manual - self.new, self.baseline) if self.baseline else None

    @property
    def net(self) -> int:
        """Gross - A: what automation gave, people's part taken off."""
        return self.gross - self.human

    def progress(self, goal: Fraction) -> Fraction | None:
        """R / goal; 1 is the goal. None without a baseline."""
        return None if self.reduction is None else self.reduction / goal


def figures_of(
    *, baseline: int, cost: Cost, units: Iterable[Unit], now: Cost | None = None, human: int = 0, new: int = 0
) -> Figures:
    """The figures of one task: B in seconds, its signed cost m0, the units due, and the measured cost m1 (m0 by default).

    Raises ValueError if m1 is above m0 for any unit: a rise needs a new baseline version.
    """
    due, cheaper = list(units), now or cost
    before, after = cost.demanded(due), cheaper.demanded(due)
    if after > before:
        raise ValueError("minutes by hand rise only with a new baseline version")
    return Figures(
        baseline=baseline,
        demand_effect=before - baseline,
        method_effect=after - before,
        gross=cheaper.credited(due),
        remaining=cheaper.remaining(due),
        human=human,
        new=new,
    )


def total(figures: Iterable[Figures]) -> Figures:
    """The sum."""
    return sum(figures, Figures())


def grouped(figures: Mapping[str, Figures], key: Callable[[str], str]) -> dict[str, Figures]:
    """Sums by what `key` says of each task id: its category, owner or system. In order of first appearance."""
    sums: dict[str, Figures] = {}
    for task, own in figures.items():
        sums[key(task)] = sums.get(key(task), Figures()) + own
    return sums


def event_baseline(monthly: Fraction, seconds: int, *, elapsed: int = 1, days: int = 1) -> int:
    """B of an event task: D0 * m0 in whole seconds; for a running month the share of its days that have begun."""
    return int(monthly * seconds * elapsed / days + Fraction(1, 2))


def growth(gross: int, baseline: int) -> tuple[int, int]:
    """Credit split into saving against the baseline's demand, min(C, D0), and avoided growth, max(0, C - D0), as seconds."""
    saving = min(gross, max(baseline, 0))
    return saving, gross - saving


def unverified(successes: int, baseline_units: int) -> tuple[int, int]:
    """Without a demand register C is capped at D0: how many successes count, and how many do not."""
    counted = min(successes, baseline_units)
    return counted, successes - counted
