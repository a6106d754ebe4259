"""Month close as the ledger tells it: a preparer's figures and report, sealed by another person. What is closed never changes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from temanashi.books.closed_month import Closing, IssuedFile, Prepared, SealedHead
from temanashi.books.closing_faults import (
    AlreadyClosed,
    ClosingUnreadable,
    IssuedFileAltered,
    NoIssuedFile,
    NotPrepared,
    OwnPreparation,
    PreparedChanged,
    RefusalWithoutReason,
)
from temanashi.books.corrections import corrections
from temanashi.books.figures import MonthFigures
from temanashi.books.prior import PriorEntry
from temanashi.books.sealing import Hand, Proof, signed_draft
from temanashi.books.tasks import Frozen
from temanashi.canonical import digest_of
from temanashi.ledger.chain import clean_text
from temanashi.ledger.records import Draft, Record

__all__ = [
    "BELIEVED",
    "Closing",
    "IssuedFile",
    "Prepared",
    "SealedHead",
    "approval_of_month",
    "check_ready",
    "closings",
    "issued_text",
    "preparations",
    "prepared_month",
    "refusal_of_month",
    "same_figures",
    "void_closings",
]

FORMAT = 1
BELIEVED = Proof()
"""Where nobody signs in: names are believed as they are."""


class _Laid(Frozen):
    """What is laid before an approver."""

    format: int = FORMAT
    figures: MonthFigures
    files: tuple[IssuedFile, ...]
    prior: tuple[PriorEntry, ...] = ()


def _digest(body: Mapping[str, Any]) -> str:
    # Of what stands in the record: a later program's figures may have more fields, and this is not to change by that.
    return digest_of({name: body.get(name) for name in _Laid.model_fields})


def _about(month: str) -> str:
    return f"month:{month}"


def _issued(name: str, text: str) -> IssuedFile:
    content = text.encode()
    return IssuedFile(name=name, sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))


def prepared_month(
    figures: MonthFigures,
    faces: Mapping[str, str],
    prior: Sequence[PriorEntry],
    *,
    hand: Hand,
    missing: Sequence[str] = (),
    note: str = "",
) -> list[Draft]:
    """The records that lay a month before an approver: the report's files (`faces`, by name) kept whole, then figures and digests.

    `missing` are the kinds of what was still lacking, which the approver then knows of. Raises what `signed_draft` raises.
    """
    texts = {name: clean_text(text) for name, text in faces.items()}
    laid = _Laid(figures=figures, files=tuple(_issued(name, text) for name, text in texts.items()), prior=tuple(prior))
    body = laid.model_dump(mode="json")
    same: dict[str, Any] = {"about": _about(figures.month), "slot": figures.month, "version": _digest(body)}
    told = {**body, "missing": list(missing), "note": note}
    return [
        signed_draft("month_issued", hand, step="issue", outcome="issued", body={"texts": texts}, **same),
        signed_draft("month_prepared", hand, step="prepare", outcome="prepared", body=told, reason=note, **same),
    ]


def approval_of_month(prepared: Prepared, checkpoint: SealedHead, *, hand: Hand, preparer: Record, note: str = "") -> Draft:
    """The record that closes a month; raises OwnPreparation and what `signed_draft` raises."""
    if Proof(people=hand.people).identities(preparer) & hand.identities:
        raise OwnPreparation(prepared.month, hand.actor.name)
    told: dict[str, Any] = {
        **{name: preparer.draft.body.get(name) for name in _Laid.model_fields},
        "prepared": prepared.seq,
        "digest": prepared.digest,
        "checkpoint": checkpoint.model_dump(mode="json"),
        "note": note,
    }
    return signed_draft(
        "month_closed",
        hand,
        about=_about(prepared.month),
        step="close",
        outcome="approved",
        body=told,
        reason=note,
        slot=prepared.month,
        version=prepared.digest,
        approvers=(hand.people.known(hand.actor).name,),
    )


def refusal_of_month(prepared: Prepared, *, hand: Hand, reason: str) -> Draft:
    """The record that takes a preparation away again; its preparer may do so too. Raises RefusalWithoutReason."""
    if not reason.strip():
        raise RefusalWithoutReason
    return signed_draft(
        "month_prepared",
        hand,
        about=_about(prepared.month),
        step="prepare",
        outcome="refused",
        body={"prepared": prepared.seq, "digest": prepared.digest, "note": reason},
        reason=reason,
        slot=prepared.month,
        version=prepared.digest,
    )


def preparations(records: Iterable[Record], proof: Proof = BELIEVED) -> dict[str, Prepared]:
    """The last preparation of each month, whether it was refused or not."""
    found: dict[str, Prepared] = {}
    for record in _ordered(records):
        draft = record.draft
        if draft.kind != "month_prepared" or not proof.holds(record, about=_about(draft.slot), step="prepare"):
            continue
        known = found.get(draft.slot)
        if draft.outcome == "refused" and known is not None and draft.body.get("prepared") == known.seq:
            found[draft.slot] = known.model_copy(update={"refused_by": draft.actor, "reason": draft.reason})
        elif draft.outcome == "prepared" and (laid := _laid(record)) is not None:
            found[draft.slot] = _prepared(record, laid)
    return found


def _prepared(record: Record, laid: _Laid) -> Prepared:
    told = record.draft.body.get("missing")
    return Prepared(
        month=laid.figures.month,
        digest=record.draft.version,
        figures=laid.figures,
        files=laid.files,
        prior=laid.prior,
        missing=tuple(str(each) for each in told) if isinstance(told, list) else (),
        preparer=record.draft.actor,
        at=record.recorded_at,
        note=record.draft.reason,
        seq=record.seq,
    )


def _laid(record: Record) -> _Laid | None:
    """What a record holds of a month; None where it is not what its digest says."""
    body = record.draft.body
    try:
        laid = _Laid.model_validate({name: body[name] for name in _Laid.model_fields})
    except (KeyError, ValidationError):
        return None
    return laid if laid.figures.month == record.draft.slot and _digest(body) == record.draft.version else None


@dataclass(frozen=True, slots=True)
class _Judged:
    closed: dict[str, Closing]
    void: tuple[int, ...]


def closings(records: Iterable[Record], proof: Proof = BELIEVED) -> dict[str, Closing]:
    """Every closed month ("2026-10") by what sealed it, the oldest first; records of other kinds may be among them.

    Only an approval by another person than the preparer closes a month, and the first one counts: later ones, and records that
    were forged, are void. Raises ClosingUnreadable.
    """
    return _judge(records, proof).closed


def void_closings(records: Iterable[Record], proof: Proof = BELIEVED) -> tuple[int, ...]:
    """Sequence numbers of records that say a month was closed and do not count."""
    return _judge(records, proof).void


def _judge(records: Iterable[Record], proof: Proof) -> _Judged:
    ordered = _ordered(records)
    prepared = {r.seq: r for r in ordered if r.draft.kind == "month_prepared" and r.draft.outcome == "prepared"}
    closed: dict[str, Closing] = {}
    void: list[int] = []
    for record in ordered:
        if record.draft.kind != "month_closed":
            continue
        first = prepared.get(_number(record.draft.body.get("prepared")))
        if record.draft.slot in closed or first is None or not _counts(record, first, proof):
            void.append(record.seq)
        else:
            closed[record.draft.slot] = _closing(record, first)
    for correction in corrections(ordered, proof):
        if (own := closed.get(correction.month)) is not None and (entry := correction.entry) is not None:
            closed[correction.month] = own.model_copy(update={"corrections": (*own.corrections, entry)})
    return _Judged(dict(sorted(closed.items())), tuple(void))


def _counts(record: Record, first: Record, proof: Proof) -> bool:
    """Whether a record closes the month that another one prepared."""
    draft = record.draft
    return (
        draft.outcome == "approved"
        and (first.draft.slot, first.draft.version) == (draft.slot, draft.version)
        and first.seq < record.seq
        and first.draft.actor_kind == "person"
        and proof.two_people(first, record)
        and proof.holds(record, about=_about(draft.slot), step="close")
    )


def _closing(record: Record, first: Record) -> Closing:
    laid = _laid(record)
    try:
        if laid is None:
            raise ClosingUnreadable(record.draft.slot, seq=record.seq)
        checkpoint = SealedHead.model_validate(record.draft.body.get("checkpoint"))
    except ValidationError as error:
        raise ClosingUnreadable(record.draft.slot, seq=record.seq) from error
    return Closing(
        month=record.draft.slot,
        figures=laid.figures,
        files=laid.files,
        digest=record.draft.version,
        preparer=first.draft.actor,
        approver=record.draft.actor,
        prepared_at=first.recorded_at,
        closed_at=record.recorded_at,
        checkpoint=checkpoint,
        prior=laid.prior,
        note=record.draft.reason,
        prepared_seq=first.seq,
        seq=record.seq,
    )


def issued_text(closing: Closing, kept: Iterable[Record], name: str) -> str:
    """An issued file as it was sealed, from the `month_issued` records of its month; raises NoIssuedFile and IssuedFileAltered."""
    sealed = next((file for file in closing.files if file.name == name), None)
    if sealed is None:
        raise NoIssuedFile(closing.month, name, known=[file.name for file in closing.files])
    for record in kept:
        texts = record.draft.body.get("texts")
        text = texts.get(name) if isinstance(texts, dict) else None
        if isinstance(text, str) and _issued(name, text) == sealed:
            return text
    raise IssuedFileAltered(closing.month, name, seq=closing.seq)


def same_figures(one: MonthFigures, other: MonthFigures) -> bool:
    """Whether two computations of a month say the same. When they were made, and how much was read, makes no difference."""
    apart = {"as_of", "records_read"}
    return one.model_dump(exclude=apart) == other.model_dump(exclude=apart)


def check_ready(month: str, prepared: Prepared | None, closed: Closing | None, *, digest: str = "") -> Prepared:
    """The preparation that waits for an approver; raises AlreadyClosed, NotPrepared, and PreparedChanged for another digest."""
    if closed is not None:
        raise AlreadyClosed(month, approver=closed.approver)
    if prepared is None or prepared.refused_by:
        raise NotPrepared(month)
    if digest and digest != prepared.digest:
        raise PreparedChanged(month)
    return prepared


def _ordered(records: Iterable[Record]) -> list[Record]:
    return sorted(records, key=lambda record: record.seq)


def _number(value: object) -> int:
    return value if isinstance(value, int) else -1
