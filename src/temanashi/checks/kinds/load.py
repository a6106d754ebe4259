"""`load`: how many processes want to run, for each processor."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from temanashi.checks.answers import trouble, unreadable
from temanashi.checks.model import Given, Judgement, Metric, Observation, ThresholdSpec, judge_metric
from temanashi.checks.thresholds import RangeText
from temanashi.checks.wording import expected, limit, number
from temanashi.hosts.command import Command
from temanashi.text.local import phrase

__all__ = ["KIND", "LoadSpec", "parse_loadavg", "parse_online"]

_FIGURES = re.compile(r"^(\d+\.\d+) (\d+\.\d+) (\d+\.\d+) \d+/\d+ \d+$", re.MULTILINE)
# Which processors are online: `0-3`, `0,2-5` (Documentation/ABI/stable/sysfs-devices-system-cpu).
_ONLINE = re.compile(r"^\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*$", re.MULTILINE)
_FILES = ("/proc/loadavg", "/sys/devices/system/cpu/online")


class LoadSpec(ThresholdSpec):
    """Load average, from /proc/loadavg. Metrics: load1, load5, load15, for each processor: 1 is a machine that is just busy."""

    kind: Literal["load"]
    metric: Literal["load1", "load5", "load15"] = Field(
        default="load5", description="The average that is judged: 1, 5 or 15 minutes"
    )
    per_cpu: bool = Field(default=True, description="Load for each processor; false for the load of the whole machine")
    warn: RangeText | None = Field(default="2", description="Range of good load; outside is WARNING")
    crit: RangeText | None = Field(default="4", description="Range of bearable load; outside is CRITICAL")


def parse_loadavg(text: str) -> tuple[float, float, float] | None:
    """The averages over 1, 5 and 15 minutes of all processors together; None when the text has none."""
    match = _FIGURES.search(text)
    return (float(match[1]), float(match[2]), float(match[3])) if match else None


def parse_online(text: str) -> int | None:
    """How many processors are online; None when no line says so."""
    match = _ONLINE.search(text)
    if match is None:
        return None
    spans = [span.partition("-") for span in match[0].split(",")]
    return sum(int(last or first) - int(first) + 1 for first, _, last in spans)


class _Load:
    name = "load"
    spec = LoadSpec

    def commands(self, spec: LoadSpec, /) -> list[Command]:
        return [Command("cat", *(_FILES if spec.per_cpu else _FILES[:1]))]

    def observe(self, spec: LoadSpec, given: Given, /) -> Observation:
        (result,) = given.results
        if problem := trouble("/proc/loadavg", result):
            return problem
        loads = parse_loadavg(result.text)
        if loads is None:
            return unreadable(_FILES[0], result.text)
        processors = parse_online(result.text) if spec.per_cpu else 1
        if not processors:
            return unreadable(_FILES[1], result.text)
        return Observation(facts={"processors": processors, "load1": loads[0], "load5": loads[1], "load15": loads[2]})

    def judge(self, spec: LoadSpec, facts: Mapping[str, Any], /) -> Judgement:
        metrics = []
        for name in ("load1", "load5", "load15"):
            ranges = {"warn": spec.warn, "crit": spec.crit} if name == spec.metric else {}
            metrics.append(Metric(name=name, value=round(facts[name] / facts["processors"], 4), min=0, **ranges))
        judged = next(metric for metric in metrics if metric.name == spec.metric)
        verdict = judge_metric(judged.value, judged.warn, judged.crit)
        value, minutes = number(judged.value), spec.metric.removeprefix("load")
        data = {"value": value, "minutes": minutes, "limit": limit(judged, verdict)}
        if spec.per_cpu:
            reason = phrase("checks.load", processors=facts["processors"], **data)
        else:
            reason = phrase("checks.load-whole", **data)
        return Judgement(verdict=verdict, reason=reason, metrics=tuple(metrics), expected=expected(judged), observed=value)


KIND = _Load()
