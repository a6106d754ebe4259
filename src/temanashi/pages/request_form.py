"""The form that asks for a run: one field a parameter, what was typed, what is wrong with it, and what can be chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from temanashi.people import folded
from temanashi.problems import Problem
from temanashi.runbooks.choices import Choice, named_parameters
from temanashi.runbooks.model import Runbook
from temanashi.runbooks.offering import ChoicesUnavailable, Offers
from temanashi.runbooks.parameters import Parameter
from temanashi.runs.reading import RunView
from temanashi.text import Lang, Phrase, say

__all__ = ["LINES", "Asked", "Field", "Option", "again_of", "fields_of", "inputs_of", "prefilled", "read_asked", "tell_inputs"]

PREFIX = "p."
FEW = 7
"""Choices that are all shown; of more, one is searched for by typing."""

BOXES = 40
"""Choices that are shown as boxes, or of those that a typed word found, as buttons to choose from."""

SUGGESTED = 500
"""Choices that are suggested while typing; a page stays below 50 kB."""

LENGTHS = {"name": 100, "beneficiary": 100, "ticket": 100, "reason": 1000}
LINES = ("name", "beneficiary", "identity", "ticket", "reason", "again")
"""What else is said of a request; the plan sends it on as it is."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What was typed, so that nothing is lost: texts by parameter, and who asks, for whom, why. `problems` are by field."""

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    name: str = ""
    beneficiary: str = ""
    identity: str = ""
    ticket: str = ""
    reason: str = ""
    version: str = ""
    again: str = ""
    problems: Mapping[str, Phrase] = field(default_factory=dict)


class Option(NamedTuple):
    """One choice as it is shown."""

    value: str
    title: str
    chosen: bool


class Field(NamedTuple):
    """One parameter as a field. `shape`: line, text, number, date, tick, one, search, found, some, lines or secret.

    `found` are the choices that a typed text led to.
    """

    name: str
    shape: str
    title: str
    hint: str
    required: bool
    value: str
    options: tuple[Option, ...]
    problem: str
    note: str


def read_asked(typed: Mapping[str, Sequence[str]]) -> Asked:
    """The posted fields; lengths are bounded, and one line stays one line."""

    def line(name: str) -> str:
        return " ".join("".join(typed.get(name, ("",))[-1:]).split())

    problems = {}
    if not line("name"):
        problems["name"] = Phrase(key="pages.form-name-missing")
    for name, limit in LENGTHS.items():
        if len(line(name)) > limit:
            problems[name] = Phrase(key="pages.ask-long", data={"limit": limit})
    return Asked(
        values={name.removeprefix(PREFIX): tuple(texts) for name, texts in typed.items() if name.startswith(PREFIX)},
        name=line("name"),
        beneficiary=line("beneficiary"),
        identity=line("identity")[:100],
        ticket=line("ticket"),
        reason=line("reason"),
        version=line("version"),
        again=line("again")[:100],
        problems=problems,
    )


def prefilled(runbook: Runbook, asked_for: Mapping[str, Sequence[str]], name: str) -> Asked | None:
    """The form as a link fills it in (`?p.host=web1&ticket=...`), the rest with its defaults; None where the link says nothing.

    What is secret is never taken from an address.
    """
    open_ = {PREFIX + parameter.name for parameter in runbook.parameters if parameter.type != "secret"}
    said = {key: texts for key, texts in asked_for.items() if key in open_ or key in {"reason", "ticket"}}
    if not said:
        return None
    asked = read_asked({key: [text[: LENGTHS["reason"]] for text in texts] for key, texts in said.items()})
    defaults = {parameter.name: _defaults(parameter) for parameter in runbook.parameters}
    return replace(asked, values={**defaults, **asked.values}, name=name, problems={})


def again_of(asked: Asked, run: RunView) -> Asked:
    """The request of an earlier run, as if it had been typed again; who asks stays."""
    values = {name: _texts(value) for name, value in run.inputs.items() if value is not None}
    return replace(
        asked,
        values=values,
        beneficiary=run.beneficiary,
        identity=run.identity_check,
        ticket=run.ticket,
        reason=run.request_reason,
        problems={name: problem for name, problem in asked.problems.items() if name == "name"},
    )


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, bool):
        return ("true",) if value else ("false",)
    return tuple(str(one) for one in value) if isinstance(value, (list, tuple)) else (str(value),)


def inputs_of(runbook: Runbook, asked: Asked) -> dict[str, Any]:
    """The raw inputs, as `validate_inputs` takes them. A box that is not ticked says no, and nothing at all is said by no box."""
    raw: dict[str, Any] = {}
    known = {parameter.name: parameter for parameter in runbook.parameters}
    for name, texts in asked.values.items():
        parameter = known.get(name)
        if parameter is None:
            raw[name] = texts[-1]
        elif parameter.type == "list":
            raw[name] = [line.strip() for text in texts for line in text.splitlines() if line.strip()]
        elif parameter.type == "string":
            raw[name] = texts[-1].replace("\r\n", "\n") if parameter.multiline else texts[-1]
        else:
            raw[name] = texts[-1].strip()
    return raw


def fields_of(runbook: Runbook, asked: Asked | None, problems: Sequence[Problem], offers: Offers, lang: Lang) -> list[Field]:
    """Every field. Without `asked` defaults stand in them. What was typed into a secret's field and is wrong is not repeated."""
    wrong = {str(problem.loc[0]): problem for problem in problems if problem.loc}
    return [_field(parameter, asked, wrong.get(parameter.name), offers, lang) for parameter in runbook.parameters]


def _field(parameter: Parameter, asked: Asked | None, problem: Problem | None, offers: Offers, lang: Lang) -> Field:
    texts = _defaults(parameter) if asked is None else asked.values.get(parameter.name, ())
    if parameter.type == "secret" and problem is not None:
        texts = ()
    choices, note = _choices(parameter, asked, offers, lang)
    shape = _shape(parameter, choices)
    more = len(choices)
    if shape == "search" and (found := _found("".join(texts[-1:]), choices, lang)):
        shape, choices = "found", found
    lines = "\n".join(texts) if shape == "lines" else "".join(texts[-1:])
    told = problem.message.text(lang) if problem is not None else ""
    if problem is not None and problem.close:
        told = say("workspace.close", lang, sentence=told, close=problem.close)
    return Field(
        name=PREFIX + parameter.name,
        shape=shape,
        title=parameter.title.text(lang),
        hint=parameter.hint.text(lang) if parameter.hint else "",
        required=parameter.required and parameter.type != "boolean",
        value=lines,
        options=tuple(Option(c.value, c.title.text(lang) if c.title else "", c.value in texts) for c in choices[:SUGGESTED]),
        problem=told,
        note=note or (say("pages.ask-more-choices", lang, count=more) if shape == "search" and more > SUGGESTED else ""),
    )


def _found(typed: str, choices: Sequence[Choice], lang: Lang) -> tuple[Choice, ...]:
    """The choices in which a typed text is found, few enough to be shown; none where it is itself one, or nothing was typed."""
    wanted = folded(typed)
    if not wanted or any(choice.value == typed.strip() for choice in choices):
        return ()
    found = tuple(c for c in choices if wanted in folded(c.value) or (c.title is not None and wanted in folded(c.title.text(lang))))
    return found if len(found) <= BOXES else ()


def _defaults(parameter: Parameter) -> tuple[str, ...]:
    default = parameter.default
    if default is None:
        return ()
    if parameter.type == "boolean":
        return ("true",) if default else ()
    return tuple(default) if isinstance(default, tuple) else (str(default),)


def _choices(parameter: Parameter, asked: Asked | None, offers: Offers, lang: Lang) -> tuple[tuple[Choice, ...], str]:
    """What can be chosen given what was typed so far, and a note where that is not known."""
    if parameter.type not in {"choice", "list"}:
        return (), ""
    source = getattr(parameter, "choices_from", None)
    if source is None:
        return tuple(getattr(parameter, "choices", ())), ""
    known = {name: "".join(texts[-1:]) for name, texts in (asked.values if asked else {}).items()}
    needed = named_parameters(source)
    if not all(known.get(name) for name in needed):
        return (), say("pages.ask-depends", lang)
    try:
        return offers.offered(source, {name: known[name] for name in needed}) or (), ""
    except ChoicesUnavailable as error:
        return (), say("runbooks.choices-unavailable", lang, **error.data)


def _shape(parameter: Parameter, choices: Sequence[Choice]) -> str:
    match parameter.type:
        case "string":
            return "text" if parameter.multiline else "line"
        case "choice":
            return "one" if 0 < len(choices) <= FEW else "search"
        case "list":
            return "some" if 0 < len(choices) <= BOXES else "lines"
        case _:
            return {"integer": "number", "boolean": "tick", "date": "date", "secret": "secret"}[parameter.type]


def tell_inputs(runbook: Runbook, inputs: Mapping[str, Any], offers: Offers, lang: Lang) -> list[tuple[str, str]]:
    """What was entered, in words: the titles of choices, and yes or no. What was left out is left out."""
    told = []
    for parameter in runbook.parameters:
        value = inputs.get(parameter.name)
        if value is None:
            continue
        if isinstance(value, bool):
            shown = say("pages.ask-yes" if value else "pages.ask-no", lang)
        else:
            titles = _titles(parameter, inputs, offers, lang)
            comma = say("telling.comma", lang)
            shown = comma.join(titles.get(str(v), str(v)) for v in (value if isinstance(value, list) else [value]))
        told.append((parameter.title.text(lang), shown))
    return told


def _titles(parameter: Parameter, inputs: Mapping[str, Any], offers: Offers, lang: Lang) -> dict[str, str]:
    known = Asked(values={name: (str(value),) for name, value in inputs.items() if value is not None})
    choices, _ = _choices(parameter, known, offers, lang)
    return {c.value: f"{c.title.text(lang)} ({c.value})" for c in choices if c.title is not None}
