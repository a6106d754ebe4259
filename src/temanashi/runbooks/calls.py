"""Which runbooks a runbook calls, at any depth, and what is wrong with its calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from temanashi.problems import Problem, suggestion
from temanashi.runbooks.inputs import BadInputs, validate_inputs
from temanashi.runbooks.model import Runbook
from temanashi.runbooks.steps.runbook import CallSpec
from temanashi.text.local import phrase

__all__ = ["call_problems", "called_by"]


def called_by(runbook: Runbook, known: Mapping[str, Runbook]) -> dict[str, Runbook]:
    """Every runbook that this one may call, directly or through others, by id; unknown ones are left out."""
    found: dict[str, Runbook] = {}
    todo = [runbook]
    while todo:
        for _, spec in _calls(todo.pop()):
            if spec.id in known and spec.id not in found:
                found[spec.id] = known[spec.id]
                todo.append(known[spec.id])
    return found


def call_problems(runbook: Runbook, known: Mapping[str, Runbook]) -> Iterator[Problem]:
    """Calls of runbooks that there are not, calls in a circle, and inputs that the called runbook would refuse."""
    for index, spec in _calls(runbook):
        at = ("steps", index, "runbook")
        called = known.get(spec.id)
        if called is None:
            yield Problem(at, phrase("runbooks.unknown-call", name=spec.id), suggestion(spec.id, list(known)))
            continue
        if (circle := _circle(runbook, called, known)) is not None:
            yield Problem(at, phrase("runbooks.call-cycle", path=" → ".join(circle)))
        yield from (problem.under(*at, "inputs") for problem in _input_problems(called, spec))


def _calls(runbook: Runbook) -> Iterator[tuple[int, CallSpec]]:
    for index, item in enumerate(runbook.steps):
        if isinstance(item.spec, CallSpec):
            yield index, item.spec


def _circle(runbook: Runbook, called: Runbook, known: Mapping[str, Runbook]) -> list[str] | None:
    """The way from a runbook over this call back to itself, or None."""
    ways = [[called.id]]
    seen = {called.id}
    while ways:
        way = ways.pop()
        if way[-1] == runbook.id:
            return [runbook.id, *way]
        for _, spec in _calls(known[way[-1]]) if way[-1] in known else ():
            if spec.id not in seen or spec.id == runbook.id:
                seen.add(spec.id)
                ways.append([*way, spec.id])
    return None


def _input_problems(called: Runbook, spec: CallSpec) -> Iterator[Problem]:
    """What can be known before templates are filled in: names, missing ones, and plain values."""
    templated = {name for name, value in spec.inputs.items() if isinstance(value, str) and ("{{" in value or "{%" in value)}
    try:
        validate_inputs(called, {name: value for name, value in spec.inputs.items() if name not in templated})
    except BadInputs as error:
        yield from (problem for problem in error.problems if problem.loc[:1] not in {(name,) for name in templated})
    names = [parameter.name for parameter in called.parameters]
    for name in sorted(templated - set(names)):
        yield Problem((name,), phrase("problems.unknown-key", name=name), suggestion(name, names))
