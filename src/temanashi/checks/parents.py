"""Checks that say nothing while another one is down: pure, so that the same results always leave the same ones out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from temanashi.changes import Verdict
from temanashi.checks.model import CheckResult, Judgement, Spec
from temanashi.checks.registry import Kinds
from temanashi.errors import TemanashiError
from temanashi.problems import Problem, suggestion
from temanashi.text.local import phrase

__all__ = ["DOWN", "UP", "orphans", "parent_problems", "parents_of", "skipped_under", "without_orphans"]

UP = "up"
"""The kind whose check every other check that runs commands on the host depends on."""

DOWN = frozenset({Verdict.CRITICAL, Verdict.UNKNOWN})


def parents_of(specs: Sequence[Spec], *, kinds: Kinds) -> dict[str, tuple[str, ...]]:
    """The parents of every check of one host in one step: those it names, else the `up` checks where it runs commands."""
    ups = tuple(spec.id for spec in specs if spec.kind == UP)
    return {spec.id: _own(spec, ups, kinds) for spec in specs}


def _own(spec: Spec, ups: tuple[str, ...], kinds: Kinds) -> tuple[str, ...]:
    if spec.parents is not None:
        return spec.parents
    if not ups or spec.kind == UP:
        return ()
    try:
        return ups if kinds.find(spec.kind).commands(spec) else ()
    except (TemanashiError, ValueError):  # a kind that cannot even say what it asks has failed on its own account
        return ()


def orphans(parents: Mapping[str, tuple[str, ...]], verdicts: Mapping[str, Verdict]) -> dict[str, str]:
    """Checks below one that is down, with the check at the root of it. What is below a SKIPPED orphan is one too."""
    found: dict[str, str] = {}
    for check in verdicts:
        if (root := _root(check, parents, verdicts, frozenset({check}))) is not None:
            found[check] = root
    return found


def _root(check: str, parents: Mapping[str, tuple[str, ...]], verdicts: Mapping[str, Verdict], seen: frozenset[str]) -> str | None:
    for parent in parents.get(check, ()):
        if parent not in verdicts or parent in seen:
            continue
        above = _root(parent, parents, verdicts, seen | {parent})
        if above is not None:
            return above
        if verdicts[parent] in DOWN:
            return parent
    return None


def skipped_under(parent: str) -> Judgement:
    """The judgement of a check whose parent is down."""
    return Judgement(verdict=Verdict.SKIPPED, reason=phrase("checks.parent-down", parent=parent))


def without_orphans(specs: Sequence[Spec], results: Sequence[CheckResult], *, kinds: Kinds) -> list[CheckResult]:
    """The results of one host, SKIPPED where a parent is down; what was seen stays as evidence, and is looked at again."""
    found = orphans(parents_of(specs, kinds=kinds), {result.check: result.verdict for result in results})
    return [
        result.model_copy(update={**dict(skipped_under(found[result.check])), "remember": {}}) if result.check in found else result
        for result in results
    ]


def parent_problems(items: Sequence[Any]) -> list[Problem]:
    """Parents that are not in the step, and checks that are above themselves, among the checks as YAML says them."""
    named = {str(item.get("id")): item for item in items if isinstance(item, dict)}
    said = {name: _listed(item.get("parents")) for name, item in named.items()}
    problems: list[Problem] = []
    for index, item in enumerate(items):
        name = str(item.get("id")) if isinstance(item, dict) else ""
        for place, parent in enumerate(said.get(name, ())):
            if parent not in named:
                close = suggestion(parent, named)
                problem = phrase("checks.unknown-parent", name=parent, known=sorted(named))
                problems.append(Problem((index, "parents", place), problem, close))
            elif _above(parent, name, said, frozenset()):
                problems.append(Problem((index, "parents", place), phrase("checks.parent-circle", name=parent, check=name)))
    return problems


def _listed(value: Any) -> tuple[str, ...]:
    return tuple(str(name) for name in value if "{{" not in str(name)) if isinstance(value, (list, tuple)) else ()


def _above(check: str, wanted: str, said: Mapping[str, tuple[str, ...]], seen: frozenset[str]) -> bool:
    if check == wanted:
        return True
    return check not in seen and any(_above(parent, wanted, said, seen | {check}) for parent in said.get(check, ()))
