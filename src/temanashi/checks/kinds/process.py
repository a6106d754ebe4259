"""`process`: how many processes of a name, an owner or with a command line are running, how long, and what they use."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import Field, model_validator

from temanashi.checks.answers import trouble, unreadable
from temanashi.checks.fields import Pattern
from temanashi.checks.model import Given, Judgement, Metric, Observation, ThresholdSpec, judge_metrics
from temanashi.checks.processes import PS, Process, others, parse_ps
from temanashi.checks.thresholds import RangeText
from temanashi.checks.wording import duration, expected, length, limit, number
from temanashi.hosts.command import Command
from temanashi.text.local import Phrase, phrase

__all__ = ["KIND", "ProcessSpec"]

COMM_LENGTH = 15
SHOWN = 20
# A name that ps cut: BusyBox after 8 characters, procps with a `+`.
USER_LENGTH = 8


class ProcessSpec(ThresholdSpec):
    """Running processes, zombies and temanashi's own commands left out.

    Metrics: count; age_min and age_max in seconds, cpu_max (percent of one processor over its life) and rss_max in bytes, of the
    processes that were counted.
    """

    kind: Literal["process"]
    name: str | None = Field(default=None, min_length=1, description="Name of the program, e.g. nginx")
    pattern: Pattern | None = Field(default=None, description="Regular expression found in the command line")
    owner: str | None = Field(
        default=None, pattern=r"^[^\s:-][^\s:]*$", max_length=64, description="Only processes of this account"
    )
    state: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z]+$",
        description="Only processes in one of these states of ps, e.g. Z or DZ; zombies count then",
    )
    crit: RangeText | None = Field(default="1:", description="Range of bearable counts; outside is CRITICAL")
    age_warn: RangeText | None = Field(
        default=None, description="Range of good ages of each process in seconds, e.g. 600: or 86400; outside is WARNING"
    )
    age_crit: RangeText | None = Field(default=None, description="Range of bearable ages; outside is CRITICAL")
    cpu_warn: RangeText | None = Field(default=None, description="Range of good cpu_max; outside is WARNING")
    cpu_crit: RangeText | None = Field(default=None, description="Range of bearable cpu_max; outside is CRITICAL")
    rss_warn: RangeText | None = Field(default=None, description="Range of good rss_max; outside is WARNING")
    rss_crit: RangeText | None = Field(default=None, description="Range of bearable rss_max; outside is CRITICAL")

    @model_validator(mode="after")
    def _one_way(self) -> ProcessSpec:
        if self.name is not None and self.pattern is not None:
            raise ValueError(phrase("checks.process-one-way"))
        if not (self.name or self.pattern or self.owner or self.state):
            raise ValueError(phrase("checks.process-one-way"))
        return self


class _Process:
    name = "process"
    spec = ProcessSpec

    def commands(self, _spec: ProcessSpec, /) -> list[Command]:
        return [PS]

    def observe(self, spec: ProcessSpec, given: Given, /) -> Observation:
        (result,) = given.results
        if problem := trouble("ps", result):
            return problem
        processes = parse_ps(result.text)
        if not processes:
            return unreadable("ps", result.text)
        if all(process.pid != 1 for process in processes):  # hidepid: we would count only our own user's
            return Observation(problem=phrase("checks.process-hidden"))
        found = [process for process in others(processes) if _matches(spec, process)]
        alive = [process for process in found if spec.state or not process.state.startswith("Z")]
        # Command lines may hold passwords: numbers and names are enough to show what was counted.
        shown = [{"pid": process.pid, "name": process.name} for process in alive[:SHOWN]]
        facts = {"count": len(alive), "zombies": len(found) - len(alive), "processes": shown}
        return Observation(facts={**facts, **_measured(alive)})

    def judge(self, spec: ProcessSpec, facts: Mapping[str, Any], /) -> Judgement:
        count = Metric(name="count", value=facts["count"], warn=spec.warn, crit=spec.crit, min=0)
        metrics = [count]
        if facts["count"]:
            age, cpu, rss = (
                {"warn": spec.age_warn, "crit": spec.age_crit},
                {"warn": spec.cpu_warn, "crit": spec.cpu_crit},
                {"warn": spec.rss_warn, "crit": spec.rss_crit},
            )
            metrics += [
                Metric(name="age_min", value=facts["age_min"], unit="s", min=0, **age),
                Metric(name="age_max", value=facts["age_max"], unit="s", min=0, **age),
                Metric(name="cpu_max", value=facts["cpu_max"], unit="%", min=0, **cpu),
                Metric(name="rss_max", value=facts["rss_max"], unit="B", min=0, **rss),
            ]
        # What this ps does not tell and nobody asked for is left out; what was asked for is UNKNOWN.
        metrics = [metric for metric in metrics if metric.value is not None or metric.warn or metric.crit]
        verdict, metric = judge_metrics(metrics)
        return Judgement(
            verdict=verdict,
            reason=_reason(spec, facts, metric, limit(metric, verdict, _SAID.get(metric.name, _plain))),
            metrics=tuple(metrics),
            expected=expected(metric),
            observed=str(facts["count"]) if metric is count else number(metric.value),
        )


def _plain(value: float) -> str:
    return number(value)


_SAID: Mapping[str, Any] = {"age_min": duration, "age_max": duration, "rss_max": length}


def _reason(spec: ProcessSpec, facts: Mapping[str, Any], metric: Metric, bound: Phrase) -> Phrase:
    wanted = spec.name or spec.pattern or " ".join(filter(None, (spec.owner, spec.state)))
    if metric.name == "count":
        key = "checks.process-zombies" if facts["zombies"] else "checks.process"
        return phrase(key, name=wanted, count=facts["count"], zombies=facts["zombies"], limit=bound)
    if metric.value is None:
        return phrase("checks.process-not-told", name=wanted, what=metric.name)
    if metric.name == "rss_max":
        return phrase("checks.process-rss", name=wanted, value=length(metric.value), limit=bound)
    if metric.name == "cpu_max":
        return phrase("checks.process-cpu", name=wanted, value=number(metric.value), limit=bound)
    key = "checks.process-young" if metric.name == "age_min" else "checks.process-old"
    return phrase(key, name=wanted, value=duration(metric.value), limit=bound)


def _measured(processes: Sequence[Process]) -> dict[str, Any]:
    ages = [process.age for process in processes if process.age is not None]
    cpus = [process.cpu for process in processes if process.cpu is not None]
    sizes = [process.rss for process in processes if process.rss is not None]
    return {
        "age_min": min(ages, default=None),
        "age_max": max(ages, default=None),
        # A process of less than a second has no share yet.
        "cpu_max": round(max(cpus, default=0.0), 2) if ages else None,
        "rss_max": 1024 * max(sizes) if sizes else None,
    }


def _matches(spec: ProcessSpec, process: Process) -> bool:
    if spec.owner is not None and not _owned(spec.owner, process.user):
        return False
    if spec.state is not None and process.state[:1] not in spec.state:
        return False
    if spec.pattern is not None:
        return re.search(spec.pattern, process.command) is not None
    return spec.name is None or _named(spec.name, process)


def _named(name: str, process: Process) -> bool:
    if len(name) > COMM_LENGTH:  # the kernel cuts names, and two long ones may begin alike
        return process.name == name[:COMM_LENGTH] and name in map(posixpath.basename, process.command.split())
    return process.name == name or posixpath.basename(process.command.partition(" ")[0]) == name


def _owned(owner: str, user: str) -> bool:
    cut = user.removesuffix("+")
    return user == owner or (len(cut) >= USER_LENGTH - 1 and len(user) <= USER_LENGTH < len(owner) and owner.startswith(cut))


KIND = _Process()
