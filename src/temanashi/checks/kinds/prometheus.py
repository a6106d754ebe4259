"""`prometheus`: what an instant query says (HTTP API v1, prometheus.io/docs/prometheus/latest/querying/api), series by series."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import quote

from pydantic import Field

from temanashi.changes import Verdict
from temanashi.checks.fetching import Fetched, fetch
from temanashi.checks.http_facts import json_of
from temanashi.checks.http_request import Auth, HeaderName, Reach, Url, authorization
from temanashi.checks.model import Given, Judgement, Metric, Observation, ThresholdSpec, judge_metrics
from temanashi.checks.wording import expected, limit, number
from temanashi.hosts.command import Command
from temanashi.secrets import SecretRef
from temanashi.text.local import Phrase, phrase

__all__ = ["KIND", "PrometheusSpec"]

MOST = 100


class PrometheusSpec(ThresholdSpec, Reach):
    """The numbers of an instant query; the worst series counts. What was not answered, NaN and old samples are UNKNOWN.

    Metrics: one a series, named by its labels.
    """

    kind: Literal["prometheus"]
    url: Url = Field(description="Address of the server, e.g. http://prometheus:9090")
    query: str = Field(min_length=1, max_length=4000, description="PromQL, e.g. sum(rate(orders_total[5m]))")
    empty: Literal["OK", "WARNING", "CRITICAL", "UNKNOWN"] = Field(
        default="UNKNOWN", description="Verdict when no series is found; OK for a query that finds only what is wrong"
    )
    max_age: float | None = Field(
        default=None, gt=0, description="Seconds that a sample may be old (for a plain selector); older is UNKNOWN"
    )
    unit: str = Field(default="", max_length=20, description="Unit of the numbers, for readers")
    auth: Auth | None = Field(default=None, description="{user, password} or {bearer}, secrets as references")
    secret_headers: dict[HeaderName, SecretRef] = Field(
        default_factory=dict, description="Headers to send whose value is a secret: env:NAME, file:PATH or prefect:BLOCK"
    )


class _Unanswered(Exception):
    def __init__(self, reason: Phrase) -> None:
        super().__init__(reason.key)
        self.reason = reason


class _Prometheus:
    name = "prometheus"
    spec = PrometheusSpec

    def commands(self, _spec: PrometheusSpec, /) -> tuple[Command, ...]:
        return ()

    def observe(self, spec: PrometheusSpec, given: Given, /) -> Observation:
        try:
            series = _asked(spec, spec.query, given)
            aged = _asked(spec, f"timestamp({spec.query})", given) if spec.max_age is not None and series else []
        except _Unanswered as error:
            return Observation(problem=error.reason)
        if len(series) > MOST:
            return Observation(problem=phrase("checks.prometheus-many", count=len(series), limit=MOST))
        oldest = max((at - stamp for _, stamp, at in aged if stamp is not None), default=None)
        if spec.max_age is not None and oldest is not None and oldest > spec.max_age:
            age, limit_ = number(oldest), number(spec.max_age)
            return Observation(problem=phrase("checks.prometheus-old", query=spec.query, age=age, limit=limit_))
        return Observation(facts={"series": [{"labels": labels, "value": value} for labels, value, _ in series]})

    def judge(self, spec: PrometheusSpec, facts: Mapping[str, Any], /) -> Judgement:
        series = facts["series"]
        if not series:
            reason = phrase("checks.prometheus-empty", query=spec.query)
            return Judgement(verdict=Verdict(spec.empty), reason=reason, observed="no series")
        metrics = tuple(
            Metric(name=item["labels"] or "value", value=item["value"], unit=spec.unit, warn=spec.warn, crit=spec.crit)
            for item in series
        )
        verdict, metric = judge_metrics(metrics)
        value = f"{number(metric.value)}{spec.unit}"
        if metric.value is None:
            reason = phrase("checks.prometheus-no-number", query=spec.query, series=metric.name)
        elif len(series) == 1:
            reason = phrase("checks.prometheus-value", query=spec.query, value=value, limit=limit(metric, verdict))
        else:
            about = {"query": spec.query, "count": len(series), "series": metric.name}
            reason = phrase("checks.prometheus-series", **about, value=value, limit=limit(metric, verdict))
        return Judgement(verdict=verdict, reason=reason, metrics=metrics, expected=expected(metric), observed=value)


def _asked(spec: PrometheusSpec, query: str, given: Given) -> list[tuple[str, float | None, float]]:
    """Labels, number and time of each series; raises _Unanswered, NameNotFound and CannotMeasure."""
    headers = {name: given.means.secret(ref) for name, ref in spec.secret_headers.items()}
    headers |= authorization(spec.auth, given.means.secret)
    fetched = fetch(
        f"{spec.url.rstrip('/')}/api/v1/query?query={quote(query, safe='')}&timeout={spec.timeout:g}s",
        method="GET",
        headers=headers,
        redirects=3,
        timeout=spec.timeout,
        clock=given.clock,
        way=spec.way(given.means),
    )
    data = _data_of(spec, fetched)
    if data.get("resultType") == "scalar":
        return [_sample("", data["result"])]
    if data.get("resultType") != "vector":
        raise _Unanswered(phrase("checks.prometheus-type", query=query, type=str(data.get("resultType"))))
    return [_sample(_labels(item["metric"]), item["value"]) for item in data["result"]]


def _data_of(spec: PrometheusSpec, fetched: Fetched) -> dict[str, Any]:
    if fetched.failure:
        why = phrase(f"checks.failure-{fetched.failure}", seconds=number(spec.timeout), detail=fetched.detail)
        raise _Unanswered(phrase("checks.http-failed", url=spec.url, why=why))
    answer = None if fetched.cut else json_of(fetched)
    if isinstance(answer, dict) and answer.get("status") == "success" and isinstance(answer.get("data"), dict):
        data: dict[str, Any] = answer["data"]
        return data
    if isinstance(answer, dict) and answer.get("error"):
        raise _Unanswered(phrase("checks.prometheus-error", url=spec.url, error=str(answer["error"])[:300]))
    if fetched.cut:
        raise _Unanswered(phrase("checks.http-cut", url=spec.url))
    raise _Unanswered(phrase("checks.prometheus-other", url=spec.url, status=fetched.status))


def _sample(labels: str, sample: Any) -> tuple[str, float | None, float]:
    at, text = sample
    value = float(text)
    return labels, value if math.isfinite(value) else None, float(at)


def _labels(metric: Mapping[str, str]) -> str:
    named = ", ".join(f"{name}={value}" for name, value in sorted(metric.items()) if name != "__name__")
    return named[:200] or metric.get("__name__", "")


KIND = _Prometheus()
