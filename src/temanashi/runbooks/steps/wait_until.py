"""`wait_until`: measure one check again and again until it says what is wished for. Nothing on the target changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    ValidationError,
    model_validator,
)

from temanashi.changes import Change, Irreversible, Outcome, State, Step, Verdict
from temanashi.checks.model import CheckResult
from temanashi.checks.registry import check_problems, parse_check
from temanashi.checks.running import measure
from temanashi.hosts.inventory import Host
from temanashi.problems import Problem, problems_of
from temanashi.runbooks.model import StepItem
from temanashi.runbooks.steps.checks import checked, means_for, one_check_schema
from temanashi.runbooks.steps.contract import Effects, Parsed, PlanContext
from temanashi.runbooks.steps.values import at, filled, is_template, strings
from temanashi.runbooks.steps.wording import titled
from temanashi.runbooks.templates import Templated
from temanashi.text.local import phrase

__all__ = ["KIND", "WaitUntilSpec", "WaitUntilStep"]


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


class WaitUntilSpec(BaseModel):
    """`wait_until: {check: {kind: tcp, port: 8080}, verdict: OK, every: 5, for: 0, timeout: 300}`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    check: dict[str, Any] = Field(description="One check, as in a `checks` step; its id may be left out")
    verdict: Annotated[tuple[Verdict, ...], BeforeValidator(_listed), Field(min_length=1)] = Field(
        default=(Verdict.OK,), description="What is waited for: OK, or a list"
    )
    every: PositiveFloat = Field(default=5, le=3600, description="Seconds between two looks")
    for_: NonNegativeFloat = Field(default=0, le=86_400, alias="for", description="Seconds that it must stay so")
    timeout: PositiveFloat = Field(default=300, le=86_400, description="Seconds after which the step has failed")

    @model_validator(mode="after")
    def _can_be_reached(self) -> WaitUntilSpec:
        if self.for_ >= self.timeout:
            raise ValueError(phrase("steps.wait-too-short", seconds=f"{self.for_:g}", timeout=f"{self.timeout:g}"))
        return self


@dataclass(frozen=True)
class WaitUntilStep:
    """Waits on each host of the step."""

    item: StepItem
    effects: Effects

    def plan(self, ctx: PlanContext) -> list[Change]:
        """One read-only change a host."""
        return [self._change(ctx, host) for host in ctx.hosts]

    def _change(self, ctx: PlanContext, host: Host) -> Change:
        spec: WaitUntilSpec = self.item.spec
        check = {"id": self.item.id, **filled(spec.check, partial(ctx.render, host=host))}
        checked(self.item.id, check)
        wanted = [str(verdict) for verdict in spec.verdict]
        timeout = self.item.timeout or spec.timeout
        what = f"{check['kind']}: {', '.join(wanted)}, {timeout:g} s"
        words = {"host": host.name, "check": str(check["id"]), "verdicts": wanted, "seconds": f"{timeout:g}"}
        return Change(
            step=self.item.id,
            target=host.name,
            kind="wait_until",
            summary=titled(self.item, what, host=host.name, reads=True, otherwise=phrase("steps.wait-summary", **words)),
            payload={"check": check, "verdict": wanted, "every": spec.every, "for": spec.for_, "timeout": timeout},
            reads_only=True,
        )

    def apply(self, change: Change, key: str) -> Outcome:
        """Look until it is so, or the time is over: then it has failed, or is UNKNOWN if nothing could be measured at last."""
        clock, payload = self.effects.clock, change.payload
        started, began = clock.now(), clock.monotonic()
        since: float | None = None
        looks = 0
        while True:
            result = self._measured(change)
            looks, now = looks + 1, clock.monotonic()
            since = None if result.verdict not in payload["verdict"] else now if since is None else since
            if since is not None and now - since >= payload["for"]:
                break
            left = payload["timeout"] - (now - began)
            if left <= 0 or self.effects.halt.wait(min(payload["every"], left)):
                break
        outcome = self._told(change, result, looks, reached=since is not None and now - since >= payload["for"])
        return outcome.model_copy(update={"started_at": started, "ended_at": clock.now()})

    def _measured(self, change: Change) -> CheckResult:
        host, spec = self.effects.host(change.target), parse_check(change.payload["check"])
        transport = self.effects.connect(host)
        return measure(
            [spec],
            host,
            transport=transport,
            clock=self.effects.clock,
            redactor=self.effects.redactor,
            means=means_for(self.effects, change),
        )[0]

    def _told(self, change: Change, result: CheckResult, looks: int, *, reached: bool) -> Outcome:
        detail = {"last": str(result.verdict), "looks": looks, "reason": result.reason.model_dump(), "observed": result.observed}
        outputs = {"last": str(result.verdict), "observed": result.observed, "looks": looks}
        common: dict[str, Any] = {"details": (detail,), "evidence": result.evidence}
        if reached:
            return Outcome(status="already", reason=result.reason, outputs=outputs, **common)
        if self.effects.halt.is_set():
            return Outcome(status="unknown", reason=phrase("steps.halted"), **common)
        seconds = f"{change.payload['timeout']:g}"
        reason = phrase(
            "steps.wait-late", seconds=seconds, wanted=change.payload["verdict"], last=str(result.verdict), why=result.reason
        )
        return Outcome(status="unknown" if result.verdict is Verdict.UNKNOWN else "failed", reason=reason, **common)

    def observe(self, change: Change) -> State:
        """An interrupted waiting did not happen, and may begin again."""
        return State(happened="no")

    def undo(self, change: Change, before: dict[str, Any] | None) -> Change | Irreversible:
        """Nothing was changed."""
        return Irreversible(reason=phrase("runbooks.checks-irreversible"))


class _WaitUntil:
    name = "wait_until"

    def parse(self, value: Any) -> Parsed:
        try:
            spec = WaitUntilSpec.model_validate(value)
        except ValidationError as error:
            return Parsed(None, tuple(problems_of(error, model=WaitUntilSpec)))
        problems = check_problems({"id": "check", **spec.check})
        wrong = [p.under("check") for p in problems if not is_template(at(spec.check, p.loc))]
        if is_template(spec.check.get("kind")):
            wrong.append(Problem(("check", "kind"), phrase("steps.wait-kind")))
        return Parsed(None, tuple(wrong)) if wrong else Parsed(spec)

    def schema(self) -> dict[str, Any]:
        schema = WaitUntilSpec.model_json_schema()
        check = one_check_schema(id_required=False)
        schema.setdefault("$defs", {}).update(check.pop("$defs", {}))
        schema["properties"]["check"] = check
        schema["properties"]["verdict"] = {"anyOf": [{"$ref": "#/$defs/Verdict"}, schema["properties"]["verdict"]]}
        return schema

    def templates(self, spec: WaitUntilSpec) -> Iterable[Templated]:
        return list(strings(spec.check, ("check",)))

    def build(self, item: StepItem, effects: Effects) -> Step[PlanContext]:
        return WaitUntilStep(item, effects)


KIND = _WaitUntil()
