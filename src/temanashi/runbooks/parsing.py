"""From what a YAML file says to a `Runbook`, with every mistake at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from temanashi.errors import WorkspaceError
from temanashi.problems import Problem, problems_of, suggestion
from temanashi.runbooks.inputs import default_problem
from temanashi.runbooks.model import Runbook, StepItem
from temanashi.runbooks.steps.contract import StepKind
from temanashi.runbooks.templates import Templated, check_template, names_of
from temanashi.secrets import is_reference
from temanashi.text.local import phrase

__all__ = ["BadRunbook", "parse_runbook"]

COMMON = tuple(name for name in StepItem.model_fields if name not in {"kind", "spec"})
PARAMETER_TYPES = ("string", "integer", "choice", "list", "boolean", "date", "secret")
_TYPE_AT = 2


class BadRunbook(WorkspaceError):
    """What a runbook file says is wrong; `problems` has every mistake, with paths into the data."""

    key = "runbooks.bad"

    def __init__(self, name: str, problems: list[Problem]) -> None:
        super().__init__(name=name, count=len(problems), first=problems[0].message if problems else "")
        self.problems = problems


def parse_runbook(data: Mapping[str, Any], *, kinds: Mapping[str, StepKind]) -> Runbook:
    """The runbook that the data (JSON types) describe; raises BadRunbook with every problem."""
    problems: list[Problem] = []
    items = _items(data.get("steps"), kinds, problems)
    placeholder = StepItem(id="step", kind="none", spec=None)
    shell = {**data, "steps": tuple(items) or (placeholder,), "data": dict(data)}
    runbook: Runbook | None = None
    try:
        runbook = Runbook.model_validate(shell)
    except ValidationError as error:
        problems += [_placed(p) for p in problems_of(error, model=Runbook) if p.loc[:1] != ("steps",)]
    problems += _templates(data, items, kinds)
    if runbook is not None:
        problems += [*_repeated(runbook), *_defaults(runbook), *_secrets(runbook), *_choice_templates(runbook)]
    if problems or runbook is None:
        raise BadRunbook(str(data.get("id", "")), problems)
    return runbook


def _placed(problem: Problem) -> Problem:
    """Pydantic puts a parameter's type into the path; the file has no such key."""
    if problem.loc[:1] == ("parameters",) and len(problem.loc) > _TYPE_AT and problem.loc[_TYPE_AT] in PARAMETER_TYPES:
        return problem._replace(loc=(*problem.loc[:_TYPE_AT], *problem.loc[_TYPE_AT + 1 :]))
    return problem


def _items(steps: Any, kinds: Mapping[str, StepKind], problems: list[Problem]) -> list[StepItem]:
    if steps is None:
        problems.append(Problem(("steps",), phrase("problems.missing", name="steps")))
        return []
    if not isinstance(steps, list) or not steps:
        problems.append(Problem(("steps",), phrase("problems.not-list", name="steps")))
        return []
    found = [_item(step, index, kinds, problems) for index, step in enumerate(steps)]
    return [item for item in found if item is not None]


def _item(step: Any, index: int, kinds: Mapping[str, StepKind], problems: list[Problem]) -> StepItem | None:
    at = ("steps", index)
    if not isinstance(step, dict):
        problems.append(Problem(at, phrase("problems.not-mapping", name=f"steps.{index}")))
        return None
    named = [key for key in step if key in kinds]
    unknown = [key for key in step if key not in kinds and key not in COMMON]
    problems += [
        Problem((*at, key), phrase("problems.unknown-key", name=str(key)), suggestion(str(key), [*kinds, *COMMON]))
        for key in unknown
    ]
    if len(named) != 1:
        if named or not unknown:
            problems.append(Problem(at, phrase("runbooks.step-kind", kinds=sorted(kinds))))
        return None
    kind = kinds[named[0]]
    parsed = kind.parse(step[kind.name])
    problems += [p.under(*at, kind.name) for p in parsed.problems]
    common = {key: step[key] for key in COMMON if key in step}
    try:
        return StepItem.model_validate({"id": f"step-{index + 1}", **common, "kind": kind.name, "spec": parsed.spec})
    except ValidationError as error:
        problems += [p.under(*at) for p in problems_of(error, model=StepItem)]
        return None


def _templates(data: Mapping[str, Any], items: list[StepItem], kinds: Mapping[str, StepKind]) -> list[Problem]:
    declared = data.get("parameters")
    names = [str(p.get("name")) for p in declared if isinstance(p, dict)] if isinstance(declared, list) else []
    found: list[Problem] = []
    positions = {item.id: index for index, item in enumerate(items)}
    for item in items:
        if item.spec is None:
            continue
        earlier = [other.id for other in items if positions[other.id] < positions[item.id]]
        each = ("item",) if item.for_each is not None else ()
        for templated in kinds[item.kind].templates(item.spec):
            problems = check_template(templated, parameters=names, steps=earlier, more=each)
            found += [p.under("steps", positions[item.id], item.kind) for p in problems]
        for templated, more in _common_templates(item, each):
            problems = check_template(templated, parameters=names, steps=earlier, more=more)
            found += [p.under("steps", positions[item.id]) for p in problems]
    return found


def _common_templates(item: StepItem, each: tuple[str, ...]) -> Iterator[tuple[Templated, tuple[str, ...]]]:
    if item.when is not None:
        yield Templated(("when",), item.when, expression=True), each
    if isinstance(item.for_each, str):
        yield Templated(("for_each",), item.for_each, expression=True), ()
    for name, text in item.outputs.items():
        yield Templated(("outputs", name), text), ("result",)


def _defaults(runbook: Runbook) -> list[Problem]:
    checked = ((index, default_problem(parameter)) for index, parameter in enumerate(runbook.parameters))
    return [Problem(("parameters", index, "default"), message) for index, message in checked if message is not None]


def _choice_templates(runbook: Runbook) -> Iterator[Problem]:
    """Choices may depend on what was asked earlier, and on nothing else."""
    for index, parameter in enumerate(runbook.parameters):
        source = getattr(parameter, "choices_from", None)
        earlier = [p.name for p in runbook.parameters[:index] if p.type != "secret"]
        for templated in source.templates() if source is not None else ():
            at = ("parameters", index, "choices_from")
            found = check_template(templated, parameters=earlier, steps=())
            if not found and (others := names_of(templated.text) - {"params"}):
                shown = phrase("runbooks.template-undefined", name=min(others), known=[f"params.{name}" for name in earlier])
                found = [Problem(templated.loc, shown)]
            yield from (p.under(*at) for p in found)


def _secrets(runbook: Runbook) -> list[Problem]:
    """A step's secrets are named, never written. The word itself is not quoted: it may be the secret."""
    names = {p.name for p in runbook.parameters if p.type == "secret"}
    return [
        Problem(("steps", index, item.kind, "secrets", variable), phrase("runbooks.secret-not-named", variable=variable))
        for index, item in enumerate(runbook.steps)
        for variable, ref in getattr(item.spec, "secrets", {}).items()
        if ref not in names and not is_reference(ref)
    ]


def _repeated(runbook: Runbook) -> list[Problem]:
    steps = Counter(item.id for item in runbook.steps)
    parameters = Counter(p.name for p in runbook.parameters)
    found = [
        Problem(("steps", index, "id"), phrase("runbooks.duplicate-step", name=item.id))
        for index, item in enumerate(runbook.steps)
        if steps[item.id] > 1
    ]
    return found + [
        Problem(("parameters", index, "name"), phrase("runbooks.duplicate-parameter", name=p.name))
        for index, p in enumerate(runbook.parameters)
        if parameters[p.name] > 1
    ]
