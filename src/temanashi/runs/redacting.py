"""What a run must not keep: which secrets it may meet, and an outcome without them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from temanashi.changes import Evidence, Outcome
from temanashi.redaction import Redactor
from temanashi.runs.frozen import FrozenRun
from temanashi.secrets import is_reference
from temanashi.text.local import Phrase

__all__ = ["redacted", "secret_references"]


def secret_references(run: FrozenRun) -> frozenset[str]:
    """Every reference to a secret that the runbook or an input of the run names."""
    given = [run.inputs.get(p.name) for p in run.runbook.parameters if p.type == "secret"]
    return frozenset(text for value in (given, run.runbook.data.get("steps")) for text in _texts(value) if is_reference(text))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item)


def redacted(outcome: Outcome, redactor: Redactor) -> Outcome:
    """The outcome as JSON types, secrets masked in all that came from a target; a secret `changed` does not mask a status."""
    plain = json.loads(outcome.model_dump_json(include={"details", "outputs", "before"}))
    return outcome.model_copy(
        update={
            "reason": _phrase(outcome.reason, redactor),
            "details": tuple(redactor.value(plain["details"])),
            "outputs": redactor.value(plain["outputs"]),
            "before": redactor.value(plain["before"]),
            "evidence": tuple(_evidence(piece, redactor) for piece in outcome.evidence),
        }
    )


def _phrase(reason: Phrase | None, redactor: Redactor) -> Phrase | None:
    if reason is None:
        return None
    return reason.model_copy(update={"data": redactor.value(json.loads(reason.model_dump_json())["data"])})


def _evidence(piece: Evidence, redactor: Redactor) -> Evidence:
    """Kinds redact what they read before they cut and digest it; this is the net below."""
    return piece.model_copy(update={"text": redactor.text(piece.text), "name": redactor.text(piece.name)})
