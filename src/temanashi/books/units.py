"""The demand units of a task that are due in a month, and which of their targets a live run left as wished."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from itertools import groupby

from temanashi.books.baseline import SignedVersion, version_on
from temanashi.books.demand import Register
from temanashi.books.usage import EndedRun
from temanashi.calendars import BusinessCalendar, Month, slot_on
from temanashi.changes import NO_TARGET
from temanashi.toil import Unit, event_baseline

__all__ = ["DueUnit", "TaskUnits", "due_units"]


@dataclass(slots=True)
class DueUnit:
    """One occasion of a month. A folded unit is one whole: done when every target that runs touched is as wished."""

    version: SignedVersion
    targets: int
    seen: set[str] = field(default_factory=set)
    good: set[str] = field(default_factory=set)
    done: int = 0

    def credit(self, run: EndedRun) -> bool:
        """Take a live run's targets in; whether they earned anything that was not earned before."""
        before = self.done
        self.seen |= run.seen
        self.good |= run.good
        if self.targets > 1:
            # A step without a host beside steps with hosts is no target of the task.
            self.done = min(self.targets, len(self.good - {NO_TARGET}) or len(self.good))
        elif self.seen <= self.good:
            self.done = 1
        return self.done > before

    @property
    def unit(self) -> Unit:
        """What the arithmetic needs of it."""
        return Unit(self.targets, self.done)


@dataclass(slots=True)
class TaskUnits:
    """A task's month: due units by slot, baseline seconds by version, and what stands in for a register that nobody keeps.

    `unverified` holds, by version, how many occasions the baseline assumes where no demand was recorded in the whole month.
    `none`: nobody asked in the whole month, as somebody said on the record.
    """

    units: dict[str, DueUnit] = field(default_factory=dict)
    baselines: list[tuple[SignedVersion, int]] = field(default_factory=list)
    cancelled: dict[str, str] = field(default_factory=dict)
    unverified: dict[int, int] = field(default_factory=dict)
    none: bool = False

    def open_unverified(self, slot: str, version: SignedVersion) -> DueUnit | None:
        """An assumed occasion for a success under this key, while the baseline has one left."""
        if slot not in self.units and self.unverified.get(version.seq, 0) > 0:
            self.unverified[version.seq] -= 1
            self.units[slot] = DueUnit(version, version.seconds.units)
        return self.units.get(slot)

    def of_version(self, version: SignedVersion) -> list[Unit]:
        """The units that count by a version, assumed ones that nobody proved included."""
        own = [due.unit for due in self.units.values() if due.version.seq == version.seq]
        left = self.unverified.get(version.seq, 0)
        return [*own, Unit(version.seconds.units, 0, left)] if left else own


def due_units(
    versions: Sequence[SignedVersion], *, task: str, month: Month, through: date, register: Register, business: BusinessCalendar
) -> TaskUnits:
    """What is due in a month up to and including a day, by the version that counts on each day."""
    found = TaskUnits(cancelled={slot: why.reason for (own, slot), why in register.cancelled.items() if own == task})
    requested = register.of(task, month)
    found.none = not requested and str(month) in found.cancelled
    days = [day for day in month.days() if day <= through]
    for version, stretch in groupby(days, key=lambda day: version_on(versions, day)):
        if version is None:
            continue
        in_force = list(stretch)
        if version.demand.calendar is not None:
            slots = [day for day in in_force if slot_on(version.demand.calendar, day, business) == day]
            found.baselines.append((version, version.seconds.occasion * len(slots)))
            found.units.update({day.isoformat(): DueUnit(version, version.seconds.units) for day in slots})
            continue
        monthly = Fraction(str(version.demand.per_month or 0))
        share = {"elapsed": len(in_force), "days": month.last.day}
        found.baselines.append((version, event_baseline(monthly, version.seconds.occasion, **share)))
        if not requested and not found.none:
            found.unverified[version.seq] = found.unverified.get(version.seq, 0) + event_baseline(monthly, 1, **share)
        for unit in requested:
            if unit.day in in_force:
                found.units[unit.slot] = DueUnit(version, _counted(version, unit.targets))
    for slot in found.cancelled:
        found.units.pop(slot, None)
    return found


def _counted(version: SignedVersion, targets: int) -> int:
    """Targets of a requested occasion; one whole where targets have no price of their own."""
    return (targets or version.seconds.targets) if version.seconds.per_target else 1
