"""Runbooks that checks name as the way to fix what they find, and what is wrong with those names."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

from temanashi.checks.model import Remedy
from temanashi.people import People, missing_words
from temanashi.problems import Problem, suggestion
from temanashi.runbooks.approval import Approval
from temanashi.runbooks.inputs import BadInputs, validate_inputs
from temanashi.runbooks.model import Runbook
from temanashi.runbooks.steps.checks import ChecksSpec
from temanashi.runbooks.steps.values import is_template
from temanashi.text.local import phrase

__all__ = ["SITE_APPROVERS", "Named", "approval_for", "has_checks", "remedies_of", "remedy_problems", "remedy_warnings"]

SITE_APPROVERS = "role:approver"
"""Who approves what a check asks for where neither the runbook nor the check says."""


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


def approval_for(fixes: Runbook, asked: Mapping[str, Any]) -> Approval:
    """Who approves a run that a check asks for: whom the runbook names, else whom the check names, else the site's approvers."""
    return fixes.approve or Approval.model_validate({"by": asked.get("approve") or SITE_APPROVERS})


def remedy_problems(
    runbook: Runbook, known: Mapping[str, Runbook], *, people: People, broken: Collection[str] = ()
) -> Iterator[Problem]:
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
        yield from (problem.under(*loc) for problem in _approval_problems(fixes, remedy, people))
        yield from (problem.under(*loc, "params") for problem in _input_problems(fixes, remedy))


def _approval_problems(fixes: Runbook, remedy: Remedy, people: People) -> Iterator[Problem]:
    if remedy.approve is not None:
        if fixes.approve is not None:
            yield Problem(("approve",), phrase("runbooks.remedy-approve-twice", name=remedy.id))
            return
        missing = missing_words(remedy.approve, people)
        yield from (Problem(("approve", one.at), phrase("people.unknown", word=one.word), one.close) for one in missing)
        if not missing and not people.members(remedy.approve):
            yield Problem(("approve",), phrase("approvals.too-few-people", count=1, people=0))
    elif remedy.start == "approval" and fixes.approve is None and not people.members((SITE_APPROVERS,)):
        yield Problem(("start",), phrase("runbooks.remedy-without-approval", name=remedy.id))


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
