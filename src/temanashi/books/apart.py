"""Seconds told apart: work and attendance (立会い); by day, early, at night and on holidays. The parts add up to the whole."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import get_args

from temanashi.books.baseline import SignedVersion
from temanashi.books.figures import ByHand, Sums, TimeOfDay
from temanashi.books.tasks import Shares, TaskKind
from temanashi.toil import Figures, total

__all__ = ["by_kind", "by_time", "split"]

KINDS: tuple[TaskKind, ...] = get_args(TaskKind)
TIMES: tuple[TimeOfDay, ...] = get_args(TimeOfDay)


def by_kind(tasks: Iterable[tuple[TaskKind, Figures]]) -> dict[TaskKind, Sums]:
    """Sums of each kind of task that there is."""
    every = list(tasks)
    found = {kind: [figures for own, figures in every if own == kind] for kind in KINDS}
    return {kind: Sums.of(total(figures)) for kind, figures in found.items() if figures}


def by_time(parts: Iterable[tuple[SignedVersion, Figures]]) -> dict[TimeOfDay, ByHand]:
    """Work by hand by the time of day that the version which counts says; times at which nothing is done are left out."""
    sums: dict[TimeOfDay, ByHand] = {}
    for version, figures in parts:
        for time, own in _split(figures, version.shares).items():
            sums[time] = _added(sums.get(time, ByHand()), own)
    return {time: sums[time] for time in TIMES if time in sums and sums[time] != ByHand()}


def split(seconds: int, shares: Shares) -> dict[TimeOfDay, int]:
    """Whole seconds by time; what rounding leaves over belongs to the day, so that they add up to `seconds`."""
    apart = {time: _rounded(seconds, getattr(shares, time)) for time in TIMES[1:] if getattr(shares, time)}
    rest = seconds - sum(apart.values())
    if not shares.day and apart:  # nothing is done by day: the last time takes what rounding left
        last = next(reversed(apart))
        return {**apart, last: apart[last] + rest}
    return {"day": rest, **apart}


def _rounded(seconds: int, share: float) -> int:
    return int(seconds * Fraction(str(share)) // 1)


def _split(figures: Figures, shares: Shares) -> dict[TimeOfDay, ByHand]:
    baseline = split(figures.baseline, shares)
    demand, method, gross = (split(n, shares) for n in (figures.demand_effect, figures.method_effect, figures.gross))
    return {
        time: ByHand(
            baseline_seconds=baseline[time],
            demand_effect_seconds=demand[time],
            method_effect_seconds=method[time],
            credited_seconds=gross[time],
            # Never rounded on its own, so that each time's own bridge closes.
            remaining_seconds=baseline[time] + demand[time] + method[time] - gross[time],
        )
        for time in baseline
    }


def _added(one: ByHand, other: ByHand) -> ByHand:
    return ByHand(**{name: getattr(one, name) + getattr(other, name) for name in ByHand.model_fields})
