"""Numbers, sizes, durations and limits as readers see them."""

from __future__ import annotations

import math
from collections.abc import Callable

from temanashi.changes import Verdict
from temanashi.checks.model import Metric
from temanashi.checks.thresholds import parse_range
from temanashi.text.local import Phrase, phrase

__all__ = ["days", "duration", "expected", "length", "limit", "number", "size"]

_UNITS = ("KiB", "MiB", "GiB", "TiB", "PiB")
_STEP = 1024
_DURATIONS = (("checks.days", 86_400), ("checks.hours", 3_600), ("checks.minutes", 60))


def number(value: float | None) -> str:
    """At most two decimals under 10, one above; `-` for none."""
    if value is None:
        return "-"
    digits = 2 if abs(value) < 10 else 1  # noqa: PLR2004  (two significant digits are enough for a reader)
    text = f"{value:.{digits}f}".rstrip("0").rstrip(".") if math.isfinite(value) else str(value)
    return "0" if text == "-0" else text


def size(kibibytes: float) -> str:
    """`79.4 GiB`."""
    value = float(kibibytes)
    for unit in _UNITS:
        if abs(value) < _STEP or unit == _UNITS[-1]:
            return f"{number(value)} {unit}"
        value /= _STEP
    raise AssertionError(value)


def length(octets: float) -> str:
    """`512 B`, `4.2 GiB`."""
    return size(octets / _STEP) if abs(octets) >= _STEP else f"{number(octets)} B"


def days(value: float) -> Phrase:
    """`30日`, `30 days`."""
    return phrase("checks.days", value=number(value))


def duration(seconds: float) -> Phrase:
    """`2.5時間`, `3 days`: in the largest unit that it fills twice, so that 90 minutes stay minutes."""
    for key, unit in _DURATIONS:
        if abs(seconds) >= 2 * unit:
            return phrase(key, value=number(seconds / unit))
    return phrase("checks.seconds", value=number(seconds))


def limit(metric: Metric, verdict: Verdict, shown: Callable[[float], str | Phrase] | None = None) -> Phrase:
    """The range that a reader compares the value with: `crit` for CRITICAL, else `warn` when there is one.

    `shown` says a bound in words; a number and the metric's unit by default.
    """
    text = metric.crit if verdict is Verdict.CRITICAL or metric.warn is None else metric.warn
    if text is None:
        return phrase("checks.limit-none")
    start, end, inside = parse_range(text)
    word = shown or (lambda value: f"{number(value)}{metric.unit}")
    if inside:
        return phrase("checks.limit-outside", start=word(start), end=word(end))
    if math.isinf(end):
        return phrase("checks.limit-none") if math.isinf(start) else phrase("checks.limit-min", start=word(start))
    if math.isinf(start) or start == 0:
        return phrase("checks.limit-max", end=word(end))
    return phrase("checks.limit-between", start=word(start), end=word(end))


def expected(metric: Metric) -> str:
    """`used_percent warn 80 crit 90`, for tables."""
    parts = [f"{word} {text}" for word, text in (("warn", metric.warn), ("crit", metric.crit)) if text is not None]
    return " ".join([metric.name, *parts])
