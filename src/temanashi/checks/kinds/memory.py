"""`memory`: how much memory and swap is used."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from temanashi.checks.answers import trouble, unreadable
from temanashi.checks.model import Given, Judgement, Metric, Observation, ThresholdSpec, judge_metrics
from temanashi.checks.thresholds import RangeText
from temanashi.checks.wording import expected, limit, number, size
from temanashi.hosts.command import Command
from temanashi.text.local import phrase

__all__ = ["KIND", "MemorySpec", "parse_meminfo"]

_LINE = re.compile(r"^(\w+):\s+(\d+) kB\s*$", re.MULTILINE)
_NEEDED = ("MemTotal", "MemAvailable", "SwapTotal", "SwapFree")


class MemorySpec(ThresholdSpec):
    """Memory that programs cannot get any more (the kernel's MemAvailable), and swap. Metrics: used_percent, swap_used_percent."""

    kind: Literal["memory"]
    warn: RangeText | None = Field(default="90", description="Range of good used_percent; outside is WARNING")
    crit: RangeText | None = Field(default="95", description="Range of bearable used_percent; outside is CRITICAL")
    swap_warn: RangeText | None = Field(default="80", description="The same for swap_used_percent")
    swap_crit: RangeText | None = Field(default="95", description="The same for swap_used_percent")


def parse_meminfo(text: str) -> dict[str, int]:
    """The lines of /proc/meminfo in kB (proc(5))."""
    return {name: int(value) for name, value in _LINE.findall(text)}


class _Memory:
    name = "memory"
    spec = MemorySpec

    def commands(self, _spec: MemorySpec, /) -> list[Command]:
        return [Command("cat", "/proc/meminfo")]

    def observe(self, _spec: MemorySpec, given: Given, /) -> Observation:
        (result,) = given.results
        if problem := trouble("/proc/meminfo", result):
            return problem
        values = parse_meminfo(result.text)
        if any(name not in values for name in _NEEDED) or values["MemTotal"] <= 0:
            return unreadable("/proc/meminfo", result.text)
        return Observation(facts={name: values[name] for name in _NEEDED})

    def judge(self, spec: MemorySpec, facts: Mapping[str, Any], /) -> Judgement:
        used = 100 * (1 - facts["MemAvailable"] / facts["MemTotal"])
        metrics = [Metric(name="used_percent", value=round(used, 3), unit="%", warn=spec.warn, crit=spec.crit, min=0, max=100)]
        if facts["SwapTotal"] > 0:
            swap = 100 * (1 - facts["SwapFree"] / facts["SwapTotal"])
            ranges = {"warn": spec.swap_warn, "crit": spec.swap_crit}
            metrics.append(Metric(name="swap_used_percent", value=round(swap, 3), unit="%", min=0, max=100, **ranges))
        verdict, metric = judge_metrics(metrics)
        key, free = ("checks.memory", "MemAvailable") if metric.name == "used_percent" else ("checks.memory-swap", "SwapFree")
        value = number(metric.value)
        reason = phrase(key, value=value, free=size(facts[free]), limit=limit(metric, verdict))
        return Judgement(verdict=verdict, reason=reason, metrics=tuple(metrics), expected=expected(metric), observed=f"{value}%")


KIND = _Memory()
