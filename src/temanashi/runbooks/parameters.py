"""Typed parameters: what a form may ask, and what an answer must look like."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from temanashi.checks.fields import Pattern
from temanashi.secrets import SecretRef
from temanashi.text.local import LocalText, phrase

__all__ = [
    "BooleanParameter",
    "Choice",
    "ChoiceParameter",
    "DateParameter",
    "IntegerParameter",
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


class Choice(BaseModel):
    """One allowed value and how readers see it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: str = Field(min_length=1, max_length=200)
    title: LocalText | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_string(cls, value: Any) -> Any:
        return {"value": value} if isinstance(value, str) else value


class ChoiceParameter(_Common):
    """One of a list."""

    type: Literal["choice"]
    choices: tuple[Choice, ...] = Field(min_length=1)
    default: str | None = None

    @model_validator(mode="after")
    def _default_is_a_choice(self) -> ChoiceParameter:
        if self.default is not None and self.default not in self.values:
            raise ValueError(phrase("runbooks.default-not-a-choice", default=self.default, choices=list(self.values)))
        return self

    @property
    def values(self) -> tuple[str, ...]:
        """The allowed values."""
        return tuple(choice.value for choice in self.choices)


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
        StringParameter | IntegerParameter | ChoiceParameter | BooleanParameter | DateParameter | SecretParameter,
        Field(discriminator="type"),
    ],
    BeforeValidator(_text_by_default),
]
