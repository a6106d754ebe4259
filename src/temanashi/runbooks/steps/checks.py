"""`checks`: measure and judge; nothing on the target changes. All checks of a host go in one change, so in one connection."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict

from temanashi.changes import Change, Irreversible, Outcome, State, Step, Verdict
from temanashi.checks.model import CheckResult
from temanashi.checks.registry import check_problems, check_schema, parse_check
from temanashi.checks.running import measure
from temanashi.problems import Problem
from temanashi.runbooks.model import StepItem
from temanashi.runbooks.steps.contract import Effects, Parsed, PlanContext
from temanashi.runbooks.templates import Templated
from temanashi.text.local import phrase

__all__ = ["KIND", "ChecksSpec", "ChecksStep"]

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
            items = [_mapped(item, lambda text, host=host: ctx.render(text, host)) for item in spec.items]
            for item in items:
                parse_check(item)
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
        results = measure(specs, host, transport=transport, clock=self.effects.clock, redactor=self.effects.redactor)
        verdict = Verdict.worst([r.verdict for r in results])
        measured = not any(r.verdict is Verdict.UNKNOWN for r in results)
        first = next((r.reason for r in results if r.verdict is Verdict.UNKNOWN), None)
        return Outcome(
            status="already" if measured else "unknown",
            reason=None if measured else first,
            verdict=verdict,
            details=tuple(_row(result) for result in results),
            evidence=tuple(e for result in results for e in result.evidence),
            started_at=started,
            ended_at=self.effects.clock.now(),
        )

    def observe(self, change: Change) -> State:
        """Measuring again is the fresh read; an interrupted measurement did not happen, and may be made again."""
        return State(happened="no")

    def undo(self, change: Change, before: dict[str, Any] | None) -> Change | Irreversible:
        """Nothing was changed."""
        return Irreversible(reason=phrase("runbooks.checks-irreversible"))


def _row(result: CheckResult) -> dict[str, Any]:
    row: dict[str, Any] = json.loads(result.model_dump_json(exclude={"evidence"}))
    row["evidence"] = [e.sha256 for e in result.evidence]
    return row


def _mapped(value: Any, render: Any) -> Any:
    if isinstance(value, str):
        return render(value) if _templated(value) else value
    if isinstance(value, dict):
        return {k: _mapped(v, render) for k, v in value.items()}
    if isinstance(value, list):
        return [_mapped(v, render) for v in value]
    return value


def _templated(value: Any) -> bool:
    return isinstance(value, str) and ("{{" in value or "{%" in value)


def _strings(value: Any, loc: tuple[str | int, ...]) -> Iterator[Templated]:
    if _templated(value):
        yield Templated(loc, value)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _strings(item, (*loc, key))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _strings(item, (*loc, index))


def _at(value: Any, loc: tuple[str | int, ...]) -> Any:
    for part in loc:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return None
    return value


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
            problems += [p.under(index) for p in check_problems(item) if not _templated(_at(item, p.loc))]
            name = str(item.get("id", ""))
            if name and name in seen:
                problems.append(Problem((index, "id"), phrase("runbooks.duplicate-check", name=name)))
            seen.add(name)
        return Parsed(None, tuple(problems)) if problems else Parsed(ChecksSpec(items=tuple(value)))

    def schema(self) -> dict[str, Any]:
        item = check_schema()
        for spec in item.get("$defs", {}).values():
            properties = spec.get("properties", {})
            if "kind" in properties:
                # Any value but these two may be a template instead, also where a number is asked for.
                spec["properties"] = {k: v if k in {"id", "kind"} else {"anyOf": [v, TEMPLATE]} for k, v in properties.items()}
        return {"type": "array", "minItems": 1, "items": item}

    def templates(self, spec: ChecksSpec) -> Iterable[Templated]:
        return list(_strings(spec.items, ()))

    def build(self, item: StepItem, effects: Effects) -> Step[PlanContext]:
        return ChecksStep(item, effects)


KIND = _Checks()
