"""Freezing: all minutes of the census signed at once as a numbered baseline version, by one person and confirmed by another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError

from temanashi.books.baseline import ClosedMonth, SampleRef, sign
from temanashi.books.census import CensusLine
from temanashi.books.freezing_faults import NothingToFreeze, NoWaitingBaseline, OwnBaseline, RefusedWithoutReason
from temanashi.books.sealing import Hand, Proof, signed_draft
from temanashi.books.tasks import Category, Demand, Frozen, ProposedTask, Seconds, Shares, TaskId, TaskKind
from temanashi.calendars import Month, day_of
from temanashi.canonical import digest_of
from temanashi.ledger.records import Draft, Record
from temanashi.text.local import LocalText
from temanashi.toil import Grade

__all__ = [
    "BaselineVersion",
    "FrozenTask",
    "NoWaitingBaseline",
    "NothingToFreeze",
    "OwnBaseline",
    "RefusedWithoutReason",
    "baseline_versions",
    "confirmed_baseline",
    "freezable",
    "prepared_baseline",
    "refused_baseline",
]

ABOUT = "baseline"


class FrozenTask(Frozen):
    """A task as a baseline version has it. `change`: signed by this version, or carried over as it was signed before."""

    task: TaskId
    title: LocalText
    category: Category
    owner: str
    system: str = ""
    kind: TaskKind = "work"
    shares: Shares = Shares()
    demand: Demand
    occasions: float | None = None
    seconds: Seconds
    points: tuple[int, int] | None = None
    samples: tuple[SampleRef, ...] = ()
    grade: Grade
    says: str = ""
    change: Literal["new", "changed", "carried"]

    @property
    def monthly_seconds(self) -> int | None:
        """Seconds by hand in a month at the time of freezing; None where nobody knew how often it comes."""
        return None if self.occasions is None else round(self.seconds.occasion * self.occasions)


class _Laid(Frozen):
    number: int = Field(ge=1)
    day: date
    tasks: tuple[FrozenTask, ...]
    lacking: tuple[TaskId, ...] = ()


class BaselineVersion(Frozen):
    """A numbered version of the programme's baseline. `lacking`: tasks that were known but not ready, and count nothing."""

    number: int
    day: date
    tasks: tuple[FrozenTask, ...]
    lacking: tuple[TaskId, ...] = ()
    state: Literal["waiting", "confirmed", "refused", "replaced"]
    preparer: str
    prepared_at: datetime
    note: str = ""
    confirmer: str = ""
    confirmed_at: datetime | None = None
    reason: str = ""
    seq: int
    digest: str

    @property
    def monthly_seconds(self) -> int:
        """Seconds by hand in a month, of the tasks whose frequency is known."""
        return sum(task.monthly_seconds or 0 for task in self.tasks)


def freezable(lines: Iterable[CensusLine]) -> tuple[tuple[FrozenTask, ...], tuple[str, ...]]:
    """The tasks that a version would have now, and those that are known but not ready."""
    known = list(lines)
    ready = [line for line in known if set(line.lacking) <= {"signature"}]
    return tuple(_frozen(line) for line in ready), tuple(line.task for line in known if line not in ready)


def _frozen(line: CensusLine) -> FrozenTask:
    told = line.model_dump(include=set(FrozenTask.model_fields) & set(CensusLine.model_fields))
    change = "carried" if line.same_as_signed else "changed" if line.signed is not None else "new"
    said = line.entry.estimate.says if line.entry is not None and change != "carried" and not line.samples else ""
    says = line.signed.signed_by if line.signed is not None and change == "carried" else said
    return FrozenTask.model_validate({**told, "says": says, "change": change})


def prepared_baseline(
    lines: Iterable[CensusLine],
    known: Sequence[BaselineVersion],
    *,
    hand: Hand,
    day: date,
    now: datetime,
    zone: ZoneInfo,
    note: str,
) -> Draft:
    """The record that lays the next version before a second person; raises NothingToFreeze, ClosedMonth and as `signed_draft`."""
    tasks, lacking = freezable(lines)
    if all(task.change == "carried" for task in tasks):
        raise NothingToFreeze(lacking=len(lacking))
    _in_an_open_month(day, now, zone)
    laid = _Laid(number=_next(known), day=day, tasks=tasks, lacking=lacking)
    body = laid.model_dump(mode="json", exclude_none=True)
    return signed_draft(
        "baseline_frozen",
        hand,
        about=_about(laid.number),
        step="prepare",
        outcome="prepared",
        body=body,
        reason=note,
        slot=str(laid.number),
        version=digest_of(body),
    )


def _next(known: Sequence[BaselineVersion]) -> int:
    return 1 + max((version.number for version in known if version.state == "confirmed"), default=0)


def _about(number: int) -> str:
    return f"{ABOUT}:{number}"


def _in_an_open_month(day: date, now: datetime, zone: ZoneInfo) -> None:
    first = Month.of(day_of(now, zone)).first
    if day < first:
        raise ClosedMonth("-", day, first)


def confirmed_baseline(
    versions: Sequence[BaselineVersion], first: Record | None, *, hand: Hand, now: datetime, zone: ZoneInfo, number: int = 0
) -> list[Draft]:
    """The records of a confirmation: the version's, and a signature of every task that is new in it or changed.

    `first` is the record that prepared the waiting version. Raises NoWaitingBaseline, OwnBaseline, ClosedMonth.
    """
    waiting = next((version for version in versions if version.state == "waiting"), None)
    if waiting is None or first is None or waiting.seq != first.seq or number not in {0, waiting.number}:
        raise NoWaitingBaseline
    if Proof(people=hand.people).identities(first) & hand.identities:
        raise OwnBaseline(waiting.number, hand.actor.name)
    _in_an_open_month(waiting.day, now, zone)
    confirmer = hand.people.known(hand.actor)
    done = signed_draft(
        "baseline_frozen",
        hand,
        about=_about(waiting.number),
        step="confirm",
        outcome="confirmed",
        body={"prepared": waiting.seq, "digest": waiting.digest},
        slot=str(waiting.number),
        version=waiting.digest,
        approvers=(confirmer.name,),
    )
    signed = [_signature(task, waiting, hand, now, zone) for task in waiting.tasks if task.change != "carried"]
    return [done, *signed]


def _signature(task: FrozenTask, version: BaselineVersion, hand: Hand, now: datetime, zone: ZoneInfo) -> Draft:
    """The signature of a task: written by who confirms, in the name of who prepared."""
    confirmer = hand.people.known(hand.actor)
    proposed = ProposedTask.model_validate(task.model_dump(include=set(ProposedTask.model_fields) & set(FrozenTask.model_fields)))
    draft = sign(
        proposed,
        task.seconds,
        actor=confirmer,
        now=now,
        zone=zone,
        valid_from=version.day,
        note=version.note,
        channel=hand.channel,
        samples=task.samples,
        points=task.points,
    )
    body = {**draft.body, "author": version.preparer}
    return draft.model_copy(update={"approvers": (confirmer.name,), "slot": str(version.number), "body": body})


def refused_baseline(versions: Sequence[BaselineVersion], *, hand: Hand, reason: str) -> Draft:
    """Takes the waiting version away (its preparer may, too). Raises NoWaitingBaseline and RefusedWithoutReason."""
    if not reason.strip():
        raise RefusedWithoutReason
    waiting = next((version for version in versions if version.state == "waiting"), None)
    if waiting is None:
        raise NoWaitingBaseline
    return signed_draft(
        "baseline_frozen",
        hand,
        about=_about(waiting.number),
        step="confirm",
        outcome="refused",
        body={"prepared": waiting.seq, "digest": waiting.digest},
        reason=reason.strip(),
        slot=str(waiting.number),
        version=waiting.digest,
    )


def baseline_versions(records: Iterable[Record], proof: Proof | None = None) -> tuple[BaselineVersion, ...]:
    """Every version in the order in which it was prepared. Only another person's confirmation counts; forged records are void."""
    believed = proof or Proof()
    found: dict[int, tuple[BaselineVersion, Record]] = {}
    for record in sorted({r.seq: r for r in records if r.draft.kind == "baseline_frozen"}.values(), key=lambda r: r.seq):
        if record.draft.outcome == "prepared":
            version = _prepared(record, believed, [one for one, _ in found.values()])
            if version is not None:
                found = {seq: (_replaced(one), own) for seq, (one, own) in found.items()}
                found[record.seq] = (version, record)
        else:
            _decide(found, record, believed)
    return tuple(version for version, _ in found.values())


def _replaced(version: BaselineVersion) -> BaselineVersion:
    return version.model_copy(update={"state": "replaced"}) if version.state == "waiting" else version


def _prepared(record: Record, proof: Proof, known: Sequence[BaselineVersion]) -> BaselineVersion | None:
    draft = record.draft
    if not proof.holds(record, about=_about(_next(known)), step="prepare"):
        return None
    told: Mapping[str, Any] = {name: draft.body[name] for name in _Laid.model_fields if name in draft.body}
    try:
        laid = _Laid.model_validate(told)
    except ValidationError:
        return None
    if digest_of(dict(told)) != draft.version or laid.number != _next(known):
        return None
    return BaselineVersion(
        **dict(laid),
        state="waiting",
        preparer=draft.actor,
        prepared_at=record.recorded_at,
        note=draft.reason,
        seq=record.seq,
        digest=draft.version,
    )


def _decide(found: dict[int, tuple[BaselineVersion, Record]], record: Record, proof: Proof) -> None:
    draft = record.draft
    seq = draft.body.get("prepared")
    version, first = found.get(seq, (None, None)) if isinstance(seq, int) else (None, None)
    if version is None or first is None or version.state != "waiting" or draft.version != version.digest:
        return
    if not proof.holds(record, about=_about(version.number), step="confirm"):
        return
    if draft.outcome == "confirmed" and proof.two_people(first, record):
        told = {"state": "confirmed", "confirmer": draft.actor, "confirmed_at": record.recorded_at}
        found[version.seq] = (version.model_copy(update=told), first)
    elif draft.outcome == "refused":
        found[version.seq] = (version.model_copy(update={"state": "refused", "reason": draft.reason}), first)
