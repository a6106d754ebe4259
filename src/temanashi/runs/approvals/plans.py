"""The plan that was shown for approval, kept as sentences, and what changed from one plan to the next. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from temanashi.canonical import canonical_json, digest_of
from temanashi.changes import Change, Plan
from temanashi.text.local import Phrase, phrase

__all__ = ["ToldChange", "ToldPlan", "differences", "told"]

SHORT = 200


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ToldChange(_Frozen):
    """A change as an approver sees it: its sentence, what it takes for granted, and a digest of all the rest."""

    step: str
    iteration: int
    target: str
    summary: Phrase
    preconditions: dict[str, Any]
    rest: str

    @property
    def key(self) -> tuple[str, int, str]:
        """Step, iteration and target."""
        return self.step, self.iteration, self.target


class ToldPlan(_Frozen):
    """A plan as an approver sees it, with the digest that the approval is bound to."""

    digest: str
    version: str
    inputs: dict[str, Any]
    changes: tuple[ToldChange, ...]


def told(plan: Plan) -> ToldPlan:
    """The plan in sentences."""
    return ToldPlan(digest=plan.digest, version=plan.version, inputs=dict(plan.inputs), changes=tuple(map(_told, plan.changes)))


def _told(change: Change) -> ToldChange:
    rest = json.loads(change.model_dump_json(exclude={"step", "iteration", "target", "summary", "preconditions"}))
    return ToldChange(
        step=change.step,
        iteration=change.iteration,
        target=change.target,
        summary=change.summary,
        preconditions=change.preconditions,
        rest=digest_of(rest),
    )


def differences(before: ToldPlan, after: ToldPlan) -> list[Phrase]:
    """What changed, in sentences; none only where the plans are the same."""
    if before.digest == after.digest:
        return []
    found = list(_heads(before, after))
    old, new = {change.key: change for change in before.changes}, {change.key: change for change in after.changes}
    found += [phrase("approvals.diff-removed", what=change.summary) for key, change in old.items() if key not in new]
    for key, change in new.items():
        if key not in old:
            found.append(phrase("approvals.diff-added", what=change.summary))
        else:
            found += _between(old[key], change)
    if [key for key in old if key in new] != [key for key in new if key in old]:
        found.append(phrase("approvals.diff-order"))
    return found


def _heads(before: ToldPlan, after: ToldPlan) -> Iterator[Phrase]:
    if before.version != after.version:
        yield phrase("approvals.diff-version", before=before.version[7:19], after=after.version[7:19])
    for name, old, new in _unequal(before.inputs, after.inputs):
        yield phrase("approvals.diff-input", name=name, before=old, after=new)


def _between(old: ToldChange, new: ToldChange) -> Iterator[Phrase]:
    if old == new:
        return
    if old.summary != new.summary:
        yield phrase("approvals.diff-changed", before=old.summary, after=new.summary)
    facts = list(_unequal(old.preconditions, new.preconditions))
    for name, was, now in facts:
        yield phrase("approvals.diff-precondition", what=new.summary, name=name, before=was, after=now)
    if old.rest != new.rest and old.summary == new.summary and not facts:
        yield phrase("approvals.diff-content", what=new.summary)


def _unequal(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if old != new:
            yield name, _short(old), _short(new)


def _short(value: Any) -> str:
    text = "-" if value is None else value if isinstance(value, str) else canonical_json(value)
    return text if len(text) <= SHORT else text[: SHORT - 1] + "…"
