"""`manual`: a person does it and says so. The engine asks and waits; adjacent manual steps are one checklist."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    TypeAdapter,
    ValidationError,
)

from temanashi.changes import NO_TARGET, Change, Irreversible, Outcome, State, Step, Wait
from temanashi.problems import problems_of
from temanashi.redaction import visible
from temanashi.runbooks.manual_values import Value
from temanashi.runbooks.model import StepItem
from temanashi.runbooks.steps.contract import Effects, Parsed, PlanContext
from temanashi.runbooks.steps.wording import shown
from temanashi.runbooks.templates import Templated
from temanashi.text.local import LANGUAGES, LocalText, phrase

__all__ = ["KIND", "LineTerms", "ManualSpec", "ManualStep"]

GROUP = re.compile(r"(group|role):[a-z0-9][a-z0-9._-]*", re.ASCII)


def _confirmers(value: bool | str) -> bool | str:  # noqa: FBT001  (what the YAML says)
    if isinstance(value, str) and GROUP.fullmatch(value) is None:
        raise ValueError(phrase("runbooks.confirm-wrong", value=value[:60]))
    return value


class LineTerms(BaseModel):
    """What the line of a checklist asks for, as the plan froze it. `confirm` is empty, `anybody`, or a group of people."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: LocalText | None = None
    minutes: NonNegativeFloat | None = None
    confirm: str = ""
    value: Value | None = None
    not_applicable: bool = False
    idle_seconds: PositiveInt | None = None


class ManualSpec(BaseModel):
    """`manual: {text: ..., confirm: true, value: {title: 残高, type: number}}`, or just the text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: LocalText = Field(description="What to do; may use templates")
    minutes: NonNegativeFloat | None = Field(default=None, description="Active minutes that this step usually takes a person")
    expires_hours: PositiveInt | None = Field(default=None, description="After this the run is refused; never by default")
    confirm: Annotated[bool | str, AfterValidator(_confirmers)] = Field(
        default=False, description="`true`: a second person confirms; `group:NAME`: one of that group. Never who did it"
    )
    value: Value | None = Field(default=None, description="What the person writes down; later steps read `steps.STEP.value`")
    not_applicable: bool = Field(default=False, description="The person may say `not applicable`, with a reason")
    idle_minutes: PositiveFloat | None = Field(
        default=None, le=480, description="A longer pause counts as this many active minutes; for work away from the page"
    )

    def terms(self, title: LocalText | None) -> LineTerms:
        """The line as a plan freezes it."""
        return LineTerms(
            title=title,
            minutes=self.minutes,
            confirm="" if self.confirm is False else "anybody" if self.confirm is True else self.confirm,
            value=self.value,
            not_applicable=self.not_applicable,
            idle_seconds=round(self.idle_minutes * 60) if self.idle_minutes else None,
        )


@dataclass(frozen=True)
class ManualStep:
    """Asks a person. One change for the whole run: a person is told once, with the targets in the text."""

    item: StepItem

    def plan(self, ctx: PlanContext) -> list[Change]:
        """One waiting change with the rendered text."""
        spec: ManualSpec = self.item.spec
        written = spec.text
        texts = {lang: visible(ctx.render(t)) or "-" for lang in (*LANGUAGES, "plain") if (t := getattr(written, lang))}
        prompt = LocalText.model_validate(texts)
        line = LocalText.model_validate({lang: shown(text) for lang, text in texts.items()})
        wait = Wait(kind="manual", prompt=prompt, expires_after=spec.expires_hours * 3600 if spec.expires_hours else None)
        return [
            Change(
                step=self.item.id,
                target=NO_TARGET,
                kind="manual",
                summary=phrase("runbooks.manual-summary", text=line),
                payload=spec.terms(self.item.title).model_dump(mode="json", exclude_defaults=True),
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
