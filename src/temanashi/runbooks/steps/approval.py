"""`approval`: other people approve, in the middle of a run, what the steps after it will do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import Field, TypeAdapter, ValidationError

from temanashi.changes import NO_TARGET, Change, Irreversible, Outcome, State, Step, Wait
from temanashi.people import Who
from temanashi.problems import problems_of
from temanashi.runbooks.approval import NEXT_BUSINESS_DAY, Approval
from temanashi.runbooks.model import StepItem
from temanashi.runbooks.steps.contract import Effects, Parsed, PlanContext
from temanashi.runbooks.templates import Templated
from temanashi.text.local import LANGUAGES, LocalText, phrase

__all__ = ["KIND", "ApprovalSpec", "ApprovalStep"]


class ApprovalSpec(Approval):
    """`approval: {by: group:ops-leads, text: ...}`, or just who. The steps after it are planned first, and shown."""

    text: LocalText | None = Field(default=None, description="What approvers should look at; may use templates")


@dataclass(frozen=True)
class ApprovalStep:
    """Asks for approval. One change for the whole run."""

    item: StepItem

    def plan(self, ctx: PlanContext) -> list[Change]:
        """One waiting change with the rendered text and the rule."""
        spec: ApprovalSpec = self.item.spec
        said = phrase("approvals.step-prompt", runbook=self.item.title or phrase("runs.step-named", step=self.item.id))
        texts: dict[str, str] = {lang: said.text(lang) for lang in LANGUAGES}
        if spec.text is not None:
            texts = {lang: ctx.render(text) for lang in (*LANGUAGES, "plain") if (text := getattr(spec.text, lang))}
        prompt = LocalText.model_validate(texts)
        return [
            Change(
                step=self.item.id,
                target=NO_TARGET,
                kind="approval",
                summary=phrase("approvals.step-summary", text=prompt, count=spec.count),
                payload={"rule": spec.model_dump(mode="json", exclude={"text"})},
                wait=Wait(kind="approval", prompt=prompt),
            )
        ]

    def apply(self, change: Change, key: str) -> Outcome:
        """Never called by the engine: people decide."""
        return Outcome(status="unknown", reason=phrase("runbooks.manual-not-applied"))

    def observe(self, change: Change) -> State:
        """The ledger knows, and the engine asks it."""
        return State(happened="unknown")

    def undo(self, change: Change, before: dict[str, Any] | None) -> Change | Irreversible:
        """What was approved was approved."""
        return Irreversible(reason=phrase("approvals.irreversible"))


class _Approval:
    name = "approval"

    def parse(self, value: Any) -> Parsed:
        try:
            return Parsed(ApprovalSpec.model_validate({"by": value} if isinstance(value, (str, list)) else value))
        except ValidationError as error:
            return Parsed(None, tuple(problems_of(error, model=ApprovalSpec)))

    def schema(self) -> dict[str, Any]:
        schema: dict[str, Any] = TypeAdapter(ApprovalSpec | Who).json_schema()
        rule = schema["$defs"]["ApprovalSpec"]["properties"]
        rule["expires"] = {"anyOf": [{"const": NEXT_BUSINESS_DAY}, {"$ref": "#/$defs/Expiry"}]}
        return schema

    def templates(self, spec: ApprovalSpec) -> Iterable[Templated]:
        written = spec.text
        return (
            [] if written is None else [Templated(("text",), t) for lang in (*LANGUAGES, "plain") if (t := getattr(written, lang))]
        )

    def build(self, item: StepItem, effects: Effects) -> Step[PlanContext]:
        return ApprovalStep(item)


KIND = _Approval()
