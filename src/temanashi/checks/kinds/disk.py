"""`disk`: how full a file system is, in space and in inodes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from pydantic import Field

from temanashi.checks.answers import trouble, unreadable
from temanashi.checks.fields import AbsolutePath
from temanashi.checks.model import Given, Judgement, Metric, Observation, ThresholdSpec, judge_metrics
from temanashi.checks.thresholds import RangeText
from temanashi.checks.wording import expected, limit, number, size
from temanashi.hosts.command import Command
from temanashi.hosts.transport import Result
from temanashi.text.local import phrase

__all__ = ["KIND", "DiskSpec", "Usage", "parse_df"]

# Names and mount points may hold spaces, headers any language: only the four figures in the middle have a form (POSIX df -P).
_LINE = re.compile(
    r"^(?P<source>.*?)\s+(?P<total>\d+|-)\s+(?P<used>-?\d+|-)\s+(?P<free>-?\d+|-)\s+(?:-?\d+%|-)\s+(?P<mounted>/.*)$"
)


class DiskSpec(ThresholdSpec):
    """Used share of a file system as `df` shows it: used / (used + available). Metrics: used_percent, inodes_percent."""

    kind: Literal["disk"]
    path: AbsolutePath = Field(default="/", description="Mount point")
    mount_point: bool = Field(
        default=True, description="`path` must itself be mounted: the root file system must not answer for it"
    )
    warn: RangeText | None = Field(default="80", description="Range of good used_percent; outside is WARNING")
    crit: RangeText | None = Field(default="90", description="Range of bearable used_percent; outside is CRITICAL")
    inodes: bool = Field(default=True, description="Look at inodes too; BusyBox's df often cannot")
    inodes_warn: RangeText | None = Field(default="80", description="The same for inodes_percent")
    inodes_crit: RangeText | None = Field(default="90", description="The same for inodes_percent")


class Usage(NamedTuple):
    """One line of df: units are KiB or inodes; `percent` is None where a file system has no such limit (btrfs and inodes)."""

    total: int
    used: int
    free: int
    mounted: str

    @property
    def percent(self) -> float | None:
        """Used / (used + available): what a user can still write counts, not what root keeps back."""
        room = self.used + max(self.free, 0)
        return 100 * self.used / room if room > 0 else None


def parse_df(text: str) -> Usage | None:
    """The one file system in the output of `df -P`, whatever else is printed; None when there is none, or more than one."""
    found = [match for line in text.splitlines() if (match := _LINE.match(line.rstrip()))]
    if len(found) != 1:
        return None
    total, used, free = (0 if found[0][name] == "-" else int(found[0][name]) for name in ("total", "used", "free"))
    return Usage(total, used, free, found[0]["mounted"])


class _Disk:
    name = "disk"
    spec = DiskSpec

    def commands(self, spec: DiskSpec, /) -> list[Command]:
        space = Command("df", "-P", "-k", spec.path)
        return [space, Command("df", "-P", "-i", spec.path)] if spec.inodes else [space]

    def observe(self, spec: DiskSpec, given: Given, /) -> Observation:
        space = given.results[0]
        if space.exit == 1 and re.search(r"No such file|can't find mount point", space.error_text):
            return Observation(problem=phrase("checks.disk-missing", path=spec.path))
        usage, problem = _read(space)
        if usage is None:
            return problem
        if spec.mount_point and usage.mounted != (spec.path.rstrip("/") or "/"):
            return Observation(problem=phrase("checks.disk-not-mounted", path=spec.path, mounted=usage.mounted))
        if usage.percent is None:
            return Observation(problem=phrase("checks.disk-no-size", path=spec.path))
        facts: dict[str, Any] = {"mounted": usage.mounted, "total": usage.total, "used": usage.used, "free": usage.free}
        facts["used_percent"] = round(usage.percent, 3)
        if spec.inodes:
            inodes, _ = _read(given.results[1])
            facts["inodes_measured"] = inodes is not None
            facts["inodes_percent"] = None if inodes is None or inodes.percent is None else round(inodes.percent, 3)
        return Observation(facts=facts)

    def judge(self, spec: DiskSpec, facts: Mapping[str, Any], /) -> Judgement:
        metrics = [
            Metric(name="used_percent", value=facts["used_percent"], unit="%", warn=spec.warn, crit=spec.crit, min=0, max=100)
        ]
        # A file system without inodes has nothing to run out of; one whose inodes could not be read is not known to be well.
        if "inodes_measured" in facts and not (facts["inodes_measured"] and facts["inodes_percent"] is None):
            warn, crit = spec.inodes_warn, spec.inodes_crit
            value = facts["inodes_percent"]
            metrics.append(Metric(name="inodes_percent", value=value, unit="%", warn=warn, crit=crit, min=0, max=100))
        verdict, metric = judge_metrics(metrics)
        data = {"path": spec.path, "value": number(metric.value), "limit": limit(metric, verdict)}
        if metric.name == "used_percent":
            reason = phrase("checks.disk-used", free=size(max(facts["free"], 0)), **data)
        else:
            reason = phrase("checks.disk-inodes-unmeasured" if metric.value is None else "checks.disk-inodes", **data)
        return Judgement(
            verdict=verdict, reason=reason, metrics=tuple(metrics), expected=expected(metric), observed=f"{number(metric.value)}%"
        )


def _read(result: Result) -> tuple[Usage | None, Observation]:
    usage = parse_df(result.text)
    return (None, problem) if (problem := trouble("df", result)) else (usage, unreadable("df", result.text))


KIND = _Disk()
