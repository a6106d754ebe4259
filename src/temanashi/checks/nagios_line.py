"""One line as monitoring plugins print it: `text | 'label'=value[UOM];warn;crit;min;max` (their Development Guidelines)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["EXIT_CODES", "MOST_CHARACTERS", "nagios_line", "perfdata"]

EXIT_CODES: Mapping[str, int] = {"OK": 0, "PENDING": 0, "WARNING": 1, "CRITICAL": 2, "UNKNOWN": 3, "SKIPPED": 3, "NOT_RUN": 3}
"""What a poller is told. Before its time nothing is wrong; where everything was skipped, nothing is known."""

MOST_CHARACTERS = 4000
"""Pollers cut longer lines (Nagios 4: 8 KiB; older agents 4 KiB), perhaps in the middle of a number."""

UNITS = frozenset({"", "s", "us", "ms", "%", "B", "KB", "MB", "TB", "c"})


def nagios_line(text: str, data: Iterable[str] = ()) -> str:
    """The line, bounded: whole pieces of performance data as long as they fit."""
    said = re.sub(r"\s+", " ", text.replace("|", "/")).strip()[: MOST_CHARACTERS // 2]
    room = MOST_CHARACTERS - len(said.encode()) - 3
    fitting = []
    for piece in data:
        room -= len(piece.encode()) + 1
        if room < 0:
            break
        fitting.append(piece)
    return f"{said} | {' '.join(fitting)}" if fitting else said


def perfdata(label: str, metric: Mapping[str, Any]) -> str:
    """One piece of performance data; `U` where no value could be determined."""
    value = metric.get("value")
    unit = str(metric.get("unit") or "")
    name = label.replace("=", ":").replace("'", "''")
    name = re.sub(r"[\s|]+", " ", name)
    shown = "U" if value is None else f"{number(value)}{unit if unit in UNITS else ''}"
    bounds = [metric.get("warn") or "", metric.get("crit") or "", *(number(metric.get(end)) for end in ("min", "max"))]
    return f"'{name}'={';'.join([shown, *map(str, bounds)]).rstrip(';')}"


def number(value: Any) -> str:
    """A number with a decimal point and without an exponent where that is not needed; nothing for none."""
    if value is None:
        return ""
    text = f"{float(value):.6f}".rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text
