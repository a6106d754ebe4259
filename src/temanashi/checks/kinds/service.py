"""`service`: whether a service is running, as systemd or a System V script says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from temanashi.changes import Verdict
from temanashi.checks.answers import excerpt, trouble, unreadable
from temanashi.checks.model import Given, Judgement, Observation, Spec
from temanashi.hosts.command import Command, Script
from temanashi.text.local import phrase

__all__ = ["KIND", "ServiceSpec"]

# /run/systemd/system is there exactly when systemd runs the machine (sd_booted(3)); in a container its tools alone mean nothing.
_ASK = """
if [ -d /run/systemd/system ]; then
  echo manager=systemd
  systemctl show -p LoadState -p ActiveState -p SubState -- "$1"
elif [ -x "/etc/init.d/$1" ]; then
  echo manager=sysv
  service "$1" status 2>&1
  echo "code=$?"
elif [ -d /etc/init.d ] && command -v service >/dev/null 2>&1; then
  echo manager=sysv
  echo code=missing
else
  echo manager=none
fi
"""
_FIELD = re.compile(r"^(manager|code|LoadState|ActiveState|SubState)=(\S*)\s*$", re.MULTILINE)
_CHANGING = {"activating", "reloading", "refreshing", "maintenance"}
_STOPPED = {"inactive", "failed", "deactivating"}
# Exit codes of `status` (LSB core specification, "Init Script Actions").
_SYSV = {"0": "active", "1": "failed", "2": "failed", "3": "inactive"}


class ServiceSpec(Spec):
    """A service that must be running. With `optional`, a machine without the service or without a service manager is SKIPPED."""

    kind: Literal["service"]
    name: str = Field(
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.:@\\-]*$", max_length=255, description="Name of the service, e.g. cron or sshd"
    )


class _Service:
    name = "service"
    spec = ServiceSpec

    def commands(self, spec: ServiceSpec, /) -> list[Command]:
        return [Script(_ASK, spec.name)]

    def observe(self, spec: ServiceSpec, given: Given, /) -> Observation:
        (result,) = given.results
        fields = dict(_FIELD.findall(result.text))
        manager = fields.get("manager")
        if problem := trouble("systemctl" if manager == "systemd" else "service", result):
            return problem
        if manager == "none":
            return Observation(problem=phrase("checks.service-no-manager", name=spec.name), absent=True)
        if manager == "systemd" and "LoadState" in fields and "ActiveState" in fields:
            state = "missing" if fields["LoadState"] == "not-found" else fields["ActiveState"]
            return Observation(facts={"manager": manager, "state": state, "detail": fields.get("SubState", "")})
        if manager == "sysv" and "code" in fields:
            return _from_script(spec.name, fields["code"], result.text)
        return unreadable("systemctl", result.text)

    def judge(self, spec: ServiceSpec, facts: Mapping[str, Any], /) -> Judgement:
        state = facts["state"]
        data = {"name": spec.name, "state": state, "detail": facts["detail"]}
        if state == "missing":
            verdict, key = (Verdict.SKIPPED if spec.optional else Verdict.CRITICAL), "checks.service-missing"
        elif state == "active":
            verdict, key = Verdict.OK, "checks.service-active"
        elif state in _CHANGING:
            verdict, key = Verdict.WARNING, "checks.service-changing"
        elif state in _STOPPED:
            verdict, key = Verdict.CRITICAL, "checks.service-stopped"
        else:
            verdict, key = Verdict.UNKNOWN, "checks.service-state"
        return Judgement(verdict=verdict, reason=phrase(key, **data), expected="active", observed=state)


def _from_script(name: str, code: str, output: str) -> Observation:
    said = "\n".join(line for line in output.splitlines() if not _FIELD.match(line))
    if code == "missing":
        return Observation(facts={"manager": "sysv", "state": "missing", "detail": ""})
    # A script that does not know `status` prints its usage and often exits like a stopped service.
    if code in _SYSV and not re.search(r"(?im)^\s*usage\b", said):
        return Observation(facts={"manager": "sysv", "state": _SYSV[code], "detail": excerpt(said)})
    return Observation(problem=phrase("checks.service-no-status", name=name, detail=excerpt(said)))


KIND = _Service()
