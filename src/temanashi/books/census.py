"""The census of manual work: what people say that a task takes and how often it comes, and how well each task is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from temanashi.books.baseline import SampleRef, SignedVersion, measured, version_on
from temanashi.books.samples import Sample
from temanashi.books.tasks import Category, Demand, Frozen, ProposedTask, Seconds, Shares, TaskId, TaskKind
from temanashi.ledger.records import Draft, Record
from temanashi.people import Actor, Channel
from temanashi.text.local import LocalText
from temanashi.toil import Estimated, Grade, Weighed, weigh

__all__ = ["CensusEntry", "CensusLine", "Estimate", "Lacking", "census_draft", "census_lines", "census_of"]

Lacking = Literal["minutes", "frequency", "says", "signature"]
"""What a task still needs before it counts: minutes, how often it comes, somebody who stands for proposed minutes, a signature."""


class Estimate(Frozen):
    """What somebody says about a task: the body of a `census` record. It is a proposal until the baseline is frozen."""

    title: LocalText
    category: Category
    owner: str
    system: str = ""
    demand: Demand = Demand()
    minutes: float = Field(ge=0, le=100_000, description="of one occasion and one person")
    least: float | None = Field(default=None, ge=0, le=100_000)
    most: float | None = Field(default=None, ge=0, le=100_000)
    persons: Annotated[int, Field(ge=1, le=100)] = 1
    kind: TaskKind = "work"
    shares: Shares = Shares()
    says: str = Field(min_length=1, max_length=200, description="who says so")
    day: date = Field(description="the day on which they said it")
    source: str = Field(default="", max_length=300, description="the file that it was read from")

    @property
    def seconds(self) -> Seconds:
        """As it would be signed."""
        return Seconds.of_minutes(self.minutes, persons=self.persons)

    @property
    def points(self) -> tuple[int, int] | None:
        """Least and most seconds of one person; None where only one number was said."""
        if self.least is None or self.most is None:
            return None
        return round(self.least * 60), round(self.most * 60)


class CensusEntry(Frozen):
    """An estimate that was recorded: by whom, when, and where in the ledger."""

    task: TaskId
    estimate: Estimate
    recorded_by: str
    recorded_at: datetime
    seq: int


def census_draft(task: str, estimate: Estimate, *, actor: Actor, channel: Channel = "cli") -> Draft:
    """The record of an estimate; the newest of a task counts."""
    return Draft(
        kind="census",
        task=task,
        system=estimate.system,
        actor=actor.name,
        actor_kind=actor.kind,
        assurance=actor.assurance,
        channel=channel,
        body=estimate.model_dump(mode="json", exclude_none=True),
    )


def census_of(records: Iterable[Record]) -> dict[str, tuple[CensusEntry, ...]]:
    """Every recorded estimate by task, oldest first."""
    found: dict[str, list[CensusEntry]] = {}
    own = {r.seq: r for r in records if r.draft.kind == "census"}
    for seq in sorted(own):
        record = own[seq]
        try:
            estimate = Estimate.model_validate(record.draft.body)
        except ValidationError:  # of a newer program
            continue
        entry = CensusEntry(
            task=record.draft.task,
            estimate=estimate,
            recorded_by=record.draft.actor,
            recorded_at=record.recorded_at,
            seq=seq,
        )
        found.setdefault(entry.task, []).append(entry)
    return {task: tuple(entries) for task, entries in found.items()}


class CensusLine(Frozen):
    """A task with all that is known of its manual work.

    `seconds`, `points` and `samples` are what freezing would sign now: what is signed already, unless somebody said something else
    since; else the mean of measured samples, else the newest estimate. `grade` is the evidence of that. `proposed`: what a
    published runbook proposes, which nobody vouches for.
    """

    task: TaskId
    title: LocalText
    category: Category
    owner: str
    system: str = ""
    runbooks: tuple[str, ...] = ()
    kind: TaskKind = "work"
    shares: Shares = Shares()
    demand: Demand = Demand()
    occasions: float | None = Field(description="a month")
    seconds: Seconds | None = None
    points: tuple[int, int] | None = None
    samples: tuple[SampleRef, ...] = ()
    proposed: Seconds | None = None
    entry: CensusEntry | None = None
    signed: SignedVersion | None = None
    grade: Grade = "D"
    lacking: tuple[Lacking, ...] = ()

    @property
    def monthly_seconds(self) -> int | None:
        """Seconds by hand in a month, as far as minutes and frequency are known."""
        if self.seconds is None or self.occasions is None:
            return None
        return round(self.seconds.occasion * self.occasions)

    @property
    def same_as_signed(self) -> bool:
        """Whether freezing would sign what is signed already."""
        now = self.signed
        return now is not None and (now.seconds, now.points, now.demand, now.kind, now.shares, now.samples) == (
            self.seconds,
            self.points,
            self.demand,
            self.kind,
            self.shares,
            self.samples,
        )


def census_lines(
    proposed: Iterable[ProposedTask],
    entries: Mapping[str, Sequence[CensusEntry]],
    signed: Mapping[str, Sequence[SignedVersion]],
    samples: Iterable[Sample],
    occasions: Callable[[str, Demand], Fraction | None],
    *,
    today: date,
) -> tuple[CensusLine, ...]:
    """Every task that is published, was counted or is signed, in order of id. `occasions` tells how often a task comes a month."""
    proposals = {task.task: task for task in proposed}
    accepted: dict[str, list[Sample]] = {}
    for sample in samples:
        if sample.refused is None and sample.seconds:
            accepted.setdefault(sample.task, []).append(sample)
    return tuple(
        _line(
            task,
            proposals.get(task),
            (entries.get(task) or (None,))[-1],
            version_on(signed.get(task, ()), today),
            accepted.get(task, []),
            occasions,
            today,
        )
        for task in sorted({*proposals, *entries, *signed})
    )


def _line(
    task: str,
    proposal: ProposedTask | None,
    entry: CensusEntry | None,
    signed: SignedVersion | None,
    samples: Sequence[Sample],
    occasions: Callable[[str, Demand], Fraction | None],
    today: date,
) -> CensusLine:
    # What is signed stays as it is, until somebody says something else: a baseline does not move with every new sample.
    restated = entry is not None and (signed is None or entry.seq > signed.seq)
    says = entry.estimate if entry is not None and restated else signed or proposal
    if says is None:
        raise AssertionError(task)  # a line is of a task that one of them names
    refs = _fresh([sample.ref for sample in samples], today) if restated or signed is None else ()
    seconds, points, refs = _minutes(entry if restated else None, signed if not restated else None, refs)
    evidence = _evidence(entry if restated else None, signed, seconds, points, refs, today)
    often = occasions(task, says.demand)
    line = CensusLine(
        task=task,
        title=(says.title if says.title is not None else None) or (proposal and proposal.title) or LocalText(plain=task),
        category=says.category,
        owner=says.owner,
        system=says.system,
        runbooks=proposal.runbooks if proposal is not None else (),
        kind=says.kind,
        shares=says.shares,
        demand=says.demand,
        occasions=None if often is None else float(often),
        seconds=seconds,
        points=points,
        samples=refs,
        proposed=proposal.seconds if proposal is not None else None,
        entry=entry,
        signed=signed,
        grade=evidence.grade,
    )
    return line.model_copy(update={"lacking": _lacking(line)})


def _fresh(refs: Sequence[SampleRef], today: date) -> tuple[SampleRef, ...]:
    """The samples that a signature rests on: those of the last twelve months, all where there is none."""
    kept = len(measured([(ref.day, ref.seconds) for ref in refs], today).seconds)
    return tuple(sorted(refs, key=lambda ref: (ref.day, ref.seq))[-kept:]) if kept else ()


def _minutes(
    entry: CensusEntry | None, signed: SignedVersion | None, refs: tuple[SampleRef, ...]
) -> tuple[Seconds | None, tuple[int, int] | None, tuple[SampleRef, ...]]:
    if refs:
        # Samples hold the seconds of everybody who worked, so they are not multiplied by persons once more.
        return Seconds(setup=round(sum(ref.seconds for ref in refs) / len(refs))), None, refs
    if entry is not None and entry.estimate.minutes:
        return entry.estimate.seconds, entry.estimate.points, ()
    return (signed.seconds, signed.points, signed.samples) if signed is not None else (None, None, ())


def _evidence(
    entry: CensusEntry | None,
    signed: SignedVersion | None,
    seconds: Seconds | None,
    points: tuple[int, int] | None,
    refs: tuple[SampleRef, ...],
    today: date,
) -> Weighed:
    if seconds is None:
        return weigh(None)
    if refs:
        return weigh(measured([(ref.day, ref.seconds) for ref in refs], today))
    if entry is not None:
        whole = seconds.occasion
        told = (points[0] * seconds.persons, whole, points[1] * seconds.persons) if points else whole
        return weigh(Estimated(told, entry.estimate.says, entry.estimate.day))
    return signed.evidence_on(today) if signed is not None else weigh(None)


def _lacking(line: CensusLine) -> tuple[Lacking, ...]:
    missing: list[Lacking] = []
    if line.seconds is None and line.proposed is None:
        missing.append("minutes")
    if line.demand.on_request and not line.demand.per_month:
        missing.append("frequency")
    if line.seconds is None and line.proposed is not None:
        missing.append("says")
    if not line.same_as_signed:
        missing.append("signature")
    return tuple(missing)
