"""Baselines: the minutes of a task by hand, signed by a person in a `task_version` record, and which of them count on a day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError

from temanashi.books.tasks import Category, Demand, Frozen, ProposedTask, Seconds, Shares, TaskId, TaskKind
from temanashi.calendars import Month, day_of
from temanashi.errors import InputError
from temanashi.ledger.records import Draft, Record
from temanashi.people import Actor, Assurance, Channel
from temanashi.text.local import LocalText
from temanashi.toil import Estimated, Measured, Weighed, weigh

__all__ = [
    "BadPoints",
    "ClosedMonth",
    "NoFrequency",
    "SampleRef",
    "SignedVersion",
    "measured",
    "sign",
    "signed_versions",
    "version_on",
]

FRESH_MONTHS = 12


class ClosedMonth(InputError):
    """A baseline that would change a month which is over."""

    key = "books.closed-month"

    def __init__(self, task: str, valid_from: date, first: date) -> None:
        super().__init__(task=task, valid_from=valid_from.isoformat(), first=first.isoformat())


class NoFrequency(InputError):
    """A task on request whose baseline does not say how often it was asked for."""

    key = "books.no-frequency"

    def __init__(self, task: str) -> None:
        super().__init__(task=task)


class BadPoints(InputError):
    """Three points of an estimate that are not in order, or of a task with a time for each target."""

    key = "books.bad-points"

    def __init__(self, task: str, points: tuple[int, int], seconds: Seconds) -> None:
        low, high = (f"{point / 60:g}" for point in points)
        super().__init__(task=task, low=low, high=high, likely=f"{seconds.setup / 60:g}")


class SampleRef(Frozen):
    """A measured occasion that a baseline rests on: its run, the record of its end, its day, and active seconds."""

    run: str
    seq: int = Field(ge=0)
    day: date
    seconds: int = Field(ge=0)


class _Terms(Frozen):
    """The body of a `task_version` record."""

    setup_seconds: int = Field(ge=0)
    per_target_seconds: int = Field(ge=0)
    targets: int = Field(default=1, ge=1)
    persons: int = Field(default=1, ge=1)
    points: tuple[int, int] | None = None
    work_kind: TaskKind = "work"
    shares: Shares = Shares()
    title: LocalText | None = None
    category: Category
    owner: str
    system: str = ""
    demand: Demand
    author: str
    evidence: Literal["estimate", "samples"] = "estimate"
    samples: tuple[SampleRef, ...] = ()
    valid_from: date
    note: str = ""


class SignedVersion(Frozen):
    """A baseline version of a task: its minutes and demand, who signed, and from which day it counts."""

    task: TaskId
    title: LocalText | None = None
    seconds: Seconds
    demand: Demand
    category: Category
    owner: str
    system: str = ""
    signed_by: str
    signed_at: datetime
    assurance: Assurance = "asserted"
    seq: int
    event_id: str = ""
    valid_from: date
    note: str = ""
    samples: tuple[SampleRef, ...] = ()
    points: tuple[int, int] | None = Field(default=None, description="least and most seconds of an estimate, of one person")
    kind: TaskKind = "work"
    shares: Shares = Shares()

    @property
    def evidence(self) -> Weighed:
        """Grade and range of one occasion on the day of the signature."""
        return self.evidence_on(self.signed_at.date())

    def evidence_on(self, day: date) -> Weighed:
        """Grade and range of one occasion: measured samples are graded A or B by number and age, a signed estimate is C."""
        persons = self.seconds.persons
        if self.samples:
            return weigh(measured([(sample.day, sample.seconds * persons) for sample in self.samples], day))
        whole = self.seconds.occasion
        points = (self.points[0] * persons, whole, self.points[1] * persons) if self.points else whole
        return weigh(Estimated(points, self.signed_by, self.signed_at.date()))


def measured(samples: Sequence[tuple[date, int]], today: date) -> Measured:
    """Samples (day, seconds) as evidence on a day: those of the last twelve months; where there is none, all, with their age."""
    fresh = tuple(seconds for day, seconds in samples if _months(day, today) < FRESH_MONTHS)
    age = min((_months(day, today) for day, _ in samples), default=0)
    return Measured(fresh, 0) if fresh else Measured(tuple(seconds for _, seconds in samples), max(age, FRESH_MONTHS + 1))


def _months(day: date, today: date) -> int:
    """Whole months from a day to another."""
    return (today.year - day.year) * 12 + today.month - day.month - (today.day < day.day)


def sign(
    proposed: ProposedTask,
    seconds: Seconds,
    *,
    actor: Actor,
    now: datetime,
    zone: ZoneInfo,
    demand: Demand | None = None,
    valid_from: date | None = None,
    note: str = "",
    channel: Channel = "cli",
    force: bool = False,
    samples: Sequence[SampleRef] = (),
    points: tuple[int, int] | None = None,
) -> Draft:
    """The record that makes these minutes of a task count, from the first day of the current month unless another day is given.

    `samples` are the measured occasions that the seconds come from; `points` the least and the most of an estimate, of one person.
    Raises ClosedMonth for an earlier day unless `force`d, NoFrequency for a task on request without `per_month`, and BadPoints.
    """
    first = Month.of(day_of(now, zone)).first
    begins = valid_from or first
    if begins < first and not force:
        raise ClosedMonth(proposed.task, begins, first)
    rule = demand or proposed.demand
    if rule.on_request and not rule.per_month:
        raise NoFrequency(proposed.task)
    if points and (seconds.per_target or samples or not 0 <= points[0] <= seconds.setup <= points[1]):
        raise BadPoints(proposed.task, points, seconds)
    terms = _terms(proposed, seconds, rule, actor.name, begins, note, tuple(samples))
    return Draft(
        kind="task_version",
        task=proposed.task,
        actor=actor.name,
        actor_kind=actor.kind,
        assurance=actor.assurance,
        channel=channel,
        system=proposed.system,
        reason=note,
        body=terms.model_copy(update={"points": points}).model_dump(mode="json", exclude_none=True),
    )


def _terms(
    proposed: ProposedTask,
    seconds: Seconds,
    rule: Demand,
    author: str,
    begins: date,
    note: str,
    samples: tuple[SampleRef, ...],
) -> _Terms:
    return _Terms(
        setup_seconds=seconds.setup,
        per_target_seconds=seconds.per_target,
        targets=seconds.targets,
        persons=seconds.persons,
        work_kind=proposed.kind,
        shares=proposed.shares,
        title=proposed.title,
        category=proposed.category,
        owner=proposed.owner,
        system=proposed.system,
        demand=rule,
        author=author,
        evidence="samples" if samples else "estimate",
        samples=samples,
        valid_from=begins,
        note=note,
    )


def _version(record: Record, body: Mapping[str, Any]) -> SignedVersion | None:
    try:
        terms = _Terms.model_validate(body)
    except ValidationError:  # pruned, or of a newer program: minutes that cannot be read credit nothing
        return None
    return SignedVersion(
        task=record.draft.task,
        title=terms.title,
        seconds=Seconds(
            setup=terms.setup_seconds, per_target=terms.per_target_seconds, targets=terms.targets, persons=terms.persons
        ),
        points=terms.points,
        kind=terms.work_kind,
        shares=terms.shares,
        demand=terms.demand,
        category=terms.category,
        owner=terms.owner,
        system=terms.system,
        signed_by=terms.author,
        signed_at=record.recorded_at,
        assurance=record.draft.assurance,
        seq=record.seq,
        event_id=record.event_id,
        valid_from=terms.valid_from,
        note=terms.note,
        samples=terms.samples,
    )


def signed_versions(records: Iterable[Record]) -> dict[str, tuple[SignedVersion, ...]]:
    """Every signed version by task, oldest first. Only a person signs."""
    found: dict[str, list[SignedVersion]] = {}
    for record in sorted((r for r in records if r.draft.kind == "task_version"), key=lambda r: r.seq):
        version = _version(record, record.draft.body) if record.draft.actor_kind == "person" else None
        if version is not None:
            found.setdefault(version.task, []).append(version)
    return {task: tuple(versions) for task, versions in found.items()}


def version_on(versions: Sequence[SignedVersion], day: date) -> SignedVersion | None:
    """The version that counts for a unit of that day: of those valid, the one that began last, then the one signed last."""
    valid = [version for version in versions if version.valid_from <= day]
    return max(valid, key=lambda version: (version.valid_from, version.seq), default=None)
