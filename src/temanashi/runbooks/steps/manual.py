"""`manual`: a person does it and says so. The engine asks and waits; nothing is applied."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, PositiveInt, TypeAdapter, ValidationError

from temanashi.changes import NO_TARGET, Change, Irreversible, Outcome, State, Step, Wait
from temanashi.problems import problems_of
from temanashi.runbooks.model import StepItem
from temanashi.runbooks.steps.contract import Effects, Parsed, PlanContext
from temanashi.runbooks.templates import Templated
from temanashi.text.local import LANGUAGES, LocalText, phrase

__all__ = ["KIND", "ManualSpec", "ManualStep"]


class ManualSpec(BaseModel):
    """`manual: {text: ..., expires_hours: 24}`, or just the text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: LocalText = Field(description="What to do; may use templates")
    minutes: NonNegativeFloat | None = Field(default=None, description="Active minutes that this step usually takes a person")
    expires_hours: PositiveInt | None = Field(default=None, description="After this the run is refused; never by default")


@dataclass(frozen=True)
class ManualStep:
    """Asks a person. One change for the whole run: a person is told once, with the targets in the text."""

    item: StepItem

    def plan(self, ctx: PlanContext) -> list[Change]:
        """One waiting change with the rendered text."""
        spec: ManualSpec = self.item.spec
        written = spec.text
        texts = {lang: ctx.render(t) for lang in (*LANGUAGES, "plain") if (t := getattr(written, lang))}
        prompt = LocalText.model_validate(texts)
        wait = Wait(kind="manual", prompt=prompt, expires_after=spec.expires_hours * 3600 if spec.expires_hours else None)
        return [
            Change(
                step=self.item.id,
                target=NO_TARGET,
                kind="manual",
                summary=phrase("runbooks.manual-summary", text=prompt),
                wait=wait,
            )
        ]

    def apply(self, change: Change, key: str) -> Outcome:
        """Never called by the engine: a person applies it."""
        return Outcome(status="unknown", reason=phrase("runbooks.manual-not-applied"))

    def observe(self, change: Change) -> State:
        """Only the person knows."""
        return State(happened="unknown")

    def undo(self, change: Change, before: dict[str, Any] | None) -> Change | Irreversible:
        """What a person did, a person takes back."""
        return Irreversible(reason=phrase("runbooks.manual-irreversible"))


class _Manual:
    name = "manual"

    def parse(self, value: Any) -> Parsed:
        written = value if isinstance(value, dict) and not set(value) <= set(LANGUAGES) else {"text": value}
        try:
            return Parsed(ManualSpec.model_validate(written))
        except ValidationError as error:
            return Parsed(None, tuple(problems_of(error, model=ManualSpec)))

    def schema(self) -> dict[str, Any]:
        return TypeAdapter(ManualSpec | LocalText).json_schema()

    def templates(self, spec: ManualSpec) -> Iterable[Templated]:
        return [Templated(("text",), text) for lang in (*LANGUAGES, "plain") if (text := getattr(spec.text, lang))]

    def build(self, item: StepItem, effects: Effects) -> Step[PlanContext]:
        return ManualStep(item)


KIND = _Manual()
