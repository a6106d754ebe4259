"""`tcp`: whether a port accepts connections, seen from here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from temanashi.changes import Verdict
from temanashi.checks.connecting import connected, failure_word
from temanashi.checks.fields import ServerName
from temanashi.checks.model import Given, Judgement, Metric, Observation, ThresholdSpec, judge_metric
from temanashi.checks.names import addresses_of
from temanashi.checks.wording import duration, expected, limit, number
from temanashi.hosts.command import Command
from temanashi.text.local import phrase

__all__ = ["KIND", "TcpSpec"]


class TcpSpec(ThresholdSpec):
    """A TCP connection. Refused or without answer is CRITICAL: that was measured. Metric: seconds to connect.

    With `optional`, refused says that there is no such service here: SKIPPED.
    """

    kind: Literal["tcp"]
    host: ServerName | None = Field(default=None, description="Name or address; the target's own by default")
    port: int = Field(ge=1, le=65535, description="Port")


class _Tcp:
    name = "tcp"
    spec = TcpSpec

    def commands(self, _spec: TcpSpec, /) -> tuple[Command, ...]:
        return ()

    def observe(self, spec: TcpSpec, given: Given, /) -> Observation:
        host = spec.host or given.host.address
        facts: dict[str, Any] = {"host": host, "failure": "", "seconds": None, "address": ""}
        addresses = addresses_of(host, spec.port, timeout=spec.timeout)
        began = given.clock.monotonic()
        try:
            with connected(addresses, clock=given.clock, timeout=spec.timeout) as link:
                facts["seconds"] = round(given.clock.monotonic() - began, 6)
                facts["address"] = str(link.getpeername()[0])
        except OSError as error:
            facts["failure"] = failure_word(error, what=f"{host}:{spec.port}")
        return Observation(facts=facts)

    def judge(self, spec: TcpSpec, facts: Mapping[str, Any], /) -> Judgement:
        place = f"{facts['host']}:{spec.port}"
        if facts["failure"] == "refused" and spec.optional:
            return Judgement(verdict=Verdict.SKIPPED, reason=phrase("checks.not-listening", place=place), observed="refused")
        if facts["failure"]:
            reason = phrase(
                "checks.tcp-failed", place=place, why=phrase(f"checks.failure-{facts['failure']}", seconds=number(spec.timeout))
            )
            return Judgement(verdict=Verdict.CRITICAL, reason=reason, expected="open", observed=facts["failure"])
        metric = Metric(name="seconds", value=facts["seconds"], unit="s", warn=spec.warn, crit=spec.crit, min=0)
        verdict = judge_metric(metric.value, metric.warn, metric.crit)
        milliseconds = number(1000 * facts["seconds"])
        reason = phrase("checks.tcp-open", place=place, milliseconds=milliseconds, limit=limit(metric, verdict, duration))
        return Judgement(
            verdict=verdict, reason=reason, metrics=(metric,), expected=expected(metric), observed=f"open, {milliseconds} ms"
        )


KIND = _Tcp()
