"""Which runs of a month earned something, and why the others did not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple, TypeVar

from temanashi.books.baseline import SignedVersion, version_on
from temanashi.books.demand import Register
from temanashi.books.figures import Reason
from temanashi.books.units import TaskUnits
from temanashi.books.usage import Effort, EndedRun
from temanashi.calendars import BusinessCalendar, Month, slot_on
from temanashi.text.local import Phrase, phrase

__all__ = ["Judged", "RunJudged", "Served", "Serving", "judge_runs"]


class Served(NamedTuple):
    """The demand that a run would serve: its slot (None: a day without one), its day, and the version that counts then."""

    slot: str | None
    day: date
    version: SignedVersion | None


_Work = TypeVar("_Work", EndedRun, Effort)


class Serving:
    """Says which demand of a task a piece of work served. Thousands of runs share a few days, so each day is looked up once."""

    def __init__(self, versions: Sequence[SignedVersion], register: Register, business: BusinessCalendar) -> None:
        self._versions = versions
        self._register = register
        self._business = business
        self._days: dict[date, tuple[SignedVersion | None, Served | None]] = {}

    def of(self, work: EndedRun | Effort) -> Served:
        """From the recorded demand's day, else the day that the slot names, else the day of the work."""
        day = self._register.day_of(work.task, work.slot) or work.slot_day or work.day
        found = self._days.get(day)
        if found is None:
            found = self._days[day] = self._on(day)
        version, fixed = found
        return fixed or Served(work.slot or work.run, day, version)

    def within(self, month: Month, work: Iterable[_Work]) -> Iterator[tuple[_Work, Served]]:
        """The work that belongs to a month, by the day of the demand that it served."""
        for each in work:
            where = self.of(each)
            if where.day in month:
                yield each, where

    def _on(self, day: date) -> tuple[SignedVersion | None, Served | None]:
        """The version that counts on a day and, where a calendar lays down the demand, all that work of the day serves."""
        version = version_on(self._versions, day)
        if version is None or version.demand.calendar is None:
            return version, None
        slot = slot_on(version.demand.calendar, day, self._business)
        return version, Served(slot.isoformat() if slot else None, slot or day, version)


@dataclass(frozen=True, slots=True)
class RunJudged:
    """A run, the demand that it served, and the seconds credited to it, or why none; `done`: targets that it was the first at."""

    run: EndedRun
    served: Served
    reason: Reason | None
    seconds: int = 0
    done: int = 0
    why: Phrase | None = None


@dataclass(slots=True)
class Judged:
    """What came of a task's runs: how many counted, the reasons of the others, and closed days on which runs served nobody."""

    counted: int = 0
    reasons: dict[Reason, int] = field(default_factory=dict)
    days: dict[date, Phrase] = field(default_factory=dict)
    by_hand: set[str] = field(default_factory=set)

    def refuse(self, reason: Reason) -> None:
        """One more run that earned nothing."""
        self.reasons[reason] = self.reasons.get(reason, 0) + 1


def judge_runs(
    runs: Sequence[tuple[EndedRun, Served]],
    units: TaskUnits,
    *,
    signed: bool,
    through: date,
    business: BusinessCalendar,
    told: list[RunJudged] | None = None,
) -> Judged:
    """Credit a task's runs, in the order of the ledger, to its units. An unsigned task's units only tell what would be.

    `told` takes what came of each run, one by one.
    """
    judged = Judged()
    for run, target in runs:
        before = _done(units, target) if told is not None else 0
        reason = _unfit(run) or _credit(run, target, units)
        if told is not None:
            why = _why(target, units.cancelled, through, business) if reason == "no_demand_unit" else None
            told.append(_told(run, target, units, reason if signed else reason or "unsigned", before, why))
        if reason is None and signed:
            judged.counted += 1
            continue
        judged.refuse(reason or "unsigned")
        if reason == "by_hand" and (target.slot in units.units or not signed):
            judged.by_hand.add(run.run)
        if reason == "no_demand_unit":
            judged.days.setdefault(target.day, _why(target, units.cancelled, through, business))
    # Work by hand stands in the remaining hours already, unless another run was credited for the same unit.
    redone = {run.run for run, target in runs if target.slot in units.units and units.units[target.slot or ""].done}
    judged.by_hand -= redone if signed else set()
    return judged


def _done(units: TaskUnits, target: Served) -> int:
    due = units.units.get(target.slot or "")
    return due.done if due is not None else 0


def _told(run: EndedRun, target: Served, units: TaskUnits, reason: Reason | None, before: int, why: Phrase | None) -> RunJudged:
    """A run's own share of its unit's credit: what the unit cost by hand before it, less what it costs after it."""
    if reason is not None:
        return RunJudged(run, target, reason, why=why)
    due = units.units[target.slot or ""]
    cost = due.version.seconds.cost
    seconds = cost.of(due.targets - before) - cost.of(due.targets - due.done)
    return RunJudged(run, target, None, seconds, due.done - before)


def _unfit(run: EndedRun) -> Reason | None:
    """Why a run could earn nothing for any unit."""
    if run.mode != "live":
        return "dry_run" if run.mode == "dry_run" else "drill"
    if run.refused:
        return "cancelled"
    if run.by_hand:
        return "by_hand"
    if run.effort_unknown:
        return "unknown_effort"
    return None if run.good else "not_successful"


def _credit(run: EndedRun, target: Served, units: TaskUnits) -> Reason | None:
    """Why a run earned nothing for its unit, or None: it earned."""
    if target.version is None:
        return "unsigned"
    slot = target.slot or ""
    due = units.units.get(slot)
    if due is None and target.version.seq in units.unverified and slot not in units.cancelled:
        if run.seen > run.good and target.version.seconds.folded:
            return "not_successful"
        due = units.open_unverified(slot, target.version)
        if due is None:
            return "unverified"
    if due is None:
        return "no_demand_unit"
    full = due.done
    if due.credit(run):
        return None
    return "already_credited" if full else "not_successful"


def _why(target: Served, cancelled: Mapping[str, str], through: date, business: BusinessCalendar) -> Phrase:
    """Why there is no demand on a day."""
    if target.slot in cancelled:
        return phrase("books.day-cancelled", reason=cancelled[target.slot or ""])
    if target.day > through:
        return phrase("books.day-not-due")
    if target.slot is None and (closed := business.why_closed(target.day)):
        return closed
    return phrase("books.day-no-demand")
