"""`reboot`: whether the machine must be restarted for updates to take effect."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any, Literal

from pydantic import Field

from temanashi.changes import Verdict
from temanashi.checks.answers import trouble
from temanashi.checks.model import Given, Judgement, Metric, Observation, ThresholdSpec, judge_metric
from temanashi.checks.wording import days, expected, number
from temanashi.hosts.command import Command, Script
from temanashi.text.local import phrase

__all__ = ["KIND", "RebootSpec", "newest_kernel"]

# Debian's packages leave a flag, if what reads their hook is installed; RHEL asks needs-restarting (yum-utils, dnf-utils);
# anywhere, an installed kernel that is newer than the running one waits.
_ASK = r"""
echo asked
read -r running </proc/sys/kernel/osrelease && echo "running=$running"
for folder in /lib/modules/*/kernel; do
  [ -d "$folder" ] || continue
  folder=${folder%/kernel}
  echo "kernel=${folder##*/}"
done
if [ -e /usr/share/update-notifier/notify-reboot-required ] || [ -d /usr/share/unattended-upgrades ]; then echo flagged=no; fi
if [ -e /run/reboot-required ]; then
  echo flagged=yes
  echo "now=$(date +%s)"
  echo "since=$(stat -c %Y /run/reboot-required)"
  [ -r /run/reboot-required.pkgs ] && sort -u /run/reboot-required.pkgs | head -n 20 | sed 's/^/package=/'
fi
if command -v needs-restarting >/dev/null 2>&1; then
  needs-restarting -r >/dev/null 2>&1
  echo "needs=$?"
fi
exit 0
"""
_FIELD = re.compile(r"^(running|kernel|flagged|now|since|package|needs)=(\S+)\s*$", re.MULTILINE)
DAY = 86_400


class RebootSpec(ThresholdSpec):
    """WARNING while a restart is required. Metric: waiting, in days, where the machine tells since when (`crit: "14"`)."""

    kind: Literal["reboot"]
    required: Literal["OK", "WARNING", "CRITICAL"] = Field(default="WARNING", description="Verdict while a restart is required")


def newest_kernel(running: str, installed: Sequence[str]) -> str | None:
    """The newest installed kernel of the same flavour (`-amd64`, `.el9.x86_64`), when it is newer than the running one."""
    rivals = [kernel for kernel in installed if _flavour(kernel) == _flavour(running) and _version(kernel) > _version(running)]
    return max(rivals, key=_version, default=None)


def _version(kernel: str) -> tuple[int, ...]:
    """The numbers before the first word: 5.14.0-427.13.1.el9_4.x86_64 is 5, 14, 0, 427, 13, 1."""
    return tuple(int(part) for part in takewhile(str.isdigit, re.split(r"[-.+_~]", kernel)))


def _flavour(kernel: str) -> tuple[str, ...]:
    """The words without their numbers: `cloud`, `amd`; el9_4 and el9_5 are of one flavour."""
    return tuple(re.sub(r"\d.*", "", part) for part in re.split(r"[-.+~]", kernel) if part[:1].isalpha())


class _Reboot:
    name = "reboot"
    spec = RebootSpec

    def commands(self, _spec: RebootSpec, /) -> list[Command]:
        return [Script(_ASK)]

    def observe(self, _spec: RebootSpec, given: Given, /) -> Observation:
        (result,) = given.results
        if problem := trouble("sh", result):
            return problem
        fields: dict[str, list[str]] = {}
        for name, value in _FIELD.findall(result.text):
            fields.setdefault(name, []).append(value)
        running, kernels = fields.get("running", [""])[0], fields.get("kernel", [])
        known = running in kernels
        flagged, needs = fields.get("flagged", []), fields.get("needs", [""])[0]
        if not (flagged or needs in {"0", "1"} or known):
            return Observation(problem=phrase("checks.reboot-nothing"), absent=True)
        newer = newest_kernel(running, kernels) if known else None
        waiting = _waiting(fields)
        facts = {"flagged": "yes" in flagged, "needs": needs == "1", "running": running, "newer": newer, "waiting": waiting}
        return Observation(facts={**facts, "packages": fields.get("package", [])})

    def judge(self, spec: RebootSpec, facts: Mapping[str, Any], /) -> Judgement:
        required = facts["flagged"] or facts["needs"] or facts["newer"] is not None
        if not required:
            reason = phrase("checks.reboot-none", running=facts["running"])
            return Judgement(verdict=Verdict.OK, reason=reason, expected="not required", observed="not required")
        waiting = facts["waiting"]
        metrics = (
            () if waiting is None else (Metric(name="waiting", value=waiting, unit="d", warn=spec.warn, crit=spec.crit, min=0),)
        )
        verdicts = [Verdict(spec.required), *(judge_metric(m.value, m.warn, m.crit) for m in metrics)]
        data = {"running": facts["running"], "packages": facts["packages"] or ["-"]}
        if facts["newer"] is not None:
            reason = phrase("checks.reboot-kernel", newer=facts["newer"], **data)
        elif waiting is not None:
            reason = phrase("checks.reboot-since", waiting=days(waiting), **data)
        else:
            reason = phrase("checks.reboot-required", **data)
        observed = "required" if waiting is None else f"required, {number(waiting)} d"
        wanted = expected(metrics[0]) if metrics else "not required"
        return Judgement(verdict=Verdict.worst(verdicts), reason=reason, metrics=metrics, expected=wanted, observed=observed)


def _waiting(fields: Mapping[str, Sequence[str]]) -> float | None:
    now, since = (fields.get(name, [""])[0] for name in ("now", "since"))
    return round(max(0, int(now) - int(since)) / DAY, 2) if now.isdigit() and since.isdigit() else None


KIND = _Reboot()
