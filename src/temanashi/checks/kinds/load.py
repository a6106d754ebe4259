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
from temanashi.hosts.command import Command, Script
from temanashi.text.local import phrase

__all__ = ["KIND", "LoadSpec", "parse_loadavg"]

_FIGURES = re.compile(r"^(\d+\.\d+) (\d+\.\d+) (\d+\.\d+) \d+/\d+ \d+$", re.MULTILINE)
_COUNT = "nproc 2>/dev/null || getconf _NPROCESSORS_ONLN 2>/dev/null || grep -c ^processor /proc/cpuinfo"


class LoadSpec(ThresholdSpec):
    """Load average for each processor, from /proc/loadavg. Metrics: load1, load5, load15; 1 is a machine that is just busy."""

    kind: Literal["load"]
    metric: Literal["load1", "load5", "load15"] = Field(
        default="load5", description="The average that is judged: 1, 5 or 15 minutes"
    )
    warn: RangeText | None = Field(default="2", description="Range of good load for each processor; outside is WARNING")
    crit: RangeText | None = Field(default="4", description="Range of bearable load for each processor; outside is CRITICAL")


def parse_loadavg(text: str) -> tuple[float, float, float] | None:
    """The averages over 1, 5 and 15 minutes of all processors together; None when the text has none."""
    match = _FIGURES.search(text)
    return (float(match[1]), float(match[2]), float(match[3])) if match else None


class _Load:
    name = "load"
    spec = LoadSpec

    def commands(self, _spec: LoadSpec, /) -> list[Command]:
        return [Command("cat", "/proc/loadavg"), Script(_COUNT)]

    def observe(self, _spec: LoadSpec, given: Given, /) -> Observation:
        averages, processors = given.results
        if problem := trouble("/proc/loadavg", averages) or trouble("nproc", processors):
            return problem
        loads = parse_loadavg(averages.text)
        if loads is None:
            return unreadable("/proc/loadavg", averages.text)
        count = re.search(r"^([1-9]\d*)\s*$", processors.text, re.MULTILINE)
        if count is None:
            return unreadable("nproc", processors.text)
        return Observation(facts={"processors": int(count[1]), "load1": loads[0], "load5": loads[1], "load15": loads[2]})

    def judge(self, spec: LoadSpec, facts: Mapping[str, Any], /) -> Judgement:
        metrics = []
        for name in ("load1", "load5", "load15"):
            ranges = {"warn": spec.warn, "crit": spec.crit} if name == spec.metric else {}
            metrics.append(Metric(name=name, value=round(facts[name] / facts["processors"], 4), min=0, **ranges))
        judged = next(metric for metric in metrics if metric.name == spec.metric)
        verdict = judge_metric(judged.value, judged.warn, judged.crit)
        value = number(judged.value)
        minutes = spec.metric.removeprefix("load")
        reason = phrase("checks.load", value=value, minutes=minutes, processors=facts["processors"], limit=limit(judged, verdict))
        return Judgement(verdict=verdict, reason=reason, metrics=tuple(metrics), expected=expected(judged), observed=value)


KIND = _Load()
