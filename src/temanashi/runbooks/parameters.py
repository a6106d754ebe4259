"""Typed parameters: what a form may ask, and what an answer must look like."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from temanashi.checks.fields import Pattern
from temanashi.runbooks.choices import Choice, ChoicesFrom
from temanashi.secrets import SecretRef
from temanashi.text.local import LocalText, phrase

__all__ = [
    "BooleanParameter",
    "Choice",
    "ChoiceParameter",
    "DateParameter",
    "IntegerParameter",
    "ListParameter",
    "Parameter",
    "SecretParameter",
    "StringParameter",
]

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]


class _Common(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    title: LocalText
    hint: LocalText | None = Field(default=None, description="Shown under the label, with an example")
    required: bool = True


class StringParameter(_Common):
    """One line of text. Values never reach a shell unquoted; a value that looks like an option (`-x`) is refused unless allowed."""

    type: Literal["string"] = "string"
    pattern: Pattern | None = Field(default=None, description="Regular expression that the whole value must match")
    max_length: int = Field(default=200, ge=1, le=10_000)
    multiline: bool = False
    leading_dash: bool = Field(default=False, description="Allow a value to begin with -")
    default: str | None = None


class IntegerParameter(_Common):
    """A whole number with bounds."""

    type: Literal["integer"]
    minimum: int | None = None
    maximum: int | None = None
    default: int | None = None

    @model_validator(mode="after")
    def _ordered(self) -> IntegerParameter:
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError(phrase("runbooks.bounds-crossed", minimum=self.minimum, maximum=self.maximum))
        return self


def _one_list(given: _HasChoices) -> None:
    """Choices are written or found, never both."""
    if given.choices and given.choices_from is not None:
        raise ValueError(phrase("runbooks.choices-both"))
    if len({choice.value for choice in given.choices}) < len(given.choices):
        raise ValueError(phrase("runbooks.choices-twice"))


class _HasChoices(_Common):
    choices: tuple[Choice, ...] = ()
    choices_from: ChoicesFrom | None = Field(default=None, description="Found when the form is made, and again when the run starts")

    @property
    def values(self) -> tuple[str, ...]:
        """The values that the runbook itself allows."""
        return tuple(choice.value for choice in self.choices)


class ChoiceParameter(_HasChoices):
    """One of a list."""

    type: Literal["choice"]
    default: str | None = None

    @model_validator(mode="after")
    def _default_is_a_choice(self) -> ChoiceParameter:
        _one_list(self)
        if not self.choices and self.choices_from is None:
            raise ValueError(phrase("runbooks.choices-none"))
        if self.choices and self.default is not None and self.default not in self.values:
            raise ValueError(phrase("runbooks.default-not-a-choice", default=self.default, choices=list(self.values)))
        return self


class ListParameter(_HasChoices):
    """Several values, each different: of a list, or any text that fits. `for_each: params.NAME` does a step once for each."""

    type: Literal["list"]
    min_items: int = Field(default=1, ge=0, le=1000)
    max_items: int = Field(default=100, ge=1, le=1000)
    pattern: Pattern | None = Field(default=None, description="Regular expression that each whole value must match")
    max_length: int = Field(default=200, ge=1, le=10_000, description="Characters of each value")
    leading_dash: bool = Field(default=False, description="Allow a value to begin with -")
    default: tuple[str, ...] | None = None

    @model_validator(mode="after")
    def _ordered(self) -> ListParameter:
        _one_list(self)
        if self.min_items > self.max_items:
            raise ValueError(phrase("runbooks.bounds-crossed", minimum=self.min_items, maximum=self.max_items))
        return self


class BooleanParameter(_Common):
    """Yes or no, as a box to tick."""

    type: Literal["boolean"]
    default: bool = False


class DateParameter(_Common):
    """A calendar day."""

    type: Literal["date"]
    default: date | None = None


class SecretParameter(_Common):
    """A reference to a secret, `env:NAME`, `file:PATH` or `prefect:BLOCK`; never the secret itself."""

    type: Literal["secret"]
    default: SecretRef | None = None


def _text_by_default(value: Any) -> Any:
    return {"type": "string", **value} if isinstance(value, dict) and "type" not in value else value


Parameter = Annotated[
    Annotated[
        StringParameter | IntegerParameter | ChoiceParameter | ListParameter | BooleanParameter | DateParameter | SecretParameter,
        Field(discriminator="type"),
    ],
    BeforeValidator(_text_by_default),
]
