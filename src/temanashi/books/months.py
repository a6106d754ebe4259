"""A month's figures from the ledger's records: baseline, what remains by hand, what was credited, and what was not counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any, get_args
from zoneinfo import ZoneInfo

from temanashi.books.apart import by_kind, by_time
from temanashi.books.baseline import SignedVersion
from temanashi.books.crediting import Judged, RunJudged, Serving, judge_runs
from temanashi.books.demand import RECORDERS, Recorder, Register
from temanashi.books.figures import Flag, Goal, MonthFigures, NotCounted, Reason, Sums, TaskFigures
from temanashi.books.material import Material, material_of
from temanashi.books.tasks import Demand, ProposedTask
from temanashi.books.units import TaskUnits, due_units
from temanashi.books.usage import Effort, EndedRun, by_task
from temanashi.books.workings import MonthWorkings, TaskWorkings
from temanashi.calendars import BusinessCalendar, Month, day_of
from temanashi.ledger.records import Record
from temanashi.text.local import LocalText
from temanashi.toil import Effort as Spent
from temanashi.toil import Figures, Graded, Weighed, figures_of, grouped, growth, human_seconds, outlook, total

__all__ = ["month_figures", "month_workings"]


@dataclass(frozen=True, slots=True)
class _Month:
    """What every task's figures are computed from."""

    month: Month
    through: date
    running: bool
    business: BusinessCalendar
    register: Register
    versions: Mapping[str, tuple[SignedVersion, ...]]
    proposals: Mapping[str, ProposedTask]
    runs: Mapping[str, Sequence[EndedRun]]
    efforts: Mapping[str, Sequence[Effort]]
    told: bool = False


@dataclass(frozen=True, slots=True)
class _Task:
    """A task's figures with what only the totals need."""

    figures: TaskFigures
    arithmetic: Figures
    graded: tuple[Graded, ...]
    parts: tuple[tuple[SignedVersion, Figures], ...]
    judged: Judged
    cancelled: tuple[tuple[str, str], ...]
    workings: TaskWorkings | None = None


def month_figures(
    records: Iterable[Record] | Material,
    tasks_proposed: Iterable[ProposedTask],
    month: Month,
    *,
    now: datetime,
    zone: ZoneInfo,
    goal: float,
    calendar: BusinessCalendar,
) -> MonthFigures:
    """Everything that the report of a month shows.

    `records` may come in any order and hold more than the month needs; what `read_material` read for the month alone gives the
    same figures in less time. Days are cut in `zone`; in the running month only what is due up to the day of `now` counts.
    """
    books, tasks, known = _computed(records, tasks_proposed, month, now=now, zone=zone, calendar=calendar)
    return _whole(books, tasks, Fraction(str(goal)), now, known.records)


def month_workings(
    records: Iterable[Record] | Material,
    tasks_proposed: Iterable[ProposedTask],
    month: Month,
    *,
    now: datetime,
    zone: ZoneInfo,
    goal: float,
    calendar: BusinessCalendar,
) -> MonthWorkings:
    """The same figures as `month_figures` with what each was computed from: units, runs and efforts, one by one."""
    books, tasks, known = _computed(records, tasks_proposed, month, now=now, zone=zone, calendar=calendar, told=True)
    figures = _whole(books, tasks, Fraction(str(goal)), now, known.records)
    return MonthWorkings(figures, {name: task.workings for name, task in tasks.items() if task.workings is not None})


def _computed(
    records: Iterable[Record] | Material,
    tasks_proposed: Iterable[ProposedTask],
    month: Month,
    *,
    now: datetime,
    zone: ZoneInfo,
    calendar: BusinessCalendar,
    told: bool = False,
) -> tuple[_Month, dict[str, _Task], Material]:
    known = records if isinstance(records, Material) else material_of(records, zone)
    today = day_of(now, zone)
    books = _Month(
        month=month,
        through=min(today, month.last),
        running=today <= month.last,
        business=calendar,
        register=known.register,
        versions=known.versions,
        proposals={proposed.task: proposed for proposed in tasks_proposed},
        runs=by_task(known.usage.runs),
        efforts=by_task(known.usage.efforts),
        told=told,
    )
    tasks = {task: _task(books, task) for task in sorted({*books.proposals, *books.versions, *books.runs, *books.efforts})}
    return books, {task: own for task, own in tasks.items() if own is not None}, known


def _pretended(proposed: ProposedTask | None, month: Month, now: date) -> tuple[SignedVersion, ...]:
    """The proposal as if it were signed, to say what it would be."""
    if proposed is None or proposed.seconds is None:
        return ()
    at = datetime.combine(now, datetime.min.time(), tzinfo=ZoneInfo("UTC"))
    return (
        SignedVersion(
            **proposed.model_dump(include={"task", "title", "seconds", "demand", "category", "owner", "system", "kind", "shares"}),
            signed_by="",
            signed_at=at,
            seq=0,
            valid_from=month.first,
        ),
    )


def _task(books: _Month, task: str) -> _Task | None:
    """A task's month; None for a task that nobody proposed, signed or worked on in it."""
    versions = tuple(v for v in books.versions.get(task, ()) if v.valid_from <= books.month.last)
    proposed = books.proposals.get(task)
    counting = versions or _pretended(proposed, books.month, books.through)
    units = due_units(
        counting, task=task, month=books.month, through=books.through, register=books.register, business=books.business
    )
    serving = Serving(counting, books.register, books.business)
    runs = list(serving.within(books.month, books.runs.get(task, ())))
    efforts = list(serving.within(books.month, books.efforts.get(task, ())))
    if not (versions or proposed or runs or efforts):
        return None
    told: list[RunJudged] | None = [] if books.told else None
    judged = judge_runs(runs, units, signed=bool(versions), through=books.through, business=books.business, told=told)
    human = human_seconds(Spent(str(n), e.seconds) for n, (e, _) in enumerate(efforts) if e.run not in judged.by_hand)
    parts = [
        (version, figures_of(baseline=baseline, cost=version.seconds.cost, units=units.of_version(version)))
        for version, baseline in units.baselines
    ]
    counted = total(figures for _, figures in parts)
    arithmetic = (counted if versions else Figures()) + Figures(human=human)
    due = [unit for version, _ in parts for unit in units.of_version(version)]
    figures = TaskFigures(
        **_described(task, versions, proposed, books.through),
        units_due=sum(unit.count for unit in due),
        units_credited=sum(unit.count for unit in due if unit.done),
        runs_counted=judged.counted,
        measured_by_hand_seconds=sum(e.seconds for e, _ in efforts if e.run in judged.by_hand),
        avoided_growth_seconds=sum(growth(own.gross, own.baseline)[1] for _, own in parts) if versions else 0,
        sums=Sums.of(arithmetic),
        would_be=Sums.of(counted) if parts and not versions else None,
        flags=_flags(books, units, versions),
        sources=_sources(books, task),
    )
    graded = [_graded(own, v.evidence_on(books.through)) for v, own in parts] if versions else []
    workings = None
    if told is not None:
        counted_efforts = tuple((effort, effort.run not in judged.by_hand) for effort, _ in efforts)
        asked = tuple(books.register.of(task, books.month))
        workings = TaskWorkings(figures, units, asked, tuple(parts), tuple(told), counted_efforts, books.through)
    graded.append(Graded(Figures(human=human)))
    signed = tuple(parts) if versions else ()
    return _Task(figures, arithmetic, tuple(graded), signed, judged, _dropped(books, task, units), workings)


def _graded(own: Figures, evidence: Weighed) -> Graded:
    return Graded(own, evidence.grade, *evidence.range.factors)


def _described(task: str, versions: Sequence[SignedVersion], proposed: ProposedTask | None, day: date) -> dict[str, Any]:
    """What a task is: as its latest signature says, else as proposed."""
    latest = max(versions, key=lambda v: (v.valid_from, v.seq), default=None)
    says = latest or proposed
    title = (proposed and proposed.title) or (latest and latest.title) or LocalText(plain=task or "-")
    told: dict[str, Any] = {"task": task, "title": title, "signed": latest is not None, "demand": says.demand if says else Demand()}
    told["runbooks"] = proposed.runbooks if proposed else ()
    if says:
        told |= {"category": says.category, "owner": says.owner, "system": says.system, "minutes": says.seconds}
        told |= {"kind": says.kind, "shares": says.shares}
    if latest:
        evidence = latest.evidence_on(day)
        told |= {
            "signed_by": latest.signed_by,
            "signed_at": latest.signed_at,
            "valid_from": latest.valid_from,
            "versions": len(versions),
            "grade": evidence.grade,
            "factors": tuple(float(factor) for factor in evidence.range.factors),
        }
    return told


def _sources(books: _Month, task: str) -> dict[Recorder, int]:
    """Where the month's occasions up to today were recorded from; those that fell away are none."""
    units = [u for u in books.register.of(task, books.month) if u.day <= books.through]
    found = Counter(unit.source for unit in units if (task, unit.slot) not in books.register.cancelled)
    return {recorder: found[recorder] for recorder in RECORDERS if found[recorder]}


def _flags(books: _Month, units: TaskUnits, versions: Sequence[SignedVersion]) -> tuple[Flag, ...]:
    """What a reader must know beside the numbers."""
    flags: list[Flag] = []
    if versions and units.unverified:
        flags.append("demand_unverified")
    if versions and units.none and any(v.demand.on_request for v, _ in units.baselines):
        flags.append("no_requests")
    if versions and books.running and any(v.demand.on_request for v, _ in units.baselines):
        flags.append("prorated")
    if versions and min(v.valid_from for v in versions) > books.month.first:
        flags.append("part_of_month")
    return tuple(flags)


def _dropped(books: _Month, task: str, units: TaskUnits) -> tuple[tuple[str, str], ...]:
    """The month's cancelled demand, with the reasons."""
    month = str(books.month)
    asked = {unit.slot for unit in books.register.of(task, books.month)}
    return tuple((slot, why) for slot, why in sorted(units.cancelled.items()) if slot in asked or slot.startswith(f"{month}-"))


def _whole(books: _Month, tasks: Mapping[str, _Task], goal: Fraction, now: datetime, records: int) -> MonthFigures:
    whole = total(own.arithmetic for own in tasks.values())
    seen = outlook([graded for own in tasks.values() for graded in own.graded], goal)
    signed = {task: own.arithmetic for task, own in tasks.items() if own.figures.signed}
    reduction = whole.reduction
    standing = seen and Goal.of(seen, goal)
    return MonthFigures(
        month=str(books.month),
        as_of=now,
        through=books.through,
        running=books.running,
        goal=float(goal),
        sums=Sums.of(whole),
        reduction=None if reduction is None else float(reduction),
        outlook=standing,
        tasks=tuple(own.figures for own in tasks.values() if own.figures.task),
        by_category={name: Sums.of(s) for name, s in grouped(signed, lambda task: tasks[task].figures.category).items()},
        by_kind=by_kind((own.figures.kind, own.arithmetic) for own in tasks.values() if own.figures.signed),
        by_time=by_time(part for own in tasks.values() for part in own.parts),
        not_counted=tuple(entry for own in tasks.values() for entry in _not_counted(own)),
        runs_seen=sum(own.judged.counted + sum(own.judged.reasons.values()) for own in tasks.values()),
        runs_counted=sum(own.judged.counted for own in tasks.values()),
        units_cancelled=tuple((task, slot, why) for task, own in tasks.items() for slot, why in own.cancelled),
        records_read=records,
    )


def _not_counted(own: _Task) -> Iterable[NotCounted]:
    """One entry for each reason of a task, in the order in which the reasons matter to a reader."""
    for reason in get_args(Reason):
        if runs := own.judged.reasons.get(reason):
            days = tuple(sorted(own.judged.days.items(), key=lambda pair: pair[0])) if reason == "no_demand_unit" else ()
            shown: Reason = reason if own.figures.task else "no_task"
            yield NotCounted(task=own.figures.task, title=own.figures.title, reason=shown, runs=runs, days=days)
