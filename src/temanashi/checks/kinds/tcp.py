"""`tcp`: whether a port accepts connections, seen from here, and whether what answers there says what it should."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from temanashi.changes import Verdict
from temanashi.checks.connecting import connected, failure_word
from temanashi.checks.fields import Pattern, ServerName
from temanashi.checks.matching import found
from temanashi.checks.model import Given, Judgement, Metric, Observation, ThresholdSpec, judge_metric
from temanashi.checks.names import addresses_of
from temanashi.checks.reaching import Deadline
from temanashi.checks.wording import duration, expected, limit, number
from temanashi.hosts.command import Command
from temanashi.text.local import phrase

__all__ = ["KIND", "TcpSpec"]

KEPT, MOST, CHUNK = 500, 64 * 1024, 4096


class TcpSpec(ThresholdSpec):
    """A TCP connection. Refused, without answer, or with another answer than expected is CRITICAL: that was measured.

    With `optional`, refused says that there is no such service here: SKIPPED. Metric: seconds to connect, and until the expected
    text came.
    """

    kind: Literal["tcp"]
    host: ServerName | None = Field(default=None, description="Name or address; the target's own by default")
    port: int = Field(ge=1, le=65535, description="Port")
    send: str | None = Field(default=None, max_length=4000, description='What to send first, e.g. "PING\\r\\n"')
    expect: Pattern | None = Field(default=None, description="Regular expression that must come, e.g. ^SSH-2 or ^220 ")
    quit: str | None = Field(default=None, max_length=4000, description='What to send at the end, e.g. "QUIT\\r\\n"')


class _Tcp:
    name = "tcp"
    spec = TcpSpec

    def commands(self, _spec: TcpSpec, /) -> tuple[Command, ...]:
        return ()

    def observe(self, spec: TcpSpec, given: Given, /) -> Observation:
        host = spec.host or given.host.address
        facts: dict[str, Any] = {"host": host, "failure": "", "seconds": None, "address": "", "found": None, "said": ""}
        addresses = addresses_of(host, spec.port, timeout=spec.timeout)
        began = given.clock.monotonic()
        deadline = Deadline(given.clock, began + spec.timeout)
        try:
            with connected(addresses, clock=given.clock, timeout=spec.timeout) as link:
                facts["address"] = str(link.getpeername()[0])
                said = _talk(link, spec, deadline) if spec.expect is not None or spec.send is not None else ""
                facts["seconds"] = round(given.clock.monotonic() - began, 6)
        except OSError as error:
            facts["failure"] = failure_word(error, what=f"{host}:{spec.port}")
        else:
            facts["said"] = said[:KEPT]
            facts["found"] = None if spec.expect is None else found(spec.expect, said)
        return Observation(facts=facts)

    def judge(self, spec: TcpSpec, facts: Mapping[str, Any], /) -> Judgement:
        place = f"{facts['host']}:{spec.port}"
        if facts["failure"] == "refused" and spec.optional:
            return Judgement(verdict=Verdict.SKIPPED, reason=phrase("checks.not-listening", place=place), observed="refused")
        if facts["failure"]:
            why = phrase(f"checks.failure-{facts['failure']}", seconds=number(spec.timeout))
            reason = phrase("checks.tcp-failed", place=place, why=why)
            return Judgement(verdict=Verdict.CRITICAL, reason=reason, expected="open", observed=facts["failure"])
        if facts["found"] is False:
            said = facts["said"].strip()[:KEPT] or "-"
            reason = phrase("checks.tcp-expect", place=place, pattern=spec.expect, said=said[:100])
            return Judgement(verdict=Verdict.CRITICAL, reason=reason, expected=f"/{spec.expect}/", observed=said[:100])
        metric = Metric(name="seconds", value=facts["seconds"], unit="s", warn=spec.warn, crit=spec.crit, min=0)
        verdict = judge_metric(metric.value, metric.warn, metric.crit)
        milliseconds = number(1000 * facts["seconds"])
        key = "checks.tcp-open" if spec.expect is None else "checks.tcp-answer"
        reason = phrase(key, place=place, milliseconds=milliseconds, limit=limit(metric, verdict, duration))
        return Judgement(
            verdict=verdict, reason=reason, metrics=(metric,), expected=expected(metric), observed=f"open, {milliseconds} ms"
        )


def _talk(link: socket.socket, spec: TcpSpec, deadline: Deadline) -> str:
    """What was said until it has the expected text, or the other side hangs up, or the time is over."""
    link.settimeout(deadline.left())
    if spec.send is not None:
        link.sendall(spec.send.encode())
    said = bytearray()
    while spec.expect is not None and len(said) < MOST and not deadline.over:
        link.settimeout(deadline.left())
        try:
            piece = link.recv(CHUNK)
        except TimeoutError:
            break
        said += piece
        if not piece or found(spec.expect, said.decode("utf-8", "replace")):
            break
    if spec.quit is not None:
        link.settimeout(deadline.left())
        link.sendall(spec.quit.encode())
    return said.decode("utf-8", "replace")


KIND = _Tcp()
