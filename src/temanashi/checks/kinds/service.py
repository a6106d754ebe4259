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
  exec systemctl show -p LoadState -p ActiveState -p SubState -p UnitFileState -p Result -- "$1"
elif [ -x "/etc/init.d/$1" ]; then
  echo manager=sysv
  service "$1" status 2>&1
  echo "code=$?"
  for link in /etc/rc[2345].d/S??"$1" /etc/rc.d/rc[2345].d/S??"$1"; do
    if [ -e "$link" ]; then echo UnitFileState=enabled; exit 0; fi
  done
  echo UnitFileState=disabled
elif [ -d /etc/init.d ] && command -v service >/dev/null 2>&1; then
  echo manager=sysv
  echo code=missing
else
  echo manager=none
fi
"""
_FIELD = re.compile(r"^(manager|code|LoadState|ActiveState|SubState|UnitFileState|Result)=(\S*)\s*$", re.MULTILINE)
_CHANGING = {"activating", "reloading", "refreshing", "maintenance"}
_STOPPED = {"inactive", "failed", "deactivating"}
# Exit codes of `status` (LSB core specification, "Init Script Actions").
_SYSV = {"0": "active", "1": "failed", "2": "failed", "3": "inactive"}
# Units without an [Install] section are started by others, and cannot be enabled.
_STARTS = {"enabled", "enabled-runtime", "static", "indirect", "generated", "alias", "linked", "transient"}


class ServiceSpec(Spec):
    """A service that must be running; masked and failed are told apart from stopped.

    With `optional`, a machine without the service or without a service manager is SKIPPED.
    """

    kind: Literal["service"]
    name: str = Field(
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.:@\\-]*$", max_length=255, description="Name of the service, e.g. cron or sshd"
    )
    enabled: bool = Field(default=False, description="It must also start with the machine: running but disabled is WARNING")


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
            load, active = fields["LoadState"], fields["ActiveState"]
            state = "missing" if load == "not-found" else "masked" if load == "masked" and active != "active" else active
            starts = fields.get("UnitFileState", "")
            detail = ", ".join(filter(None, (fields.get("SubState", ""), _cause(fields.get("Result", "")))))
            return Observation(facts={"manager": manager, "state": state, "detail": detail, "starts": starts})
        if manager == "sysv" and "code" in fields:
            return _from_script(spec.name, fields["code"], result.text, fields.get("UnitFileState", ""))
        return unreadable("systemctl", result.text)

    def judge(self, spec: ServiceSpec, facts: Mapping[str, Any], /) -> Judgement:
        state = facts["state"]
        data = {"name": spec.name, "state": state, "detail": facts["detail"]}
        if state == "missing":
            verdict, key = (Verdict.SKIPPED if spec.optional else Verdict.CRITICAL), "checks.service-missing"
        elif state == "masked":
            verdict, key = Verdict.CRITICAL, "checks.service-masked"
        elif state == "active" and spec.enabled and facts["starts"] not in _STARTS:
            data["state"] = facts["starts"] or "-"
            verdict, key = Verdict.WARNING, "checks.service-disabled"
        elif state == "active":
            verdict, key = Verdict.OK, "checks.service-active"
        elif state == "failed":
            verdict, key = Verdict.CRITICAL, "checks.service-failed"
        elif state in _CHANGING:
            verdict, key = Verdict.WARNING, "checks.service-changing"
        elif state in _STOPPED:
            verdict, key = Verdict.CRITICAL, "checks.service-stopped"
        else:
            verdict, key = Verdict.UNKNOWN, "checks.service-state"
        return Judgement(verdict=verdict, reason=phrase(key, **data), expected="active", observed=state)


def _cause(result: str) -> str:
    """Why the last run ended, e.g. exit-code, oom-kill, timeout."""
    return "" if result == "success" else result


def _from_script(name: str, code: str, output: str, starts: str) -> Observation:
    said = "\n".join(line for line in output.splitlines() if not _FIELD.match(line))
    if code == "missing":
        return Observation(facts={"manager": "sysv", "state": "missing", "detail": "", "starts": ""})
    # A script that does not know `status` prints its usage and often exits like a stopped service.
    if code in _SYSV and not re.search(r"(?im)^\s*usage\b", said):
        return Observation(facts={"manager": "sysv", "state": _SYSV[code], "detail": excerpt(said), "starts": starts})
    return Observation(problem=phrase("checks.service-no-status", name=name, detail=excerpt(said)))


KIND = _Service()
