"""`runbook`: call another published runbook; it runs as a run of its own, with its own approvals, on the record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from temanashi.changes import NO_TARGET, Change, Irreversible, Outcome, State, Step
from temanashi.problems import problems_of
from temanashi.runbooks.model import Slug, StepItem
from temanashi.runbooks.steps.contract import Effects, Parsed, PlanContext
from temanashi.runbooks.templates import Templated
from temanashi.text.local import phrase

__all__ = ["KIND", "CallSpec", "CallStep"]


class CallSpec(BaseModel):
    """`runbook: {id: restart-service, inputs: {service: "{{ params.service }}"}}`, or just the id."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Slug = Field(description="Id of the runbook to call")
    inputs: dict[str, str | int | bool | None] = Field(default_factory=dict, description="Its parameters; texts are templates")


@dataclass(frozen=True)
class CallStep:
    """Plans one change, whatever the hosts: the called runbook has its own. The engine runs it; `apply` is never called."""

    item: StepItem
    effects: Effects

    def plan(self, ctx: PlanContext) -> list[Change]:
        """One change with the inputs filled in; `targets` of the step limits the called runbook to these hosts."""
        spec: CallSpec = self.item.spec
        called = self.effects.called[spec.id]
        inputs = {name: ctx.render(value, ctx.hosts[0]) if isinstance(value, str) else value for name, value in spec.inputs.items()}
        return [
            Change(
                step=self.item.id,
                target=NO_TARGET,
                kind="runbook",
                summary=phrase("runbooks.call-summary", title=called.title),
                payload={
                    "runbook": spec.id,
                    "version": called.version,
                    "inputs": inputs,
                    "limit": [host.name for host in ctx.hosts] if self.item.targets else [],
                },
            )
        ]

    def apply(self, change: Change, key: str) -> Outcome:
        """Never called: a called runbook is a run, and runs are the engine's."""
        return Outcome(status="unknown", reason=phrase("runbooks.call-not-applied"))

    def observe(self, change: Change) -> State:
        """The called run's own journal knows."""
        return State(happened="unknown")

    def undo(self, change: Change, before: dict[str, Any] | None) -> Change | Irreversible:
        """Taking a call back is undoing its run; the engine notes it, because it knows the run."""
        return Irreversible(reason=phrase("runbooks.call-not-applied"))


class _Call:
    name = "runbook"

    def parse(self, value: Any) -> Parsed:
        try:
            return Parsed(CallSpec.model_validate({"id": value} if isinstance(value, str) else value))
        except ValidationError as error:
            return Parsed(None, tuple(problems_of(error, model=CallSpec)))

    def schema(self) -> dict[str, Any]:
        return TypeAdapter(CallSpec | Slug).json_schema()

    def templates(self, spec: CallSpec) -> Iterable[Templated]:
        return [Templated(("inputs", name), value) for name, value in spec.inputs.items() if isinstance(value, str)]

    def build(self, item: StepItem, effects: Effects) -> Step[PlanContext]:
        return CallStep(item, effects)


KIND = _Call()
