"""`http`: what a web server answers, seen from here: status, headers, text, time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints

from temanashi.changes import Verdict
from temanashi.checks.fetching import fetch
from temanashi.checks.fields import AbsolutePath, Pattern
from temanashi.checks.model import Given, Judgement, Metric, Observation, ThresholdSpec, judge_metric
from temanashi.checks.wording import duration, expected, limit, number
from temanashi.hosts.command import Command
from temanashi.text.local import Phrase, phrase

__all__ = ["KIND", "HttpSpec"]

KEPT = 2000


def _web(value: str) -> str:
    try:
        parts = urlsplit(value)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise ValueError(phrase("checks.bad-url", url=value))
    if "@" in parts.netloc:
        raise ValueError(phrase("checks.url-with-password"))
    return value


Url = Annotated[str, StringConstraints(pattern=r"^[^\s\x00-\x1f]+$", max_length=4000), AfterValidator(_web)]


class HttpSpec(ThresholdSpec):
    """An HTTP request. A failed connection, certificate, status, header or text is CRITICAL; a name without address is UNKNOWN.

    Metric: seconds until the body was read.
    """

    kind: Literal["http"]
    url: Url = Field(description="http:// or https:// address")
    method: Literal["GET", "HEAD"] = Field(default="GET", description="GET or HEAD")
    status: tuple[int, ...] = Field(default=(200,), min_length=1, description="Status codes of a good answer")
    body: Pattern | None = Field(default=None, description="Regular expression that must be found in the body (its first MiB)")
    headers: dict[str, Pattern] = Field(
        default_factory=dict, description="Regular expressions that must be found in answer headers"
    )
    request_headers: dict[str, str] = Field(
        default_factory=dict, description="Headers to send; they are not sent on to another server"
    )
    redirects: int = Field(default=5, ge=0, le=20, description="Redirects to follow; 0: judge the redirect itself")
    ca_file: AbsolutePath | None = Field(default=None, description="Trusted certificates (PEM) instead of the machine's own")


class _Http:
    name = "http"
    spec = HttpSpec

    def commands(self, _spec: HttpSpec, /) -> tuple[Command, ...]:
        return ()

    def observe(self, spec: HttpSpec, given: Given, /) -> Observation:
        began = given.clock.monotonic()
        fetched = fetch(
            spec.url,
            method=spec.method,
            headers=spec.request_headers,
            redirects=spec.redirects,
            ca_file=spec.ca_file,
            timeout=spec.timeout,
            clock=given.clock,
        )
        seconds = round(given.clock.monotonic() - began, 6)
        found = None if spec.body is None else re.search(spec.body, fetched.body) is not None
        if spec.body is not None and not found and not fetched.failure:
            if not fetched.decoded:
                encoding = fetched.headers.get("content-encoding", "")
                return Observation(problem=phrase("checks.http-encoding", url=spec.url, encoding=encoding))
            if fetched.cut:
                return Observation(problem=phrase("checks.http-cut", url=spec.url))
        missing = [name for name, wanted in spec.headers.items() if not re.search(wanted, fetched.headers.get(name.lower(), ""))]
        return Observation(
            facts={
                "failure": fetched.failure,
                "detail": fetched.detail,
                "url": fetched.url,
                "status": fetched.status,
                "redirects": fetched.redirects,
                "seconds": seconds,
                "found": found,
                "headers_missing": missing,
                "body": fetched.body[:KEPT],
            }
        )

    def judge(self, spec: HttpSpec, facts: Mapping[str, Any], /) -> Judgement:
        wanted = ", ".join(map(str, spec.status))
        if facts["failure"] == "refused" and spec.optional:
            return Judgement(verdict=Verdict.SKIPPED, reason=phrase("checks.not-listening", place=facts["url"]), observed="refused")
        if problem := self._problem(spec, facts, wanted):
            observed = facts["failure"] or str(facts["status"])
            return Judgement(verdict=Verdict.CRITICAL, reason=problem, expected=wanted, observed=observed)
        metric = Metric(name="seconds", value=facts["seconds"], unit="s", warn=spec.warn, crit=spec.crit, min=0)
        verdict = judge_metric(metric.value, metric.warn, metric.crit)
        shown = number(facts["seconds"])
        reason = phrase(
            "checks.http-ok", url=spec.url, status=facts["status"], seconds=shown, limit=limit(metric, verdict, duration)
        )
        observed = f"{facts['status']}, {shown} s"
        return Judgement(
            verdict=verdict, reason=reason, metrics=(metric,), expected=f"{wanted}; {expected(metric)}", observed=observed
        )

    def _problem(self, spec: HttpSpec, facts: Mapping[str, Any], wanted: str) -> Phrase | None:
        if facts["failure"]:
            why = phrase(f"checks.failure-{facts['failure']}", seconds=number(spec.timeout), detail=facts["detail"])
            return phrase("checks.http-failed", url=facts["url"], why=why)
        if facts["status"] not in spec.status:
            return phrase("checks.http-status", url=facts["url"], status=facts["status"], wanted=wanted)
        if facts["headers_missing"]:
            return phrase("checks.http-headers", url=facts["url"], names=facts["headers_missing"])
        if facts["found"] is False:
            return phrase("checks.http-body", url=facts["url"], pattern=spec.body)
        return None


KIND = _Http()
