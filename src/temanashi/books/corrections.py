"""Corrections of closed months: asked for with a reason, approved or refused by another person, posted in the open month."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Literal

from pydantic import NonNegativeInt, ValidationError

from temanashi.books.closing_faults import (
    BadSeconds,
    CorrectionDecided,
    CorrectionWithoutReason,
    NotACorrectableFigure,
    OwnCorrection,
    RefusalWithoutReason,
    UnknownTaskOfMonth,
)
from temanashi.books.prior import CORRECTABLE, Part, PriorEntry
from temanashi.books.sealing import Hand, Proof, signed_draft
from temanashi.books.tasks import Frozen
from temanashi.ledger.records import Draft, Record

__all__ = ["Correction", "State", "asked_correction", "corrections", "decided_correction"]

State = Literal["asked", "approved", "refused"]
MOST_SECONDS = 100_000 * 60


class Correction(Frozen):
    """A correction: what somebody asked for (`seq` is that record), and what another person made of it.

    `task` is empty for work that belongs to no task. `answer` is why it was refused, or the approver's note.
    """

    seq: NonNegativeInt
    month: str
    task: str
    part: Part
    seconds: int
    reason: str
    by: str
    at: datetime
    state: State = "asked"
    decided_by: str = ""
    decided_at: datetime | None = None
    answer: str = ""

    @property
    def entry(self) -> PriorEntry | None:
        """The entry that it posts; None until it is approved."""
        if self.state != "approved":
            return None
        return PriorEntry(
            month=self.month,
            task=self.task,
            part=self.part,
            seconds=self.seconds,
            source="correction",
            reason=self.reason,
            by=self.by,
            approver=self.decided_by,
            seq=self.seq,
        )


class _Asked(Frozen):
    """The body of a record that asks."""

    month: str
    task: str
    part: Part
    seconds: int


def asked_correction(
    month: str, task: str, part: str, seconds: int, *, reason: str, tasks: Collection[str], hand: Hand, ticket: str = ""
) -> Draft:
    """The record that asks for a correction of a closed month; `tasks` are those that it has.

    Raises UnknownTaskOfMonth, NotACorrectableFigure, BadSeconds, CorrectionWithoutReason and what `signed_draft` raises.
    """
    if task and task not in tasks:
        raise UnknownTaskOfMonth(task, month=month, known=tasks)
    figure = next((known for known in CORRECTABLE if known == part), None)
    if figure is None:
        raise NotACorrectableFigure(part, known=CORRECTABLE)
    if not seconds or abs(seconds) > MOST_SECONDS:
        raise BadSeconds(seconds)
    if not reason.strip():
        raise CorrectionWithoutReason
    asked = _Asked(month=month, task=task, part=figure, seconds=seconds)
    return signed_draft(
        "correction",
        hand,
        about=_about(month),
        step="ask",
        outcome="asked",
        body={**asked.model_dump(mode="json"), "note": reason.strip()},
        reason=reason.strip(),
        slot=month,
        task=task,
        ticket=ticket,
    )


def decided_correction(asked: Correction, record: Record, *, approved: bool, hand: Hand, note: str = "") -> Draft:
    """The record that approves or refuses; `record` is the one that asks.

    Raises OwnCorrection, CorrectionDecided, RefusalWithoutReason and what `signed_draft` raises.
    """
    if asked.state != "asked":
        raise CorrectionDecided(asked.seq, name=asked.decided_by)
    if Proof(people=hand.people).identities(record) & hand.identities:
        raise OwnCorrection(asked.seq, hand.actor.name)
    if not approved and not note.strip():
        raise RefusalWithoutReason
    told = {"asked": asked.seq, "hash": record.hash, "note": note.strip()}
    return signed_draft(
        "correction",
        hand,
        about=_about(asked.month),
        step="decide",
        outcome="approved" if approved else "refused",
        body=told,
        reason=note.strip(),
        slot=asked.month,
        task=asked.task,
        approvers=(hand.people.known(hand.actor).name,) if approved else (),
    )


def corrections(records: Iterable[Record], proof: Proof | None = None) -> tuple[Correction, ...]:
    """Every correction in the order in which they were asked for. What one person asked for and decided alone does not count."""
    proof = proof or Proof()
    ordered = sorted((r for r in records if r.draft.kind == "correction"), key=lambda record: record.seq)
    asking = {record.seq: record for record in ordered if record.draft.outcome == "asked"}
    found = {seq: read for seq, record in asking.items() if (read := _read(record, proof)) is not None}
    for record in ordered:
        draft = record.draft
        seq = draft.body.get("asked")
        if draft.outcome == "asked" or not isinstance(seq, int) or seq not in found:
            continue
        first, own = asking[seq], found[seq]
        counts = (
            own.state == "asked"
            and draft.body.get("hash") == first.hash
            and draft.slot == own.month
            and proof.two_people(first, record)
            and proof.holds(record, about=_about(own.month), step="decide")
        )
        if counts and draft.outcome in {"approved", "refused"}:
            told = {"decided_by": draft.actor, "decided_at": record.recorded_at, "answer": draft.reason}
            found[seq] = own.model_copy(update={"state": draft.outcome, **told})
    return tuple(found.values())


def _read(record: Record, proof: Proof) -> Correction | None:
    body = record.draft.body
    try:
        asked = _Asked.model_validate({name: body.get(name) for name in _Asked.model_fields})
    except ValidationError:
        return None
    if asked.month != record.draft.slot or not proof.holds(record, about=_about(asked.month), step="ask"):
        return None
    return Correction(
        seq=record.seq, **asked.model_dump(), reason=record.draft.reason, by=record.draft.actor, at=record.recorded_at
    )


def _about(month: str) -> str:
    return f"correction:{month}"
