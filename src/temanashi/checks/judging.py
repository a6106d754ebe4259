"""Judging apart from measuring: from an observation, fresh or stored, to the same judgement."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from temanashi.canonical import canonical_json
from temanashi.changes import EVIDENCE_LIMIT, Evidence, Verdict, evidence_of
from temanashi.checks.by_time import IN_FORCE
from temanashi.checks.model import CheckKind, Judgement, Observation, Spec, ThresholdSpec
from temanashi.secrets import Redactor
from temanashi.text.local import phrase

__all__ = ["OBSERVATION", "judge", "judge_again", "keep", "unmeasured"]

OBSERVATION = "observation"
"""The name of the evidence that holds an observation."""


def keep(observation: Observation, *, redactor: Redactor) -> tuple[Observation, tuple[Evidence, ...]]:
    """The observation as it is stored, redacted and bounded, and its evidence. What is judged is what is stored."""
    text = canonical_json(redactor.value(observation.model_dump(mode="json", exclude={"remember"})))
    if len(text) > EVIDENCE_LIMIT:
        return keep(Observation(problem=phrase("checks.too-much", size=len(text), limit=EVIDENCE_LIMIT)), redactor=redactor)
    evidence = evidence_of(OBSERVATION, text, media_type="application/json")
    return Observation.model_validate(json.loads(evidence.text)), (evidence,)


def unmeasured(spec: Spec, observation: Observation) -> Judgement | None:
    """UNKNOWN, or SKIPPED where that was allowed, when nothing could be measured; None when there is something to judge."""
    if observation.problem is None:
        return None
    verdict = Verdict.SKIPPED if observation.absent and spec.optional else Verdict.UNKNOWN
    return Judgement(verdict=verdict, reason=observation.problem)


def judge(kind: CheckKind[Any], spec: Spec, observation: Observation) -> Judgement:
    """What an observation means: pure; the same observation has the same judgement for ever."""
    return unmeasured(spec, observation) or kind.judge(_as_then(spec, observation.facts), observation.facts)


def _as_then(spec: Spec, facts: Mapping[str, Any]) -> Spec:
    """The check with the ranges that were in force when it was measured."""
    chosen = facts.get(IN_FORCE)
    if not (isinstance(spec, ThresholdSpec) and spec.by_time and chosen and chosen["row"]):
        return spec
    return spec.model_copy(update={"warn": chosen["warn"], "crit": chosen["crit"]})


def judge_again(kind: CheckKind[Any], spec: Spec, evidence: Evidence) -> Judgement:
    """The judgement of stored evidence; equal to the first one byte by byte. Raises ValueError when it is no whole observation."""
    if evidence.name != OBSERVATION or evidence.truncated:
        raise ValueError(f"evidence {evidence.name!r} is not a whole observation")
    return judge(kind, spec, Observation.model_validate(json.loads(evidence.text)))
