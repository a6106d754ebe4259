"""Judging stored results again: the same evidence must have the same verdict, byte by byte. Pure.

A result carries what was asked (`spec` with its digest), and evidence of what was seen. When either is not as it was then, nothing
can be said: that is never called equal. What was masked before it was judged is judged as it is stored, now as then.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ValidationError

from temanashi.canonical import canonical_json, digest_of
from temanashi.changes import Evidence, Verdict
from temanashi.checks.judging import OBSERVATION, judge_again
from temanashi.checks.model import Judgement, Spec
from temanashi.checks.parents import orphans, parents_of, skipped_under
from temanashi.checks.registry import Kinds
from temanashi.errors import WorkspaceError
from temanashi.redaction import MASK
from temanashi.text.local import Phrase, phrase

__all__ = ["Answer", "Replayed", "replay"]

Answer = Literal["equal", "differs", "unknown"]


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """What became of one result judged again; `why` says what differs, or why nothing can be said. `again` is None then."""

    check: str
    answer: Answer
    recorded: Verdict
    again: Verdict | None = None
    why: Phrase | None = None


@dataclass
class _Judged:
    row: Mapping[str, Any]
    spec: Spec | None = None
    judgement: Judgement | None = None
    why: Phrase | None = None


def replay(rows: Sequence[Mapping[str, Any]], evidence: Sequence[Evidence], *, kinds: Kinds) -> list[Replayed]:
    """Every result of one host in one step judged again; rows are those of an outcome's details."""
    pieces = {piece.sha256: piece for piece in evidence if piece.name == OBSERVATION}
    judged = [_judged(row, pieces, kinds) for row in rows]
    _leave_out_orphans(judged, kinds)
    return [_compared(one) for one in judged]


def _judged(row: Mapping[str, Any], pieces: Mapping[str, Evidence], kinds: Kinds) -> _Judged:
    found = _Judged(row)
    spec = row.get("spec")
    if not spec:
        found.why = phrase("checks.replay-no-spec")
    elif MASK in canonical_json(spec) or digest_of(spec) != row.get("spec_digest"):
        found.why = phrase("checks.replay-spec-masked")
    else:
        _judge(found, spec, pieces, kinds)
    return found


def _judge(found: _Judged, data: Mapping[str, Any], pieces: Mapping[str, Evidence], kinds: Kinds) -> None:
    listed = [sha for sha in found.row.get("evidence", ()) if sha in pieces]
    try:
        kind = kinds.find(str(data.get("kind")))
        found.spec = kind.spec.model_validate(data)
    except (WorkspaceError, ValidationError):
        found.why = phrase("checks.replay-other-version", kind=str(data.get("kind")))
        return
    if not listed:
        found.why = phrase("checks.replay-no-evidence")
    elif not _whole(pieces[listed[0]]):
        found.why = phrase("checks.replay-evidence-changed")
    else:
        try:
            found.judgement = judge_again(kind, found.spec, pieces[listed[0]])
        except Exception as error:  # noqa: BLE001  (facts of another version, or a kind of somebody else)
            found.why = phrase("checks.replay-failed", kind=found.spec.kind, name=type(error).__name__)


def _whole(piece: Evidence) -> bool:
    """Whether the text is the one that was digested: not cut, and not masked once more since."""
    return not piece.truncated and hashlib.sha256(piece.text.encode("utf-8", "replace")).hexdigest() == piece.sha256


def _leave_out_orphans(judged: Sequence[_Judged], kinds: Kinds) -> None:
    """Parents decide as they did when it was measured; a child whose parent cannot be judged cannot be either."""
    specs = [one.spec for one in judged if one.spec is not None]
    parents = parents_of(specs, kinds=kinds)
    verdicts = {str(one.row["check"]): one.judgement.verdict for one in judged if one.judgement is not None}
    lost = {str(one.row["check"]) for one in judged if one.judgement is None}
    while more := {child for child, above in parents.items() if child not in lost and lost & set(above)}:
        lost |= more
    roots = orphans(parents, verdicts)
    for one in judged:
        name = str(one.row["check"])
        if one.judgement is None:
            continue
        if name in lost:
            one.judgement, one.why = None, phrase("checks.replay-parent", parents=sorted(lost & set(parents[name])))
        elif name in roots:
            one.judgement = skipped_under(roots[name])


def _compared(one: _Judged) -> Replayed:
    check, recorded = str(one.row["check"]), Verdict(one.row["verdict"])
    if one.judgement is None:
        return Replayed(check=check, answer="unknown", recorded=recorded, why=one.why)
    again = json.loads(one.judgement.model_dump_json())
    then = {name: one.row.get(name) for name in again}
    differing = [name for name, value in again.items() if canonical_json(value) != canonical_json(then[name])]
    if not differing:
        return Replayed(check=check, answer="equal", recorded=recorded, again=one.judgement.verdict)
    why = phrase("checks.replay-differs", fields=differing)
    return Replayed(check=check, answer="differs", recorded=recorded, again=one.judgement.verdict, why=why)
