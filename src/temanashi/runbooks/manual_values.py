"""Values that a person writes down in a manual step: what a runbook may ask for, and what an answer must look like."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from temanashi.checks.fields import Pattern
from temanashi.errors import InputError
from temanashi.runbooks.parameters import Choice
from temanashi.text.local import LocalText, Phrase, phrase

__all__ = ["ChoiceValue", "NumberValue", "TextValue", "Value", "WrongValue", "read_value"]

NUMBER = re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d{1,15})(\.\d{1,9})?", re.ASCII)
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class WrongValue(InputError):
    """A value that a person wrote down is missing, or not what the runbook asks for. `problem` says how."""

    key = "runbooks.wrong-value"

    def __init__(self, title: LocalText, problem: Phrase) -> None:
        super().__init__(title=title, problem=problem)
        self.problem = problem


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    title: LocalText = Field(description="What to write down, e.g. 残高")
    required: bool = True


class NumberValue(_Value):
    """A number, with a unit and bounds."""

    type: Literal["number"]
    unit: str = Field(default="", max_length=20, description="Shown behind the field, e.g. 円 or GB")
    minimum: float | None = None
    maximum: float | None = None

    @model_validator(mode="after")
    def _ordered(self) -> NumberValue:
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError(phrase("runbooks.bounds-crossed", minimum=self.minimum, maximum=self.maximum))
        return self


class TextValue(_Value):
    """One line of text."""

    type: Literal["text"] = "text"
    pattern: Pattern | None = Field(default=None, description="Regular expression that the whole value must match")
    max_length: int = Field(default=200, ge=1, le=2000)


class ChoiceValue(_Value):
    """One of a list."""

    type: Literal["choice"]
    choices: tuple[Choice, ...] = Field(min_length=1)


def _text_by_default(value: Any) -> Any:
    return {"type": "text", **value} if isinstance(value, dict) and "type" not in value else value


Value = Annotated[
    Annotated[NumberValue | TextValue | ChoiceValue, Field(discriminator="type")],
    BeforeValidator(_text_by_default),
]


def read_value(spec: NumberValue | TextValue | ChoiceValue, typed: str) -> str | int | float | None:
    """What was typed, as the step's value; None for nothing. Full-width digits and thousands separators are read.

    Raises WrongValue.
    """
    text = typed.strip()
    if not text:
        if spec.required:
            raise WrongValue(spec.title, phrase("runbooks.value-missing"))
        return None
    if isinstance(spec, NumberValue):
        return _number(spec, text)
    if isinstance(spec, ChoiceValue):
        if text not in {choice.value for choice in spec.choices}:
            raise WrongValue(spec.title, phrase("runbooks.value-not-a-choice", choices=[choice.value for choice in spec.choices]))
        return text
    return _line(spec, text)


def _number(spec: NumberValue, text: str) -> int | float:
    plain = unicodedata.normalize("NFKC", text).replace("\u2212", "-").replace(" ", "")
    if NUMBER.fullmatch(plain) is None:
        raise WrongValue(spec.title, phrase("runbooks.value-not-a-number", value=text[:60]))
    exact = Decimal(plain.replace(",", ""))
    if spec.minimum is not None and exact < Decimal(str(spec.minimum)):
        raise WrongValue(spec.title, phrase("runbooks.value-too-small", bound=f"{spec.minimum:.15g}", value=text[:60]))
    if spec.maximum is not None and exact > Decimal(str(spec.maximum)):
        raise WrongValue(spec.title, phrase("runbooks.value-too-large", bound=f"{spec.maximum:.15g}", value=text[:60]))
    return int(exact) if exact == exact.to_integral_value() else float(exact)


def _line(spec: TextValue, text: str) -> str:
    if CONTROL.search(text):
        raise WrongValue(spec.title, phrase("runbooks.value-one-line"))
    if len(text) > spec.max_length:
        raise WrongValue(spec.title, phrase("runbooks.value-too-long", most=spec.max_length))
    if spec.pattern is not None and re.fullmatch(spec.pattern, text) is None:
        raise WrongValue(spec.title, phrase("runbooks.value-pattern", pattern=spec.pattern, value=text[:60]))
    return text
