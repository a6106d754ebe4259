"""The one validation path of inputs: form, page, schedule, CLI and API all come through `validate_inputs`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from typing import Any, assert_never

from pydantic import TypeAdapter, ValidationError

from temanashi.errors import InputError
from temanashi.problems import Problem, suggestion
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
from temanashi.secrets import SecretRef
from temanashi.text.local import Phrase, phrase

__all__ = ["NO_REFERENCE", "BadInputs", "default_problem", "validate_inputs"]

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
CONTROL_BUT_LINES = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
NO_REFERENCE = "runbooks.input-secret"
"""The problem of a secret that was typed where a reference belongs."""

LONGEST_CHOICE = 200
SHOWN_CHOICES = 20
_SECRET: TypeAdapter[str] = TypeAdapter(SecretRef)


class BadInputs(InputError):
    """One or more inputs are wrong; nothing was touched. `problems` has one entry an input."""

    key = "runbooks.bad-inputs"

    def __init__(self, runbook: str, problems: list[Problem]) -> None:
        super().__init__(runbook=runbook, count=len(problems), problems=[p.message for p in problems])
        self.problems = problems


class _Wrong(ValueError):
    def __init__(self, message: Phrase, close: str = "") -> None:
        super().__init__(message.key)
        self.message, self.close = message, close


def validate_inputs(runbook: Runbook, raw: Mapping[str, Any], *, offers: Offers | None = None) -> dict[str, Any]:
    """Every parameter's value as JSON, defaults filled in; raises BadInputs with one problem an input.

    `offers` knows what can be chosen now (`choices_from`). Without it only the shape of such a value is checked: where a file is
    loaded, and never where a run starts.
    """
    problems = [
        Problem((name,), phrase("problems.unknown-key", name=name), suggestion(name, [p.name for p in runbook.parameters]))
        for name in raw
        if name not in {p.name for p in runbook.parameters}
    ]
    values: dict[str, Any] = {}
    for parameter in runbook.parameters:
        given = raw.get(parameter.name)
        if given is None or given == "" or (given == [] and not parameter.required):
            given = parameter.default
        try:
            value = _absent(parameter) if given is None else _value(parameter, given)
            if offers is not None and value is not None and isinstance(parameter, (ChoiceParameter, ListParameter)):
                _offered(parameter, value, values, offers)
            values[parameter.name] = value
        except _Wrong as wrong:
            problems.append(Problem((parameter.name,), wrong.message, wrong.close))
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


def _value(parameter: Parameter, given: Any) -> Any:  # noqa: PLR0911  (one branch a type)
    match parameter:
        case StringParameter():
            return _string(parameter, given)
        case IntegerParameter():
            return _integer(parameter, given)
        case ChoiceParameter():
            return _chosen(parameter, given)
        case ListParameter():
            return _list(parameter, given)
        case BooleanParameter():
            return _boolean(parameter, given)
        case DateParameter():
            return _date(parameter, given)
        case SecretParameter():
            try:
                return _SECRET.validate_python(given)
            except ValidationError as error:
                raise _Wrong(phrase(NO_REFERENCE, title=parameter.title)) from error
        case _:
            assert_never(parameter)


def _chosen(parameter: ChoiceParameter | ListParameter, given: Any) -> str:
    if parameter.choices_from is not None:
        if (
            not isinstance(given, str)
            or not given
            or len(given) > LONGEST_CHOICE
            or not given.isprintable()
            or given.startswith("-")
        ):
            raise _Wrong(phrase("runbooks.input-not-offered", title=parameter.title, value=_short(given)))
        return given
    if not isinstance(given, str) or given not in parameter.values:
        raise _Wrong(
            phrase("runbooks.input-choice", title=parameter.title, value=_short(given), choices=list(parameter.values)),
            suggestion(str(given), parameter.values),
        )
    return given


def _offered(parameter: ChoiceParameter | ListParameter, value: Any, earlier: Mapping[str, Any], offers: Offers) -> None:
    """Raise when what was chosen cannot be chosen now, with what can."""
    if parameter.choices_from is None:
        return
    missing = sorted(named_parameters(parameter.choices_from) - {name for name, known in earlier.items() if known is not None})
    if missing:
        raise _Wrong(phrase("runbooks.input-needs", title=parameter.title, names=missing))
    try:
        choices = offers.offered(parameter.choices_from, earlier)
    except ChoicesUnavailable as error:
        raise _Wrong(phrase("runbooks.input-unavailable", title=parameter.title, reason=error.data["reason"])) from error
    if choices is None:
        return
    now = [choice.value for choice in choices]
    for item in value if isinstance(value, list) else [value]:
        if item not in now:
            shown = [*now[:SHOWN_CHOICES], *(["…"] if len(now) > SHOWN_CHOICES else [])]
            data = {"title": parameter.title, "value": _short(item), "choices": shown or ["-"]}
            raise _Wrong(phrase("runbooks.input-gone", **data), suggestion(item, now))


def _list(parameter: ListParameter, given: Any) -> list[str]:
    """A list, or text: a JSON list, one value a line, or values with commas between them."""
    items = _split(given) if isinstance(given, str) else given
    if not isinstance(items, (list, tuple)):
        raise _Wrong(phrase("runbooks.input-list", title=parameter.title))
    if not parameter.min_items <= len(items) <= parameter.max_items:
        bounds = {"low": parameter.min_items, "high": parameter.max_items, "count": len(items)}
        raise _Wrong(phrase("runbooks.input-count", title=parameter.title, **bounds))
    free = not parameter.choices and parameter.choices_from is None
    values = [_string(parameter, item) if free else _chosen(parameter, item) for item in items]
    twice = next((value for value in values if values.count(value) > 1), None)
    if twice is not None:
        raise _Wrong(phrase("runbooks.input-twice", title=parameter.title, value=_short(twice)))
    if "" in values:
        raise _Wrong(phrase("runbooks.input-empty-item", title=parameter.title))
    return values


def _split(text: str) -> Any:
    if text.lstrip().startswith("["):
        try:
            return json.loads(text)
        except ValueError:
            return None
    parts = text.split("\n" if "\n" in text else ",")
    return [part.strip() for part in parts if part.strip()]


def _string(parameter: StringParameter | ListParameter, given: Any) -> str:
    if not isinstance(given, str):
        raise _Wrong(phrase("runbooks.input-text", title=parameter.title))
    multiline = isinstance(parameter, StringParameter) and parameter.multiline
    if (CONTROL_BUT_LINES if multiline else CONTROL).search(given):
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
