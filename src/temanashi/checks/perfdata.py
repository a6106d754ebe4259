"""The output of monitoring plugins: `text | 'label'=value[UOM];warn;crit;min;max` (Monitoring Plugins Development Guidelines)."""

from __future__ import annotations

import re
from typing import NamedTuple

from temanashi.checks.model import Metric
from temanashi.checks.thresholds import BadRange, parse_range

__all__ = ["PluginOutput", "parse_perfdata", "parse_plugin"]

_LABEL = re.compile(r"\s*(?:'(?P<quoted>(?:[^']|'')+)'|(?P<plain>[^\s='][^\s=]*))=")
_VALUE = re.compile(r"(?P<number>-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?P<unit>[^\d\s;,.'\"-]+)?$")
_WORD = re.compile(r"\S*")


class PluginOutput(NamedTuple):
    """The first line, the lines after it, the metrics, and the pieces of performance data that have no valid form."""

    text: str
    more: str
    metrics: tuple[Metric, ...]
    malformed: tuple[str, ...]


def parse_plugin(output: str) -> PluginOutput:
    """What a plugin printed: performance data follows `|` on the first line, and again on a later line and all lines after that."""
    lines = output.splitlines() or [""]
    text, _, perfdata = lines[0].partition("|")
    more: list[str] = []
    chunks = [perfdata]
    for number, line in enumerate(lines[1:], start=1):
        before, bar, after = line.partition("|")
        more.append(before.rstrip())
        if bar:
            chunks += [after, *lines[number + 1 :]]
            break
    metrics, malformed = parse_perfdata(" ".join(chunks))
    return PluginOutput(text.strip(), "\n".join(more).strip(), metrics, malformed)


def parse_perfdata(text: str) -> tuple[tuple[Metric, ...], tuple[str, ...]]:
    """The metrics of a line of performance data, and what could not be read; `U` is a value that was not determined."""
    metrics: list[Metric] = []
    malformed: list[str] = []
    at = 0
    text = text.strip()
    while at < len(text):
        label = _LABEL.match(text, at)
        word = _WORD.match(text, label.end() if label else at)
        end = word.end() if word else len(text)
        metric = _metric(label, text[label.end() : end]) if label else None
        if metric is not None:
            metrics.append(metric)
        else:
            malformed.append(text[at:end].strip())
        at = end + len(text[end:]) - len(text[end:].lstrip())
    return tuple(metrics), tuple(malformed)


def _metric(label: re.Match[str], word: str) -> Metric | None:
    name = label["quoted"].replace("''", "'") if label["quoted"] else label["plain"]
    value, *rest = word.split(";")
    fields = [*rest, "", "", "", ""]
    match = _VALUE.match(value)
    if match is None and value != "U":
        return None
    try:
        return Metric(
            name=name,
            value=float(match["number"]) if match else None,
            unit=(match["unit"] or "") if match else "",
            warn=_range(fields[0]),
            crit=_range(fields[1]),
            min=_bound(fields[2]),
            max=_bound(fields[3]),
        )
    except (BadRange, ValueError):
        return None


def _range(text: str) -> str | None:
    if not text:
        return None
    parse_range(text)
    return text


def _bound(text: str) -> float | None:
    return float(text) if text else None
