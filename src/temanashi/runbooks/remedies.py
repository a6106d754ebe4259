"""Runbooks that checks name as the way to fix what they find, and what is wrong with those names."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

from temanashi.checks.model import Remedy
from temanashi.problems import Problem, suggestion
from temanashi.runbooks.inputs import BadInputs, validate_inputs
from temanashi.runbooks.model import Runbook
from temanashi.runbooks.steps.checks import ChecksSpec
from temanashi.runbooks.steps.values import is_template
from temanashi.text.local import phrase

__all__ = ["Named", "has_checks", "remedies_of", "remedy_problems", "remedy_warnings"]


class Named(NamedTuple):
    """A remedy and where it stands in the runbook's data."""

    loc: tuple[str | int, ...]
    remedy: Remedy


def has_checks(runbook: Runbook) -> bool:
    """Whether any step of it checks."""
    return any(isinstance(item.spec, ChecksSpec) for item in runbook.steps)


def remedies_of(runbook: Runbook) -> Iterator[Named]:
    """Every remedy that its checks name; one that is no remedy is told of where the check is parsed."""
    for index, item in enumerate(runbook.steps):
        if isinstance(item.spec, ChecksSpec):
            for number, check in enumerate(item.spec.items):
                if (remedy := _remedy(check.get("runbook"))) is not None:
                    yield Named(("steps", index, "checks", number, "runbook"), remedy)


def _remedy(value: Any) -> Remedy | None:
    try:
        return Remedy.model_validate({"id": value} if isinstance(value, str) else value) if value is not None else None
    except ValidationError:
        return None


def remedy_problems(runbook: Runbook, known: Mapping[str, Runbook], *, broken: Collection[str] = ()) -> Iterator[Problem]:
    """Remedies that there are not, inputs that they would refuse, and runs that nobody would approve.

    `broken` are runbooks that are there and have mistakes of their own: those disable themselves, and not who names them.
    """
    for loc, value in _written(runbook):
        if is_template(value.get("id") if isinstance(value, dict) else value):
            yield Problem(loc, phrase("runbooks.remedy-template"))
    for loc, remedy in remedies_of(runbook):
        fixes = known.get(remedy.id)
        if fixes is None:
            if remedy.id not in broken:
                yield Problem(loc, phrase("runbooks.unknown-remedy", name=remedy.id), suggestion(remedy.id, list(known)))
            continue
        if remedy.start == "approval" and fixes.approve is None:
            yield Problem((*loc, "start"), phrase("runbooks.remedy-without-approval", name=remedy.id))
        yield from (problem.under(*loc, "params") for problem in _input_problems(fixes, remedy))


def remedy_warnings(runbook: Runbook, known: Mapping[str, Runbook], *, broken: Collection[str]) -> Iterator[Problem]:
    """Remedies that cannot be offered until their own mistakes are mended."""
    for loc, remedy in remedies_of(runbook):
        if remedy.id in broken and remedy.id not in known:
            yield Problem(loc, phrase("runbooks.broken-remedy", name=remedy.id))


def _written(runbook: Runbook) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    for index, item in enumerate(runbook.steps):
        if isinstance(item.spec, ChecksSpec):
            for number, check in enumerate(item.spec.items):
                yield ("steps", index, "checks", number, "runbook"), check.get("runbook")


def _input_problems(fixes: Runbook, remedy: Remedy) -> Iterator[Problem]:
    """What is wrong whatever the templates say. What is left out is typed into the form, unless nobody fills that in."""
    templated = {name for name, value in remedy.params.items() if is_template(value)}
    names = [parameter.name for parameter in fixes.parameters]
    for name in remedy.params:
        if name not in names:
            yield Problem((name,), phrase("problems.unknown-key", name=name), suggestion(name, names))
    given = {name: value for name, value in remedy.params.items() if name in names and name not in templated}
    typed_later = set(names) - set(remedy.params) if remedy.start == "offer" else set()
    try:
        validate_inputs(fixes, given)
    except BadInputs as error:
        yield from (p for p in error.problems if not p.loc or p.loc[0] not in templated | typed_later)
