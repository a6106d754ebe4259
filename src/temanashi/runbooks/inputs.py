"""The one validation path of inputs: form, page, schedule, CLI and API all come through `validate_inputs`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, assert_never

from pydantic import TypeAdapter, ValidationError

from temanashi.errors import InputError
from temanashi.problems import Problem, suggestion
from temanashi.runbooks.model import Runbook
from temanashi.runbooks.parameters import (
    BooleanParameter,
    ChoiceParameter,
    DateParameter,
    IntegerParameter,
    Parameter,
    SecretParameter,
    StringParameter,
)
from temanashi.secrets import SecretRef
from temanashi.text.local import Lang, Phrase, phrase

__all__ = ["BadInputs", "default_problem", "input_schema", "validate_inputs"]

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
CONTROL_BUT_LINES = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
_SECRET: TypeAdapter[str] = TypeAdapter(SecretRef)


class BadInputs(InputError):
    """One or more inputs are wrong; nothing was touched. `problems` has one entry an input."""

    key = "runbooks.bad-inputs"

    def __init__(self, runbook: str, problems: list[Problem]) -> None:
        super().__init__(runbook=runbook, count=len(problems), problems=[p.message for p in problems])
        self.problems = problems


class _Wrong(ValueError):
    def __init__(self, message: Phrase) -> None:
        super().__init__(message.key)
        self.message = message


def validate_inputs(runbook: Runbook, raw: Mapping[str, Any]) -> dict[str, Any]:
    """Every parameter's value as JSON, defaults filled in; raises BadInputs with one problem an input."""
    problems = [
        Problem((name,), phrase("problems.unknown-key", name=name), suggestion(name, [p.name for p in runbook.parameters]))
        for name in raw
        if name not in {p.name for p in runbook.parameters}
    ]
    values: dict[str, Any] = {}
    for parameter in runbook.parameters:
        given = raw.get(parameter.name)
        if given is None or given == "":
            given = parameter.default
        try:
            values[parameter.name] = _absent(parameter) if given is None else _value(parameter, given)
        except _Wrong as wrong:
            problems.append(Problem((parameter.name,), wrong.message))
    if problems:
        raise BadInputs(runbook.id, problems)
    return values


def default_problem(parameter: Parameter) -> Phrase | None:
    """What is wrong with a parameter's own default, or None."""
    try:
        if parameter.default is not None:
            _value(parameter, parameter.default)
    except _Wrong as wrong:
        return wrong.message
    return None


def _absent(parameter: Parameter) -> Any:
    if parameter.required:
        raise _Wrong(phrase("runbooks.input-missing", title=parameter.title))
    return None


def _value(parameter: Parameter, given: Any) -> Any:
    match parameter:
        case StringParameter():
            return _string(parameter, given)
        case IntegerParameter():
            return _integer(parameter, given)
        case ChoiceParameter():
            if not isinstance(given, str) or given not in parameter.values:
                raise _Wrong(
                    phrase("runbooks.input-choice", title=parameter.title, value=_short(given), choices=list(parameter.values))
                )
            return given
        case BooleanParameter():
            return _boolean(parameter, given)
        case DateParameter():
            return _date(parameter, given)
        case SecretParameter():
            try:
                return _SECRET.validate_python(given)
            except ValidationError as error:
                raise _Wrong(phrase("runbooks.input-secret", title=parameter.title)) from error
        case _:
            assert_never(parameter)


def _string(parameter: StringParameter, given: Any) -> str:
    if not isinstance(given, str):
        raise _Wrong(phrase("runbooks.input-text", title=parameter.title))
    if (CONTROL_BUT_LINES if parameter.multiline else CONTROL).search(given):
        raise _Wrong(phrase("runbooks.input-control", title=parameter.title))
    if any(0xD800 <= ord(c) <= 0xDFFF for c in given):  # noqa: PLR2004  (lone surrogates cannot be written as UTF-8)
        raise _Wrong(phrase("runbooks.input-control", title=parameter.title))
    if len(given) > parameter.max_length:
        raise _Wrong(phrase("runbooks.input-long", title=parameter.title, limit=parameter.max_length, length=len(given)))
    if given.startswith("-") and not parameter.leading_dash:
        raise _Wrong(phrase("runbooks.input-dash", title=parameter.title, value=_short(given)))
    if parameter.pattern is not None and not re.fullmatch(parameter.pattern, given):
        raise _Wrong(phrase("runbooks.input-pattern", title=parameter.title, value=_short(given), pattern=parameter.pattern))
    return given


def _integer(parameter: IntegerParameter, given: Any) -> int:
    text = given.strip() if isinstance(given, str) else given
    if isinstance(text, bool) or not (isinstance(text, int) or (isinstance(text, str) and re.fullmatch(r"[+-]?[0-9]{1,18}", text))):
        raise _Wrong(phrase("runbooks.input-integer", title=parameter.title, value=_short(given)))
    number = int(text)
    low, high = parameter.minimum, parameter.maximum
    if (low is not None and number < low) or (high is not None and number > high):
        bounds = {"low": "" if low is None else low, "high": "" if high is None else high}
        raise _Wrong(phrase("runbooks.input-bounds", title=parameter.title, value=number, **bounds))
    return number


def _boolean(parameter: BooleanParameter, given: Any) -> bool:
    if isinstance(given, bool):
        return given
    words = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
    if isinstance(given, str) and given.lower() in words:
        return words[given.lower()]
    raise _Wrong(phrase("runbooks.input-boolean", title=parameter.title, value=_short(given)))


def _date(parameter: DateParameter, given: Any) -> str:
    if isinstance(given, date):
        return given.isoformat()[:10]
    wrong = _Wrong(phrase("runbooks.input-date", title=parameter.title, value=_short(given)))
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", str(given), re.ASCII):
        raise wrong
    try:
        return date.fromisoformat(str(given)).isoformat()
    except ValueError as error:
        raise wrong from error


def _short(value: Any) -> str:
    text = CONTROL.sub("?", str(value)).encode("utf-8", "replace").decode()
    return text if len(text) <= 60 else text[:57] + "..."  # noqa: PLR2004  (fits a line)


def input_schema(runbook: Runbook, lang: Lang) -> dict[str, Any]:
    """JSON Schema of the form: an object with one property a parameter, titles and hints in the language, in the file's order."""
    properties = {p.name: {**_property(p), **_said(p, lang), "position": i} for i, p in enumerate(runbook.parameters)}
    required = [p.name for p in runbook.parameters if p.required and p.default is None]
    return {"title": "Parameters", "type": "object", "properties": properties, "required": required, "definitions": {}}


def _said(parameter: Parameter, lang: Lang) -> dict[str, Any]:
    said: dict[str, Any] = {"title": parameter.title.text(lang)}
    if parameter.hint is not None:
        said["description"] = parameter.hint.text(lang)
    if parameter.default is not None:
        said["default"] = parameter.default.isoformat() if isinstance(parameter.default, date) else parameter.default
    return said


def _property(parameter: Parameter) -> dict[str, Any]:
    match parameter:
        case StringParameter():
            shape: dict[str, Any] = {"type": "string", "maxLength": parameter.max_length}
            return shape | ({"pattern": f"^(?:{parameter.pattern})$"} if parameter.pattern else {})
        case IntegerParameter():
            bounds = {"minimum": parameter.minimum, "maximum": parameter.maximum}
            return {"type": "integer"} | {name: bound for name, bound in bounds.items() if bound is not None}
        case ChoiceParameter():
            return {"type": "string", "enum": list(parameter.values)}
        case BooleanParameter():
            return {"type": "boolean"}
        case DateParameter():
            return {"type": "string", "format": "date"}
        case SecretParameter():
            return {"type": "string", "pattern": r"^(env:|file:|prefect:).+$"}
        case _:
            assert_never(parameter)
