"""`nagios_plugin`: what an existing monitoring plugin says; it judges, we keep its words and figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from temanashi.changes import Verdict
from temanashi.checks.answers import trouble
from temanashi.checks.fields import Argv
from temanashi.checks.model import Given, Judgement, Observation, Spec
from temanashi.checks.perfdata import parse_plugin
from temanashi.hosts.command import Command
from temanashi.text.local import phrase

__all__ = ["KIND", "NagiosPluginSpec"]

KEPT = 8000
_VERDICTS = (Verdict.OK, Verdict.WARNING, Verdict.CRITICAL, Verdict.UNKNOWN)


class NagiosPluginSpec(Spec):
    """A plugin of the Nagios family. Exit 0 to 3 are its verdict; any other code and any signal is UNKNOWN."""

    kind: Literal["nagios_plugin"]
    where: Literal["host", "here"] = Field(
        default="host", description="Where it runs: on the host, or here, on the machine that runs temanashi"
    )
    run: Argv = Field(description="Plugin and arguments, e.g. [/usr/lib/nagios/plugins/check_users, -w, '5', -c, '10']")


class _NagiosPlugin:
    name = "nagios_plugin"
    spec = NagiosPluginSpec

    def commands(self, spec: NagiosPluginSpec, /) -> list[Command]:
        return [Command(*spec.run)] if spec.where == "host" else []

    def observe(self, spec: NagiosPluginSpec, given: Given, /) -> Observation:
        here = given.means.here
        result = given.results[0] if given.results else here.run(Command(*spec.run), timeout=spec.timeout)
        if result.exit is None or not 0 <= result.exit < len(_VERDICTS):
            problem = trouble(spec.run[0], result)
            if problem is not None:
                return problem
        return Observation(facts={"exit": result.exit, "output": result.text[:KEPT], "cut": len(result.text) > KEPT})

    def judge(self, spec: NagiosPluginSpec, facts: Mapping[str, Any], /) -> Judgement:
        output = parse_plugin(facts["output"])
        verdict = _VERDICTS[facts["exit"]]
        data = {"program": spec.run[0].rpartition("/")[2], "text": output.text[:300], "malformed": list(output.malformed)[:5]}
        key = "checks.plugin-malformed" if output.malformed else "checks.plugin" if output.text else "checks.plugin-silent"
        return Judgement(verdict=verdict, reason=phrase(key, **data), metrics=output.metrics, observed=output.text[:300])


KIND = _NagiosPlugin()
