"""One record of a story: who did what, on which targets with what outcome, the lines of a checklist, and evidence."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from temanashi.changes import Outcome
from temanashi.ledger.records import Record
from temanashi.text.local import LocalText, Phrase, phrase

__all__ = ["Chapter", "EvidenceView", "ListLine", "TargetLine", "chapter_of", "evidence_texts", "planned_lines"]

Key = tuple[str, int, str]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class EvidenceView(_Frozen):
    """One piece of evidence without its text; `number` counts those of one record. `agrees`: the text has this digest.

    `agrees` is None where only the beginning of the text was kept, so that nothing can be compared.
    """

    number: int
    name: str
    media_type: str
    target: str
    sha256: str
    size: int
    truncated: bool
    agrees: bool | None


class TargetLine(_Frozen):
    """What a step was to do or did on a target; `status` is empty where it was only intended."""

    target: str
    summary: Phrase
    status: str = ""
    verdict: str = ""
    reason: Phrase | None = None
    details: tuple[dict[str, Any], ...] = ()


class ListLine(_Frozen):
    """One line of a checklist as it ended; times are ISO 8601 text."""

    title: LocalText
    state: str
    value: str
    note: str
    by: str
    at: str
    confirmed_by: str
    confirmed_at: str


class Chapter(_Frozen):
    """One record. `approver` and `principal` are ids of people; `digest` is that of the plan a decision is about."""

    seq: int
    at: datetime
    kind: str
    actor: str
    actor_kind: str
    assurance: str
    channel: str
    step: str
    outcome: str
    reason: str
    note: str
    approvers: tuple[str, ...]
    principal: str
    afterwards: bool
    digest: str
    until: str
    human_seconds: int
    human_source: str
    targets: tuple[TargetLine, ...]
    lines: tuple[ListLine, ...]
    evidence: tuple[EvidenceView, ...]
    history: tuple[dict[str, Any], ...]
    pruned: bool
    hash: str
    body_hash: str
    body: dict[str, Any]


def planned_lines(records: Sequence[Record]) -> dict[Key, Phrase]:
    """The sentence of every change that the records name, by step, iteration and target."""
    found: dict[Key, Phrase] = {}
    for record in records:
        for change in _listed(record.draft.body.get("changes")):
            with suppress(ValidationError, KeyError, TypeError, ValueError):
                key = (str(change["step"]), int(change.get("iteration", 0)), str(change.get("target", "-")))
                found[key] = Phrase.model_validate(change["summary"])
    return found


def chapter_of(record: Record, planned: Mapping[Key, Phrase]) -> Chapter:
    """A record in the words of a story; what its body does not hold is empty."""
    draft, body = record.draft, record.draft.body
    return Chapter(
        seq=record.seq,
        at=record.recorded_at,
        kind=draft.kind,
        actor=draft.actor,
        actor_kind=draft.actor_kind,
        assurance=draft.assurance,
        channel=draft.channel,
        step=draft.step,
        outcome=draft.outcome,
        reason=draft.reason,
        note=str(body.get("note") or ""),
        approvers=draft.approvers,
        principal=str(body.get("on_behalf_of") or ""),
        afterwards=bool(body.get("after_the_fact")),
        digest=str(body.get("digest") or ""),
        until=str(body.get("until") or ""),
        human_seconds=draft.human_seconds,
        human_source=draft.human_source,
        targets=tuple(_targets(record, planned)),
        lines=tuple(_lines(body)),
        evidence=tuple(view for view, _ in evidence_texts(record)),
        history=tuple(_listed(body.get("history"))),
        pruned=record.pruned,
        hash=record.hash,
        body_hash=record.body_hash,
        body=body,
    )


def evidence_texts(record: Record) -> Iterator[tuple[EvidenceView, str]]:
    """Every piece of evidence of a record with its text, held against its digest."""
    number = 0
    for target in _listed(record.draft.body.get("targets")):
        outcome = target.get("outcome")
        for piece in _listed(outcome.get("evidence") if isinstance(outcome, dict) else None):
            number += 1
            text, sha256 = str(piece.get("text", "")), str(piece.get("sha256", ""))
            cut = bool(piece.get("truncated"))
            view = EvidenceView(
                number=number,
                name=str(piece.get("name", "")),
                media_type=str(piece.get("media_type", "text/plain")),
                target=str(target.get("target", "")),
                sha256=sha256,
                size=int(piece.get("size") or 0),
                truncated=cut,
                agrees=None if cut else hashlib.sha256(text.encode()).hexdigest() == sha256,
            )
            yield view, text


def _targets(record: Record, planned: Mapping[Key, Phrase]) -> Iterator[TargetLine]:
    draft, told = record.draft, _listed(record.draft.body.get("targets"))
    if draft.kind == "step_intended":
        for change in _listed(draft.body.get("changes")):
            key = (str(change.get("step")), int(change.get("iteration") or 0), str(change.get("target", "-")))
            yield TargetLine(target=key[2], summary=planned.get(key, phrase("audit.change-untold")))
    elif draft.kind == "step_done" and told:
        for one in told:
            key = (draft.step, int(one.get("iteration") or 0), str(one.get("target", "-")))
            yield _done(key, one.get("outcome"), planned.get(key, phrase("audit.change-untold")))
    elif draft.kind == "step_done":
        for seen in draft.targets:
            summary = phrase("audit.change-pruned" if record.pruned else "audit.change-untold")
            yield TargetLine(target=seen.target, summary=summary, status=seen.outcome, verdict=str(seen.verdict or ""))


def _done(key: Key, told: Any, summary: Phrase) -> TargetLine:
    try:
        outcome = Outcome.model_validate(told)
    except ValidationError:
        status = str(told.get("status", "")) if isinstance(told, dict) else ""
        return TargetLine(target=key[2], summary=summary, status=status)
    return TargetLine(
        target=key[2],
        summary=summary,
        status=outcome.status,
        verdict=str(outcome.verdict or ""),
        reason=outcome.reason,
        details=outcome.details,
    )


def _lines(body: Mapping[str, Any]) -> Iterator[ListLine]:
    for line in _listed(body.get("lines")):
        unit = str(line.get("unit") or "")
        value = "" if line.get("value") in ("", None) else f"{line['value']} {unit}".strip()
        texts = {name: str(line.get(name) or "") for name in ("state", "note", "by", "at", "confirmed_by", "confirmed_at")}
        with suppress(ValidationError, KeyError):
            yield ListLine(title=LocalText.model_validate(line["title"]), value=value, **texts)


def _listed(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, (list, tuple)) else []
