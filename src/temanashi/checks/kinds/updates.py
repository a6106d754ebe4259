"""`updates`: packages that could be updated, how many of them for security, and how old that knowledge is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from temanashi.changes import Verdict
from temanashi.checks.answers import excerpt, trouble
from temanashi.checks.model import Given, Judgement, Metric, Observation, ThresholdSpec, judge_metrics
from temanashi.checks.thresholds import RangeText
from temanashi.checks.wording import duration, expected, limit, number
from temanashi.hosts.command import Command, Script
from temanashi.text.local import phrase

__all__ = ["KIND", "UpdatesSpec"]

# Nothing is fetched, locked or written: apt's caches are turned off, and dnf and yum only look at what they have (-C). The folder
# of apt's lists changes with every `apt update`; its files have the times of the mirror.
_ASK = r"""
echo "now=$(date +%s)"
if command -v apt-get >/dev/null 2>&1 && [ -d /var/lib/apt/lists ]; then
  echo manager=apt
  stat -c 'metadata=%Y' /var/lib/apt/lists /var/lib/apt/lists/partial /var/lib/apt/periodic/update-success-stamp 2>/dev/null
  set -- /var/lib/apt/lists/*_Packages*
  [ -e "$1" ] || { echo metadata=none; exit 0; }
  apt list --upgradable -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= 2>/dev/null
  echo "code=$?"
  exit 0
fi
for manager in dnf yum; do
  command -v "$manager" >/dev/null 2>&1 || continue
  echo "manager=$manager"
  set -- /var/cache/$manager/*/repodata/repomd.xml /var/cache/$manager/*/*/*/repomd.xml /var/cache/libdnf5/*/repodata/repomd.xml
  for file; do
    [ -e "$file" ] && stat -c 'metadata=%Y' "$file"
  done
  "$manager" -C -q check-update 2>&1
  echo "code=$?"
  echo security
  "$manager" -C -q check-update --security 2>&1
  echo "security=$?"
  exit 0
done
echo manager=none
"""
_FIELD = re.compile(r"^(now|manager|metadata|code|security)=(\S+)\s*$", re.MULTILINE)
_APT = re.compile(r"^(\S+)/(\S+) \S+ \S+ \[upgradable from: ", re.MULTILINE)
_DNF = re.compile(r"^(?!Obsoleting|Security:)(\S+\.\S+)\s+\S*\d\S*\s+\S+\s*$")
# dnf and yum: nothing to do, and something to do.
_ANSWERED = {"0", "100"}
SHOWN = 10


class UpdatesSpec(ThresholdSpec):
    """Updates that the package manager knows of; it is not made to fetch. Metrics: updates, security, metadata_age in seconds."""

    kind: Literal["updates"]
    timeout: float = Field(default=60, gt=0, le=3600, description="Seconds that one measurement may take")
    security_warn: RangeText | None = Field(
        default="0", description="Range of good numbers of security updates; outside is WARNING"
    )
    security_crit: RangeText | None = Field(default=None, description="Range of bearable numbers of security updates")
    age_warn: RangeText | None = Field(
        default="604800", description="Range of good ages of the package lists in seconds (604800 is a week); outside is WARNING"
    )
    age_crit: RangeText | None = Field(default=None, description="Range of bearable ages of the package lists")


class _Updates:
    name = "updates"
    spec = UpdatesSpec

    def commands(self, _spec: UpdatesSpec, /) -> list[Command]:
        return [Script(_ASK)]

    def observe(self, _spec: UpdatesSpec, given: Given, /) -> Observation:
        (result,) = given.results
        if problem := trouble("sh", result):
            return problem
        fields = dict(_FIELD.findall(result.text))
        manager = fields.get("manager", "none")
        if manager == "none":
            return Observation(problem=phrase("checks.updates-no-manager"), absent=True)
        times = [int(value) for name, value in _FIELD.findall(result.text) if name == "metadata" and value.isdigit()]
        if fields.get("metadata") == "none" or not times:
            return Observation(problem=phrase("checks.updates-no-lists", manager=manager))
        if (manager == "apt" and fields.get("code") != "0") or fields.get("code") not in _ANSWERED:
            return Observation(problem=phrase("checks.updates-failed", manager=manager, detail=excerpt(_said(result.text))))
        packages, security = _from_apt(result.text) if manager == "apt" else _from_dnf(result.text, fields)
        facts = {"manager": manager, "updates": len(packages), "packages": (security or packages)[:SHOWN]}
        known = None if security is None else len(security)
        return Observation(facts={**facts, "security": known, "age": max(0, int(fields.get("now", "0")) - max(times))})

    def judge(self, spec: UpdatesSpec, facts: Mapping[str, Any], /) -> Judgement:
        updates = Metric(name="updates", value=facts["updates"], warn=spec.warn, crit=spec.crit, min=0)
        security = Metric(name="security", value=facts["security"], warn=spec.security_warn, crit=spec.security_crit, min=0)
        age = Metric(name="metadata_age", value=facts["age"], unit="s", warn=spec.age_warn, crit=spec.age_crit, min=0)
        metrics = (security, updates, age)
        # A number that no package manager tells and nobody asked for is no reason to doubt the rest.
        asked = [metric for metric in metrics if metric.value is not None or metric.warn or metric.crit]
        verdict, metric = judge_metrics(asked)
        data = {"updates": facts["updates"], "security": number(facts["security"]), "age": duration(facts["age"])}
        if metric is age and verdict is not Verdict.OK:
            reason = phrase("checks.updates-old", limit=limit(age, verdict, duration), **data)
        elif facts["security"] is None:
            reason = phrase("checks.updates-security-unknown", manager=facts["manager"], **data)
        elif facts["updates"]:
            reason = phrase("checks.updates", packages=facts["packages"], **data)
        else:
            reason = phrase("checks.updates-none", age=data["age"])
        observed = f"{facts['updates']} ({number(facts['security'])} security)"
        return Judgement(verdict=verdict, reason=reason, metrics=metrics, expected=expected(metric), observed=observed)


def _from_apt(text: str) -> tuple[list[str], list[str] | None]:
    rows: list[tuple[str, str]] = _APT.findall(text)
    return [name for name, _ in rows], [name for name, suites in rows if "-security" in suites]


def _from_dnf(text: str, fields: Mapping[str, str]) -> tuple[list[str], list[str] | None]:
    """All, and those for security; None where the repositories do not tell, or this version does not know the option."""
    everything, _, security = text.partition("\nsecurity\n")
    packages, urgent = ([row[1] for line in part.splitlines() if (row := _DNF.match(line))] for part in (everything, security))
    return packages, urgent if fields.get("security") in _ANSWERED else None


def _said(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not _FIELD.match(line))


KIND = _Updates()
