"""How sure we are, as a probability: a logistic model whose weights never speak against a signal, drawn to what is usual."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Sureness"]

Numbers: TypeAlias = NDArray[np.float64]
STEPS = 100
ENOUGH = 1e-8
CONSTANT = 1e-6
"""A signal that spreads less says nothing."""
PULL = 0.1
"""Strength of the pull to equal weights, in proportion to the number of examples: signals that say nearly the same must not
play against each other, which pays on the entries themselves and fails on strangers."""
LEAST = 20.0


@dataclass(frozen=True, slots=True)
class Sureness:
    """`weights` of the signals, each of which is taken from its `middle` in units of its `spread`."""

    middle: Numbers
    spread: Numbers
    weights: Numbers
    offset: float

    def of(self, signals: Numbers) -> Numbers:
        """The probability that the document is right, a row of signals each."""
        at = (signals - self.middle) / self.spread @ self.weights + self.offset
        return np.asarray(1 / (1 + np.exp(-np.clip(at, -30, 30))))

    @classmethod
    def learned(cls, signals: Numbers, right: Numbers, importance: Numbers) -> Sureness:
        """From examples: a row of signals, whether it was right (0 or 1), and how much it counts.

        Newton's method; weights that come out negative leave the model one after the other, worst first.
        """
        middle, spread = signals.mean(axis=0), signals.std(axis=0) + CONSTANT / 2
        scaled = (signals - middle) / spread
        used = np.flatnonzero(spread > CONSTANT)
        while True:
            found = _fitted(scaled[:, used], right, importance)
            if not len(used) or found[:-1].min() >= 0:
                break
            used = np.delete(used, int(found[:-1].argmin()))
        weights = np.zeros(signals.shape[1])
        weights[used] = found[:-1]
        return cls(middle, spread, weights, float(found[-1]))


def _fitted(scaled: Numbers, right: Numbers, importance: Numbers) -> Numbers:
    rows = np.column_stack([scaled, np.ones(len(scaled))])
    pull = np.full(rows.shape[1], max(PULL * len(rows), LEAST))
    pull[-1] = 1e-3
    found = np.zeros(rows.shape[1])
    for _ in range(STEPS):
        guess = 1 / (1 + np.exp(-np.clip(rows @ found, -30, 30)))
        slope = rows.T @ (importance * (guess - right)) + pull * found
        bend = (rows * (importance * guess * (1 - guess))[:, None]).T @ rows + np.diag(pull)
        step = np.linalg.solve(bend, slope)
        found -= step
        if np.abs(step).max() < ENOUGH:
            break
    return found
