"""The form of a runbook as JSON Schema, for Prefect's UI and API."""

from __future__ import annotations

from datetime import date
from typing import Any, assert_never

from temanashi.runbooks.choices import named_parameters
from temanashi.runbooks.model import Runbook
from temanashi.runbooks.offering import ChoicesUnavailable, Offers
from temanashi.runbooks.parameters import (
    BooleanParameter,
    ChoiceParameter,
    DateParameter,
    IntegerParameter,
    ListParameter,
    Parameter,
    SecretParameter,
    StringParameter,
)
from temanashi.text.local import Lang

__all__ = ["FORM_CHOICES", "input_schema"]

FORM_CHOICES = 200
"""Choices that Prefect's form lists."""


def input_schema(runbook: Runbook, lang: Lang, *, offers: Offers | None = None) -> dict[str, Any]:
    """JSON Schema of the form: an object with one property a parameter, titles and hints in the language, in the file's order.

    Choices that `offers` finds are listed up to 200; where there are more, or they depend on another answer, any text is taken
    and judged when the run starts.
    """
    properties = {p.name: {**_property(p, offers), **_said(p, lang), "position": i} for i, p in enumerate(runbook.parameters)}
    required = [p.name for p in runbook.parameters if p.required and p.default is None]
    return {"title": "Parameters", "type": "object", "properties": properties, "required": required, "definitions": {}}


def _said(parameter: Parameter, lang: Lang) -> dict[str, Any]:
    said: dict[str, Any] = {"title": parameter.title.text(lang)}
    if parameter.hint is not None:
        said["description"] = parameter.hint.text(lang)
    if parameter.default is not None:
        said["default"] = _plain(parameter.default)
    return said


def _plain(default: Any) -> Any:
    return default.isoformat() if isinstance(default, date) else list(default) if isinstance(default, tuple) else default


def _listed(parameter: ChoiceParameter | ListParameter, offers: Offers | None) -> dict[str, Any]:
    """The values as an `enum`, where they are known and few enough for a form."""
    values: tuple[str, ...] = parameter.values
    if parameter.choices_from is not None and offers is not None and not named_parameters(parameter.choices_from):
        try:
            values = tuple(choice.value for choice in offers.offered(parameter.choices_from, {}) or ())
        except ChoicesUnavailable:
            values = ()
    return {"type": "string", **({"enum": list(values)} if 0 < len(values) <= FORM_CHOICES else {})}


def _property(parameter: Parameter, offers: Offers | None) -> dict[str, Any]:  # noqa: PLR0911  (one branch a type)
    match parameter:
        case StringParameter():
            shape: dict[str, Any] = {"type": "string", "maxLength": parameter.max_length}
            return shape | ({"pattern": f"^(?:{parameter.pattern})$"} if parameter.pattern else {})
        case IntegerParameter():
            bounds = {"minimum": parameter.minimum, "maximum": parameter.maximum}
            return {"type": "integer"} | {name: bound for name, bound in bounds.items() if bound is not None}
        case ChoiceParameter():
            return _listed(parameter, offers)
        case ListParameter():
            shape = {"type": "string", "maxLength": parameter.max_length}
            items = shape | ({"pattern": f"^(?:{parameter.pattern})$"} if parameter.pattern else {}) | _listed(parameter, offers)
            bounds = {"minItems": parameter.min_items, "maxItems": parameter.max_items}
            return {"type": "array", "items": items, "uniqueItems": True} | bounds
        case BooleanParameter():
            return {"type": "boolean"}
        case DateParameter():
            return {"type": "string", "format": "date"}
        case SecretParameter():
            return {"type": "string", "pattern": r"^(env:|file:|prefect:).+$"}
        case _:
            assert_never(parameter)
