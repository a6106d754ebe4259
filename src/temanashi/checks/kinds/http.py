"""`http`: what a web server answers, seen from here: status, headers, text, values in JSON, time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import Field, JsonValue, model_validator

from temanashi.changes import Verdict
from temanashi.checks.fetching import Fetched, fetch
from temanashi.checks.fields import Pattern
from temanashi.checks.http_facts import JsonRule, answer_facts, unread
from temanashi.checks.http_request import Auth, HeaderName, HeaderValue, Reach, Url, authorization, content_of
from temanashi.checks.json_values import JsonPath
from temanashi.checks.model import Given, Judgement, Metric, Observation, ThresholdSpec, judge_metrics
from temanashi.checks.wording import duration, expected, limit, number
from temanashi.hosts.command import Command
from temanashi.secrets import SecretRef
from temanashi.text.local import Phrase, phrase

__all__ = ["KIND", "HttpSpec", "Url"]


class HttpSpec(ThresholdSpec, Reach):
    """An HTTP request. A failed connection, certificate, status, header, text or value is CRITICAL; a name without address UNKNOWN.

    Metrics: seconds until the body was read, and each number in the JSON that has ranges.
    """

    kind: Literal["http"]
    url: Url = Field(description="http:// or https:// address")
    method: Literal["GET", "HEAD", "OPTIONS", "POST"] = Field(default="GET", description="GET, HEAD, OPTIONS or POST")
    send: JsonValue = Field(default=None, description="Body of a POST: a text as it is, anything else as JSON")
    status: tuple[int, ...] = Field(default=(200,), min_length=1, description="Status codes of a good answer")
    body: Pattern | None = Field(default=None, description="Regular expression that must be found in the body (its first MiB)")
    not_body: Pattern | None = Field(default=None, description="Regular expression that must not be found, e.g. メンテナンス")
    contains: str | None = Field(default=None, min_length=1, max_length=1000, description="Text that must be in the body, as it is")
    json_: dict[JsonPath, JsonRule] = Field(
        default_factory=dict, alias="json", description='Values in JSON: {"$.status": UP, "$.queue": {warn: "~:100"}}'
    )
    value: JsonPath | None = Field(default=None, description="Number in JSON that warn, crit and by_time judge instead of seconds")
    unit: str = Field(default="", max_length=20, description="Unit of that number, for readers")
    headers: dict[str, Pattern] = Field(
        default_factory=dict, description="Regular expressions that must be found in answer headers"
    )
    request_headers: dict[HeaderName, HeaderValue] = Field(
        default_factory=dict, description="Headers to send; they are not sent on to another server"
    )
    secret_headers: dict[HeaderName, SecretRef] = Field(
        default_factory=dict, description="Headers to send whose value is a secret: env:NAME, file:PATH or prefect:BLOCK"
    )
    auth: Auth | None = Field(default=None, description="{user, password} or {bearer}, secrets as references")
    redirects: int = Field(default=5, ge=0, le=20, description="Redirects that GET and HEAD follow; 0: judge the redirect itself")

    @model_validator(mode="after")
    def _sends_what_it_may(self) -> HttpSpec:
        if self.send is not None and self.method != "POST":
            raise ValueError(phrase("checks.http-send-needs-post"))
        return self


class _Http:
    name = "http"
    spec = HttpSpec

    def commands(self, _spec: HttpSpec, /) -> tuple[Command, ...]:
        return ()

    def observe(self, spec: HttpSpec, given: Given, /) -> Observation:
        began = given.clock.monotonic()
        fetched = _fetched(spec, given)
        seconds = round(given.clock.monotonic() - began, 6)
        facts = {
            "failure": fetched.failure,
            "detail": fetched.detail,
            "url": fetched.url,
            "status": fetched.status,
            "redirects": fetched.redirects,
            "seconds": seconds,
        }
        if fetched.failure or fetched.status not in spec.status:
            return Observation(facts=facts)
        found = answer_facts(spec, fetched)
        if problem := unread(spec, fetched, found):
            return Observation(problem=problem)
        return Observation(facts={**facts, **found})

    def judge(self, spec: HttpSpec, facts: Mapping[str, Any], /) -> Judgement:
        wanted = ", ".join(map(str, spec.status))
        if facts["failure"] == "refused" and spec.optional:
            return Judgement(verdict=Verdict.SKIPPED, reason=phrase("checks.not-listening", place=facts["url"]), observed="refused")
        if problem := _problem(spec, facts, wanted):
            observed = facts["failure"] or str(facts["status"])
            return Judgement(verdict=Verdict.CRITICAL, reason=problem, expected=wanted, observed=observed)
        metrics = list(_metrics(spec, facts))
        verdict, metric = judge_metrics(metrics)
        shown = number(facts["seconds"])
        common = {"url": facts["url"], "status": facts["status"], "seconds": shown}
        observed = f"{facts['status']}, {shown} s"
        if metric.name == "seconds":
            reason = phrase("checks.http-ok", **common, limit=limit(metric, verdict, duration))
        elif metric.value is None:
            reason = phrase("checks.http-no-number", url=facts["url"], path=metric.name)
        else:
            said = f"{number(metric.value)}{metric.unit}"
            reason = phrase("checks.http-value", url=facts["url"], path=metric.name, value=said, limit=limit(metric, verdict))
            observed = f"{metric.name} = {said}"
        told = f"{wanted}; {expected(metric)}"
        return Judgement(verdict=verdict, reason=reason, metrics=tuple(metrics), expected=told, observed=observed)


def _fetched(spec: HttpSpec, given: Given) -> Fetched:
    content, kind = (None, "") if spec.send is None else content_of(spec.send)
    headers = {"Content-Type": kind} if content is not None and not _has(spec.request_headers, "content-type") else {}
    headers |= spec.request_headers
    headers |= {name: given.means.secret(ref) for name, ref in spec.secret_headers.items()}
    headers |= authorization(spec.auth, given.means.secret)
    return fetch(
        spec.url,
        method=spec.method,
        headers=headers,
        redirects=spec.redirects if spec.method in {"GET", "HEAD"} else 0,
        timeout=spec.timeout,
        clock=given.clock,
        content=content,
        way=spec.way(given.means),
    )


def _has(headers: Mapping[str, str], name: str) -> bool:
    return any(known.lower() == name for known in headers)


def _problem(spec: HttpSpec, facts: Mapping[str, Any], wanted: str) -> Phrase | None:
    url = facts["url"]
    if facts["failure"]:
        why = phrase(f"checks.failure-{facts['failure']}", seconds=number(spec.timeout), detail=facts["detail"])
        return phrase("checks.http-failed", url=url, why=why)
    if facts["status"] not in spec.status:
        return phrase("checks.http-status", url=url, status=facts["status"], wanted=wanted)
    return next(_unmet(spec, facts, url), None)


def _unmet(spec: HttpSpec, facts: Mapping[str, Any], url: str) -> Iterator[Phrase]:
    if facts["headers_missing"]:
        yield phrase("checks.http-headers", url=url, names=facts["headers_missing"])
    if facts["missing"]:
        yield phrase("checks.http-body", url=url, pattern=facts["missing"])
    if facts["unwanted"]:
        yield phrase("checks.http-not-body", url=url, pattern=spec.not_body)
    if not facts["is_json"]:
        yield phrase("checks.http-not-json", url=url)
    for path, seen in facts["json"].items():
        if not seen["holds"]:
            yield phrase("checks.http-json", url=url, path=path, value=seen["shown"], wanted=seen["wanted"])


def _metrics(spec: HttpSpec, facts: Mapping[str, Any]) -> Iterator[Metric]:
    ranges: dict[str, Any] = {"warn": spec.warn, "crit": spec.crit}
    if spec.value is not None:
        yield Metric(name=spec.value, value=facts["numbers"][spec.value], unit=spec.unit, **ranges)
        ranges = {}
    for path, rule in spec.json_.items():
        if rule.warn is not None or rule.crit is not None:
            yield Metric(name=path, value=facts["numbers"][path], unit=rule.unit, warn=rule.warn, crit=rule.crit)
    yield Metric(name="seconds", value=facts["seconds"], unit="s", min=0, **ranges)


KIND = _Http()
