"""`command`: what a command of the runbook's author says by its exit code, its output, or a number in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, model_validator

from temanashi.changes import Verdict
from temanashi.checks.answers import trouble
from temanashi.checks.fields import AbsolutePath, Argv, Pattern
from temanashi.checks.model import Given, Judgement, Metric, Observation, ThresholdSpec, judge_metric
from temanashi.checks.wording import expected, limit, number
from temanashi.hosts.command import Command
from temanashi.hosts.transport import Result
from temanashi.text.local import phrase

__all__ = ["KIND", "CommandSpec"]

KEPT = 4000
# A shell reports the signal that killed a program as 128 + its number.
_BY_SIGNAL = range(129, 193)


class CommandSpec(ThresholdSpec):
    """A read-only command. Another exit code or a missing text is CRITICAL; a missing program, a signal or no number is UNKNOWN.

    Metric: value, the number that the first group of `value` finds in the output.
    """

    kind: Literal["command"]
    where: Literal["host", "here"] = Field(
        default="host", description="Where it runs: on the host, or here, on the machine that runs temanashi"
    )
    run: Argv = Field(description="Program and arguments, e.g. [grep, -c, ^processor, /proc/cpuinfo]")
    cwd: AbsolutePath | None = Field(default=None, description="Folder to run in")
    exit: tuple[int, ...] = Field(default=(0,), min_length=1, description="Exit codes of a good end")
    stdout: Pattern | None = Field(default=None, description="Regular expression that must be found in the output")
    value: Pattern | None = Field(default=None, description="Regular expression whose first group is the number to judge")
    unit: str = Field(default="", max_length=20, description="Unit of the number, for readers")

    @model_validator(mode="after")
    def _complete(self) -> CommandSpec:
        if self.value is not None and re.compile(self.value).groups < 1:
            raise ValueError(phrase("checks.value-without-group"))
        if self.value is None and (self.warn is not None or self.crit is not None):
            raise ValueError(phrase("checks.thresholds-without-value"))
        return self


class _Command:
    name = "command"
    spec = CommandSpec

    def commands(self, spec: CommandSpec, /) -> list[Command]:
        return [Command(*spec.run, cwd=spec.cwd)] if spec.where == "host" else []

    def observe(self, spec: CommandSpec, given: Given, /) -> Observation:
        here = given.means.here
        result = given.results[0] if given.results else here.run(Command(*spec.run, cwd=spec.cwd), timeout=spec.timeout)
        wanted = result.exit in spec.exit
        if not wanted and (result.exit is None or result.exit in {Result.NOT_FOUND, Result.NOT_EXECUTABLE}):
            return trouble(spec.run[0], result) or Observation()
        if not wanted and result.exit in _BY_SIGNAL:
            return Observation(problem=phrase("checks.killed", program=spec.run[0], signal=(result.exit or 0) - 128))
        text = result.text
        facts: dict[str, Any] = {"exit": result.exit, "stdout": text[:KEPT], "stderr": result.error_text[:KEPT]}
        if spec.stdout is not None:
            facts["found"] = re.search(spec.stdout, text, re.MULTILINE) is not None
        if spec.value is not None:
            facts["value"] = _number(re.search(spec.value, text, re.MULTILINE))
        if result.truncated and not (facts.get("found", True) and facts.get("value", 0) is not None):
            return Observation(problem=phrase("checks.output-cut", program=spec.run[0]))
        return Observation(facts=facts)

    def judge(self, spec: CommandSpec, facts: Mapping[str, Any], /) -> Judgement:
        program = spec.run[0]
        ended = f"exit {facts['exit']}"
        if facts["exit"] not in spec.exit:
            said = (facts["stderr"].strip() or facts["stdout"].strip()).splitlines()[-1:]
            reason = phrase("checks.command-exit", program=program, exit=facts["exit"], detail="".join(said)[:200])
            return Judgement(verdict=Verdict.CRITICAL, reason=reason, expected=f"exit {_listed(spec.exit)}", observed=ended)
        if not facts.get("found", True):
            reason = phrase("checks.command-not-found-text", program=program, pattern=spec.stdout)
            return Judgement(verdict=Verdict.CRITICAL, reason=reason, expected=f"/{spec.stdout}/", observed=ended)
        if spec.value is None:
            return Judgement(
                verdict=Verdict.OK,
                reason=phrase("checks.command-ok", program=program, exit=facts["exit"]),
                expected=f"exit {_listed(spec.exit)}",
                observed=ended,
            )
        metric = Metric(name="value", value=facts["value"], unit=spec.unit, warn=spec.warn, crit=spec.crit)
        verdict = judge_metric(metric.value, metric.warn, metric.crit)
        key = "checks.command-no-value" if metric.value is None else "checks.command-value"
        reason = phrase(
            key, program=program, value=number(metric.value), unit=spec.unit, pattern=spec.value, limit=limit(metric, verdict)
        )
        observed = f"{number(metric.value)}{spec.unit}"
        return Judgement(verdict=verdict, reason=reason, metrics=(metric,), expected=expected(metric), observed=observed)


def _number(match: re.Match[str] | None) -> float | None:
    # float() would take "nan", "1_000" and full-width digits; a decimal comma is not guessed at.
    if match is None or not re.fullmatch(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,2})?", match[1] or ""):
        return None
    return float(match[1])


def _listed(codes: tuple[int, ...]) -> str:
    return ", ".join(map(str, codes))


KIND = _Command()
