"""`dns`: what a name server says about a name."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from temanashi.changes import Verdict
from temanashi.checks.fields import ServerName
from temanashi.checks.model import Given, Judgement, Metric, Observation, ThresholdSpec, judge_metric
from temanashi.checks.reaching import Deadline
from temanashi.checks.wording import duration, expected, limit, number
from temanashi.hosts.command import Command
from temanashi.text.local import Phrase, phrase

__all__ = ["KIND", "DnsSpec"]

MOST = 100
NO_NAME = "NXDOMAIN"


def _askable(value: str) -> str:
    try:
        value.encode("idna")
    except UnicodeError as error:
        raise ValueError(phrase("checks.dns-bad-name", name=value, reason=str(error))) from error
    return value


DnsName = Annotated[str, StringConstraints(pattern=r"^[^\s/@\[\]\\-][^\s/@\[\]\\]*$", max_length=253), AfterValidator(_askable)]


def _listed(value: Any) -> Any:
    return value if isinstance(value, (list, tuple)) else (value,)


class DnsSpec(ThresholdSpec):
    """A question to a name server. No answer, another answer or an error of the server is CRITICAL: that was measured.

    Metric: seconds until the answer.
    """

    kind: Literal["dns"]
    name: DnsName = Field(description="The whole name; for PTR an address will do")
    record: Literal["A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT"] = Field(
        default="A", description="Type of record"
    )
    server: ServerName | None = Field(default=None, description="Name server to ask; by default those that this machine uses")
    port: int = Field(default=53, ge=1, le=65535, description="Port of the name server")
    expect: Annotated[tuple[str, ...], BeforeValidator(_listed)] = Field(
        default=(), max_length=MOST, description="Every value that must be in the answer, and by default no other one"
    )
    others: bool = Field(default=False, description="Values beside those in expect are good too")
    exists: bool = Field(default=True, description="false: the name must not exist")
    authoritative: bool = Field(default=False, description="The server itself must be in charge of the name")


class _Dns:
    name = "dns"
    spec = DnsSpec

    def commands(self, _spec: DnsSpec, /) -> tuple[Command, ...]:
        return ()

    def observe(self, spec: DnsSpec, given: Given, /) -> Observation:
        from temanashi.checks.dns_asking import ask_dns, own_servers  # noqa: PLC0415  (only who asks pays for its import)

        servers = [spec.server] if spec.server else own_servers()
        if not servers:
            return Observation(problem=phrase("checks.dns-no-server"))
        name = _reversed(spec.name) if spec.record == "PTR" else spec.name
        began = given.clock.monotonic()
        deadline = Deadline(given.clock, began + spec.timeout)
        answer = ask_dns(name.encode("idna").decode(), spec.record, servers, spec.port, deadline)
        return Observation(
            facts={
                "server": answer.server,
                "failure": answer.failure,
                "detail": answer.detail,
                "code": answer.code,
                "values": answer.values[:MOST],
                "authoritative": answer.authoritative,
                "seconds": round(given.clock.monotonic() - began, 6),
            }
        )

    def judge(self, spec: DnsSpec, facts: Mapping[str, Any], /) -> Judgement:
        observed = facts["failure"] or ", ".join(facts["values"]) or facts["code"]
        wanted = ", ".join(spec.expect) or (spec.record if spec.exists else NO_NAME)
        if problem := _problem(spec, facts):
            return Judgement(verdict=Verdict.CRITICAL, reason=problem, expected=wanted, observed=observed)
        metric = Metric(name="seconds", value=facts["seconds"], unit="s", warn=spec.warn, crit=spec.crit, min=0)
        verdict = judge_metric(metric.value, metric.warn, metric.crit)
        about = {"server": facts["server"], "name": spec.name, "record": spec.record}
        shown = {"milliseconds": number(1000 * facts["seconds"]), "limit": limit(metric, verdict, duration)}
        if spec.exists:
            reason = phrase("checks.dns-ok", **about, values=facts["values"], **shown)
        else:
            reason = phrase("checks.dns-absent", **about, **shown)
        told = f"{wanted}; {expected(metric)}"
        return Judgement(verdict=verdict, reason=reason, metrics=(metric,), expected=told, observed=observed)


def _reversed(name: str) -> str:
    try:
        return ipaddress.ip_address(name).reverse_pointer
    except ValueError:
        return name


def _problem(spec: DnsSpec, facts: Mapping[str, Any]) -> Phrase | None:
    about = {"server": facts["server"] or spec.server, "name": spec.name, "record": spec.record}
    if facts["failure"]:
        why = phrase(f"checks.failure-{facts['failure']}", seconds=number(spec.timeout), detail=facts["detail"])
        return phrase("checks.dns-failed", **about, why=why)
    if facts["code"] == NO_NAME:
        return phrase("checks.dns-no-name", **about) if spec.exists else None
    if facts["code"] != "NOERROR":
        return phrase("checks.dns-code", **about, code=facts["code"])
    return next(_differences(spec, facts, about), None)


def _differences(spec: DnsSpec, facts: Mapping[str, Any], about: dict[str, Any]) -> Iterator[Phrase]:
    values = facts["values"]
    if not spec.exists:
        yield phrase("checks.dns-there", **about, values=values)
    if not values:
        yield phrase("checks.dns-empty", **about)
    if spec.authoritative and not facts["authoritative"]:
        yield phrase("checks.dns-not-authoritative", **about)
    got, wanted = {plain(value) for value in values}, {plain(value) for value in spec.expect}
    missing = sorted(wanted - got)
    extra = sorted(got - wanted) if wanted and not spec.others else []
    if missing and extra:
        yield phrase("checks.dns-other", **about, missing=missing, extra=extra)
    if missing:
        yield phrase("checks.dns-partial", **about, missing=missing)
    if extra:
        yield phrase("checks.dns-extra", **about, extra=extra)


def plain(value: str) -> str:
    """A value as it is compared: in lower case and without last dots, however the names in it were written."""
    return " ".join(part.rstrip(".").lower() for part in value.split())


KIND = _Dns()
