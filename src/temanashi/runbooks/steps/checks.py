"""`checks`: measure and judge; nothing on the target changes. All checks of a host go in one change, so in one connection."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from pydantic import BaseModel, ConfigDict

from temanashi.changes import Change, Irreversible, Outcome, State, Step, Verdict
from temanashi.checks.means import Means
from temanashi.checks.model import CheckResult, Remedy
from temanashi.checks.parents import parent_problems
from temanashi.checks.registry import check_problems, check_schema, parse_check
from temanashi.checks.running import measure
from temanashi.hosts.inventory import LOCALHOST, Inventory
from temanashi.problems import Problem
from temanashi.runbooks.model import StepItem
from temanashi.runbooks.steps.contract import Effects, Parsed, PlanContext
from temanashi.runbooks.steps.values import BadValue, at, filled, is_template, strings
from temanashi.runbooks.templates import Templated
from temanashi.text.local import phrase

__all__ = ["KIND", "ChecksSpec", "ChecksStep", "check_row", "checked", "means_for", "one_check_schema"]

TEMPLATE = {"type": "string", "pattern": r"\{\{"}


class ChecksSpec(BaseModel):
    """The checks as the YAML says them, each valid once its templates are filled in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    items: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class ChecksStep:
    """Measures every check on each host of the step."""

    item: StepItem
    effects: Effects

    def plan(self, ctx: PlanContext) -> list[Change]:
        """One read-only change a host."""
        spec: ChecksSpec = self.item.spec
        changes = []
        for host in ctx.hosts:
            wanted = ctx.only.get(host.name)
            named = [item for item in spec.items if wanted is None or str(item["id"]) in wanted]
            items = [filled(item, partial(ctx.render, host=host)) for item in named]
            for item in items:
                checked(self.item.id, item)
            summary = phrase(
                "runbooks.checks-summary", host=host.name, count=len(items), checks=[str(item["id"]) for item in items]
            )
            changes.append(
                Change(
                    step=self.item.id, target=host.name, kind="checks", summary=summary, payload={"checks": items}, reads_only=True
                )
            )
        return changes

    def apply(self, change: Change, key: str) -> Outcome:
        """Measure and judge. Measured is `already` whatever the verdict; what could not be measured makes the target `unknown`."""
        started = self.effects.clock.now()
        host = self.effects.host(change.target)
        specs = [parse_check(item) for item in change.payload["checks"]]
        transport = self.effects.connect(host)
        results = measure(
            specs,
            host,
            transport=transport,
            clock=self.effects.clock,
            redactor=self.effects.redactor,
            means=means_for(self.effects, change),
        )
        verdict = Verdict.worst([r.verdict for r in results])
        measured = not any(r.verdict is Verdict.UNKNOWN for r in results)
        worst = next(r.reason for r in results if r.verdict is verdict)
        return Outcome(
            status="already" if measured else "unknown",
            reason=None if measured else worst,
            verdict=verdict,
            details=tuple(check_row(result, spec.runbook) for result, spec in zip(results, specs, strict=True)),
            evidence=tuple(e for result in results for e in result.evidence),
            remember={name: kept for result in results for name, kept in result.remember.items()},
            started_at=started,
            ended_at=self.effects.clock.now(),
        )

    def observe(self, change: Change) -> State:
        """Measuring again is the fresh read; an interrupted measurement did not happen, and may be made again."""
        return State(happened="no")

    def undo(self, change: Change, before: dict[str, Any] | None) -> Change | Irreversible:
        """Nothing was changed."""
        return Irreversible(reason=phrase("runbooks.checks-irreversible"))


def means_for(effects: Effects, change: Change) -> Means:
    """What the checks of a target may use; something that they run here ends when the run is stopped."""
    here = effects.connect(Inventory().hosts[LOCALHOST])
    return replace(effects.means, here=here, remembered=effects.remembered(change.step, change.target))


def checked(step: str, check: dict[str, Any]) -> None:
    """Refuse a check whose filled-in values are wrong; raises BadValue."""
    problems = check_problems(check)
    if problems:
        raise BadValue(step, f"{check.get('id', '')}.{problems[0].field}", problems[0].message)


def check_row(result: CheckResult, remedy: Remedy | None = None) -> dict[str, Any]:
    """A result as a row of an outcome's details, with the runbook that the check offers against what is wrong."""
    row: dict[str, Any] = json.loads(result.model_dump_json(exclude={"evidence", "remember"}))
    row["evidence"] = [e.sha256 for e in result.evidence]
    if remedy is not None:
        row["runbook"] = remedy.model_dump(mode="json")
    return row


def one_check_schema(*, id_required: bool = True) -> dict[str, Any]:
    """JSON Schema of one check, for editors."""
    item = check_schema()
    for spec in item.get("$defs", {}).values():
        properties = spec.get("properties", {})
        if "kind" in properties:
            # Any value but these two may be a template instead, also where a number is asked for.
            spec["properties"] = {k: v if k in {"id", "kind"} else {"anyOf": [v, TEMPLATE]} for k, v in properties.items()}
            if not id_required:
                spec["required"] = [name for name in spec.get("required", []) if name != "id"]
    return item


class _Checks:
    name = "checks"

    def parse(self, value: Any) -> Parsed:
        if not isinstance(value, list) or not value:
            return Parsed(None, (Problem((), phrase("runbooks.checks-not-a-list")),))
        problems: list[Problem] = []
        seen: set[str] = set()
        for index, item in enumerate(value):
            if not isinstance(item, dict):
                problems.append(Problem((index,), phrase("problems.not-mapping", name=f"checks.{index}")))
                continue
            problems += [p.under(index) for p in check_problems(item) if not is_template(at(item, p.loc))]
            name = str(item.get("id", ""))
            if name and name in seen:
                problems.append(Problem((index, "id"), phrase("runbooks.duplicate-check", name=name)))
            seen.add(name)
        problems += parent_problems(value)
        return Parsed(None, tuple(problems)) if problems else Parsed(ChecksSpec(items=tuple(value)))

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "minItems": 1, "items": one_check_schema()}

    def templates(self, spec: ChecksSpec) -> Iterable[Templated]:
        return list(strings(spec.items))

    def build(self, item: StepItem, effects: Effects) -> Step[PlanContext]:
        return ChecksStep(item, effects)


KIND = _Checks()
