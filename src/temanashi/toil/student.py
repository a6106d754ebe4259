"""Quantiles of Student's t distribution, without a numerical library."""

from __future__ import annotations

import math

__all__ = ["t_quantile"]

MANY = 400
HALVINGS = 60


def _two_sided(t: float, freedom: int) -> float:
    """P(|T| <= t), exactly: Abramowitz and Stegun 26.7.3 (odd) and 26.7.4 (even degrees of freedom)."""
    theta = math.atan2(t, math.sqrt(freedom))
    cosine, sine = math.cos(theta), math.sin(theta)
    odd = freedom % 2
    term, series = (cosine, 0.0) if odd else (1.0, 0.0)
    for step in range(2 + odd, freedom + 1, 2):
        series += term
        term *= cosine * cosine * (step - 1) / step
    return 2 / math.pi * (theta + sine * series) if odd else sine * series


def _expanded(normal: float, freedom: int) -> float:
    """Expansion in 1/freedom around the normal quantile: Abramowitz and Stegun 26.7.5."""
    x = normal
    return (
        x
        + (x**3 + x) / (4 * freedom)
        + (5 * x**5 + 16 * x**3 + 3 * x) / (96 * freedom**2)
        + (3 * x**7 + 19 * x**5 + 17 * x**3 - 15 * x) / (384 * freedom**3)
    )


def t_quantile(freedom: int) -> float:
    """t(0.95, freedom): half the width of a two-sided 90% interval in standard errors; `freedom` at least 1. Good to 8 decimals."""
    if freedom < 1:
        raise ValueError("a t interval needs two samples")
    if freedom > MANY:
        return _expanded(1.6448536269514722, freedom)
    low, high = 0.0, 10.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if _two_sided(middle, freedom) < 0.9 else (low, middle)  # noqa: PLR2004  (the 90% of the model)
    return (low + high) / 2
