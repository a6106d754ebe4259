"""`tls`: whether a server's certificates would be accepted, and for how many days more."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import Field

from temanashi.changes import Verdict
from temanashi.checks.certificates import members_of, names_of, presented, verified
from temanashi.checks.connecting import failure_word
from temanashi.checks.fields import AbsolutePath, ServerName
from temanashi.checks.model import Given, Judgement, Metric, Observation, ThresholdSpec, judge_metric
from temanashi.checks.names import addresses_of
from temanashi.checks.starttls import NoStartTls, StartTls
from temanashi.checks.thresholds import RangeText
from temanashi.checks.wording import days, expected, limit, number
from temanashi.hosts.command import Command
from temanashi.text.local import Phrase, phrase

__all__ = ["KIND", "TlsSpec"]

# X509_verify_cert(3): codes that have a sentence of their own.
_NAME_CODES = {62, 64}
_SELF_SIGNED = 18
_UNTRUSTED_ROOT = 19
_NO_ISSUER = {2, 20, 21}


class TlsSpec(ThresholdSpec):
    """Chain, name and dates of a TLS server's certificates, as a strict client sees them.

    Metric: days_left, of the member that expires first.
    """

    kind: Literal["tls"]
    host: ServerName | None = Field(default=None, description="Name or address; the target's own by default")
    port: int = Field(default=443, ge=1, le=65535, description="Port")
    server_name: ServerName | None = Field(default=None, description="Name that the certificate must be for; `host` by default")
    starttls: StartTls | None = Field(
        default=None, description="Begin without TLS, as smtp, imap, pop3, ldap or postgresql do on their usual ports"
    )
    ca_file: AbsolutePath | None = Field(default=None, description="Trusted certificates (PEM) instead of the machine's own")
    warn: RangeText | None = Field(default="30:", description="Range of good days left; outside is WARNING")
    crit: RangeText | None = Field(default="7:", description="Range of bearable days left; outside is CRITICAL")


class _Tls:
    name = "tls"
    spec = TlsSpec

    def commands(self, _spec: TlsSpec, /) -> tuple[Command, ...]:
        return ()

    def observe(self, spec: TlsSpec, given: Given, /) -> Observation:
        host = spec.host or given.host.address
        facts: dict[str, Any] = {
            "host": host,
            "name": spec.server_name or host,
            "failure": "",
            "detail": "",
            "code": 0,
            "members": [],
        }
        context = given.means.trust.context(spec.ca_file)
        addresses = addresses_of(host, spec.port, timeout=spec.timeout)
        effects: dict[str, Any] = {"clock": given.clock, "timeout": spec.timeout, "starttls": spec.starttls}
        try:
            chain = presented(addresses, facts["name"], **effects)
            facts["names"] = names_of(chain[0])[:50] if chain else []
            try:
                chain = verified(addresses, facts["name"], context, **effects)
            except ssl.SSLCertVerificationError as error:
                facts |= {"code": error.verify_code, "detail": error.verify_message}
            facts["members"] = members_of(chain, now=given.clock.now())
        except NoStartTls as error:
            facts |= {"failure": "starttls", "detail": str(error)}
        except ssl.SSLError as error:
            facts |= {"failure": "tls", "detail": error.reason or str(error)}
        except OSError as error:
            facts["failure"] = failure_word(error, what=f"{host}:{spec.port}")
        return Observation(facts=facts)

    def judge(self, spec: TlsSpec, facts: Mapping[str, Any], /) -> Judgement:
        place = f"{facts['host']}:{spec.port}"
        if facts["failure"]:
            why = phrase(f"checks.failure-{facts['failure']}", seconds=number(spec.timeout), detail=facts["detail"])
            reason = phrase("checks.tls-failed", place=place, why=why)
            return Judgement(verdict=Verdict.CRITICAL, reason=reason, observed=facts["failure"])
        first = min(facts["members"], key=lambda member: float(member["days_left"]))
        metric = Metric(name="days_left", value=first["days_left"], unit="d", warn=spec.warn, crit=spec.crit)
        left = number(first["days_left"])
        if facts["code"]:
            problems = [problem.model_dump() for problem in _problems(facts)]
            reason = phrase("checks.tls-bad", place=place, problems=problems)
            return Judgement(
                verdict=Verdict.CRITICAL, reason=reason, metrics=(metric,), expected=expected(metric), observed=facts["detail"]
            )
        verdict = judge_metric(metric.value, metric.warn, metric.crit)
        bound = limit(metric, verdict, days)
        reason = phrase(
            "checks.tls-days", place=place, days=left, date=first["not_after"][:10], subject=first["subject"], limit=bound
        )
        return Judgement(verdict=verdict, reason=reason, metrics=(metric,), expected=expected(metric), observed=f"{left} days")


def _problems(facts: Mapping[str, Any]) -> Iterator[Phrase]:
    """What is wrong, the verifier's first finding last told in its own words when it has no sentence here."""
    members, code = facts["members"], facts["code"]
    dated = False
    for member in members:
        if member["days_left"] < 0:
            dated = True
            yield phrase("checks.tls-expired", subject=member["subject"], date=member["not_after"][:10])
        elif member["early"]:
            dated = True
            yield phrase("checks.tls-not-yet", subject=member["subject"], date=member["not_before"][:10])
    if code in _NAME_CODES:
        yield phrase("checks.tls-name", name=facts["name"], names=facts["names"])
    elif code == _SELF_SIGNED:
        yield phrase("checks.tls-self-signed")
    elif code == _UNTRUSTED_ROOT:
        yield phrase("checks.tls-root", subject=members[-1]["subject"])
    elif code in _NO_ISSUER:
        yield phrase("checks.tls-no-issuer" if len(members) == 1 else "checks.tls-issuer", subject=members[-1]["subject"])
    elif not dated:
        yield phrase("checks.tls-other", detail=facts["detail"])


KIND = _Tls()
