"""`clock`: how far a machine's clock is off, or at least whether something keeps it right."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from temanashi.changes import Verdict
from temanashi.checks.fields import ServerName
from temanashi.checks.model import Given, Judgement, Metric, Observation, ThresholdSpec, judge_metric
from temanashi.checks.names import addresses_of
from temanashi.checks.sntp import SntpFailed, ask_offset
from temanashi.checks.thresholds import RangeText
from temanashi.checks.wording import duration, expected, limit
from temanashi.hosts.command import Command, Script
from temanashi.hosts.transport import Result
from temanashi.text.local import phrase

__all__ = ["KIND", "ClockSpec"]

# The first that knows the clock ends it: asking systemd starts a service, and where chrony or ntpd runs it knows less than they do.
_ASK = """
chronyc -c tracking 2>/dev/null && exit 0
ntpq -n -c 'rv 0 leap,offset' 2>/dev/null | grep offset= && exit 0
timedatectl show -p NTPSynchronized 2>/dev/null
exit 0
"""
_CHRONY = re.compile(r"^(?:[^,\n]*,){13}[^,\n]*$", re.MULTILINE)


class ClockSpec(ThresholdSpec):
    """Distance of the clock from the true time. Metric: offset, in seconds, never negative. Not synchronised is WARNING.

    With `server` an NTP server is asked from here; otherwise what keeps the machine's clock (chrony, ntpd, systemd) says how it is.
    """

    kind: Literal["clock"]
    server: ServerName | None = Field(default=None, description="NTP server to compare this machine's clock with")
    port: int = Field(default=123, ge=1, le=65535, description="Port of the NTP server")
    warn: RangeText | None = Field(default="1", description="Range of good distances in seconds; outside is WARNING")
    crit: RangeText | None = Field(default="5", description="Range of bearable distances in seconds; outside is CRITICAL")


class _Clock:
    name = "clock"
    spec = ClockSpec

    def commands(self, spec: ClockSpec, /) -> list[Command]:
        if spec.server is not None:
            return []
        return [Script(_ASK)]

    def observe(self, spec: ClockSpec, given: Given, /) -> Observation:
        if spec.server is not None:
            return self._asked(spec, given, spec.server)
        (result,) = given.results
        facts = _from_chrony(result) or _from_ntpq(result) or _from_systemd(result)
        return Observation(facts=facts) if facts else Observation(problem=phrase("checks.clock-nothing"), absent=True)

    def _asked(self, spec: ClockSpec, given: Given, server: str) -> Observation:
        if given.host.transport != "local":
            return Observation(problem=phrase("checks.clock-elsewhere", host=given.host.name))
        address = addresses_of(server, spec.port, timeout=spec.timeout)[0]
        try:
            offset = ask_offset(address, clock=given.clock, timeout=spec.timeout)
        except SntpFailed as error:
            return Observation(problem=phrase("checks.clock-no-answer", server=server, reason=str(error)))
        return Observation(facts={"source": server, "synchronised": None, "offset": round(abs(offset), 6)})

    def judge(self, spec: ClockSpec, facts: Mapping[str, Any], /) -> Judgement:
        metric = Metric(name="offset", value=facts["offset"], unit="s", warn=spec.warn, crit=spec.crit, min=0)
        source = facts["source"]
        if facts["synchronised"] is False:
            reason = phrase("checks.clock-not-synchronised", source=source)
            return Judgement(verdict=Verdict.WARNING, reason=reason, expected="synchronised", observed="not synchronised")
        if metric.value is None:
            return Judgement(
                verdict=Verdict.OK,
                reason=phrase("checks.clock-synchronised", source=source),
                expected="synchronised",
                observed="synchronised",
            )
        verdict = judge_metric(metric.value, metric.warn, metric.crit)
        shown = f"{metric.value:.3f}"
        reason = phrase("checks.clock-offset", source=source, offset=shown, limit=limit(metric, verdict, duration))
        return Judgement(verdict=verdict, reason=reason, metrics=(metric,), expected=expected(metric), observed=f"{shown} s")


def _from_chrony(result: Result) -> dict[str, Any] | None:
    """`chronyc -c tracking`: the fifth of 14 fields is the distance in seconds, the last the leap status."""
    line = _CHRONY.search(result.text)
    fields = line[0].split(",") if line else []
    try:
        offset = abs(float(fields[4]))
    except (IndexError, ValueError):
        return None
    synchronised = fields[-1] != "Not synchronised"
    return {"source": "chrony", "synchronised": synchronised, "offset": offset if synchronised else None}


def _from_ntpq(result: Result) -> dict[str, Any] | None:
    """`ntpq -c rv`: offset in milliseconds; leap 11 (3) is an alarm: never set, or lost."""
    offset = re.search(r"\boffset=([+-]?[0-9]+(?:\.[0-9]+)?)\b", result.text)
    leap = re.search(r"\bleap=([0-9]+)\b", result.text)
    if offset is None or leap is None:
        return None
    synchronised = leap[1] not in {"11", "3"}
    return {"source": "ntpd", "synchronised": synchronised, "offset": abs(float(offset[1])) / 1000 if synchronised else None}


def _from_systemd(result: Result) -> dict[str, Any] | None:
    match = re.search(r"^NTPSynchronized=(yes|no)\s*$", result.text, re.MULTILINE)
    return {"source": "systemd", "synchronised": match[1] == "yes", "offset": None} if match else None


KIND = _Clock()
