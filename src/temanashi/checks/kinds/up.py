"""`up`: the host can be entered and answers; how long it has been running, and whether it was restarted since the last look."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal

from pydantic import Field

from temanashi.changes import Verdict
from temanashi.checks.answers import trouble, unreadable
from temanashi.checks.model import Given, Judgement, Metric, Observation, ThresholdSpec, judge_metric
from temanashi.checks.occasion import Occasion
from temanashi.checks.wording import duration, expected, limit
from temanashi.hosts.command import Command
from temanashi.text.local import phrase

__all__ = ["KIND", "UpSpec"]

_UPTIME = re.compile(r"^(\d+\.\d+) \d+\.\d+$", re.MULTILINE)
# A random id that the kernel makes at each start (random(4)): clocks that were set play no part.
_BOOT = re.compile(r"^([0-9a-f]{8}-[0-9a-f-]{27})$", re.MULTILINE)


class UpSpec(ThresholdSpec):
    """The host lets us in and answers. Metric: uptime in seconds, e.g. `warn: "600:"` for started in the last ten minutes."""

    kind: Literal["up"]
    restarted: Literal["OK", "WARNING", "CRITICAL"] = Field(
        default="OK", description="Verdict when it was restarted since this check last looked"
    )


class _Up:
    name = "up"
    spec = UpSpec

    def commands(self, _spec: UpSpec, /) -> list[Command]:
        return [Command("cat", "/proc/uptime", "/proc/sys/kernel/random/boot_id")]

    def commands_on(self, spec: UpSpec, _occasion: Occasion, /) -> Sequence[Command]:
        return self.commands(spec)

    def memory_of(self, _spec: UpSpec, /) -> str:
        return ""

    def observe(self, _spec: UpSpec, given: Given, /) -> Observation:
        (result,) = given.results
        uptime, boot = _UPTIME.search(result.text), _BOOT.search(result.text)
        if uptime is None:  # without a boot id, in some containers, the answer is still an answer
            return trouble("/proc/uptime", result) or unreadable("/proc/uptime", result.text)
        seconds = round(float(uptime[1]))
        known = given.occasion.remembered.get("boot")
        identity = boot[1] if boot else None
        return Observation(
            facts={
                "uptime": seconds,
                "since": (given.clock.now() - timedelta(seconds=seconds)).isoformat(timespec="minutes"),
                "restarted": known is not None and identity is not None and known != identity,
            },
            remember={"boot": identity} if identity else None,
        )

    def judge(self, spec: UpSpec, facts: Mapping[str, Any], /) -> Judgement:
        metric = Metric(name="uptime", value=facts["uptime"], unit="s", warn=spec.warn, crit=spec.crit, min=0)
        verdict = judge_metric(metric.value, metric.warn, metric.crit)
        data = {"uptime": duration(facts["uptime"]), "limit": limit(metric, verdict, duration)}
        if facts["restarted"]:
            verdict = Verdict.worst([verdict, Verdict(spec.restarted)])
        key = "checks.up-restarted" if facts["restarted"] else "checks.up"
        observed = f"{facts['uptime']} s"
        return Judgement(
            verdict=verdict, reason=phrase(key, **data), metrics=(metric,), expected=expected(metric), observed=observed
        )


KIND = _Up()
