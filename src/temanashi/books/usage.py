"""What runs did, as the ledger tells it: ended runs with their targets, and the human time on the automated path."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from operator import itemgetter
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from temanashi.changes import NO_TARGET
from temanashi.ledger.records import Record
from temanashi.ledger.work import Work, work_of
from temanashi.runbooks.adhoc import ADHOC

__all__ = ["Effort", "EndedRun", "Usage", "by_task", "usage_of", "usage_of_work"]

GOOD = frozenset({"changed", "already"})
ENDED_WITHOUT_CREDIT = frozenset({"cancelled", "refused"})


class EndedRun(NamedTuple):
    """A run that ended: what it served, which targets it touched, and which of them are as wished.

    A tuple, because a month has tens of thousands. `slot_day` is the day that its slot names; `day` the day on which it ended.
    `by_hand`: people confirmed every step of it. `effort_unknown`: people confirmed a step, and nobody recorded how long it took.
    """

    run: str
    seq: int
    task: str
    runbook: str
    slot: str
    slot_day: date | None
    day: date
    mode: str
    outcome: str
    seen: frozenset[str]
    good: frozenset[str]
    by_hand: bool
    effort_unknown: bool

    @property
    def refused(self) -> bool:
        """Whether it was cancelled or refused, and so did nothing that counts."""
        return self.outcome in ENDED_WITHOUT_CREDIT


@dataclass(frozen=True, slots=True)
class Effort:
    """Active seconds of people on one step of a live run; `seq` is the first record that tells of them."""

    run: str
    task: str
    slot: str
    slot_day: date | None
    day: date
    seconds: int
    step: str = ""
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Usage:
    """Ended runs in the order of the ledger, and efforts."""

    runs: tuple[EndedRun, ...]
    efforts: tuple[Effort, ...]


_Own = TypeVar("_Own", EndedRun, Effort)


def by_task(work: Iterable[_Own]) -> dict[str, list[_Own]]:
    """Runs or efforts by their task, each task's in their order."""
    found: dict[str, list[_Own]] = {}
    for each in work:
        found.setdefault(each.task, []).append(each)
    return found


def usage_of(records: Iterable[Record], zone: ZoneInfo) -> Usage:
    """Read runs and efforts from records in any order; a record given twice is one."""
    told = {(record.chain, record.seq): work for record in records if (work := work_of(record)) is not None}
    return usage_of_work([told[key] for key in sorted(told)], zone)


def usage_of_work(work: Iterable[Work], zone: ZoneInfo) -> Usage:
    """Read runs and efforts from work, each told once, in any order."""
    ordered = sorted((each for each in work if each.task != ADHOC), key=_SEQ)
    people: dict[str, _People] = {}
    for each in ordered:
        if each.kind != "run_finished":
            people.setdefault(each.run, _People()).notice(each)
    days = _Days(zone)
    runs = tuple(_ended(each, days, people.get(each.run, _NOBODY)) for each in ordered if each.kind == "run_finished")
    return Usage(runs, tuple(_efforts(ordered, days)))


_SEQ = itemgetter(Work._fields.index("seq"))
_QUARTER = 15 * 60 * 1_000_000
"""Every offset of a time zone since 1972 is in whole quarters of an hour."""


class _Days(dict[int, date]):
    """The day of a moment in a time zone, by quarters of an hour since 1970: thousands of records share a few hundred."""

    def __init__(self, zone: ZoneInfo) -> None:
        super().__init__()
        self._zone = zone

    def __missing__(self, quarter: int) -> date:
        day = datetime.fromtimestamp(quarter * _QUARTER / 1_000_000, self._zone).date()
        self[quarter] = day
        return day

    def of(self, work: Work) -> date:
        """The day of a record."""
        return self[work.at // _QUARTER]


@dataclass(slots=True)
class _People:
    """What people did in a run: steps that they confirmed, with the seconds known of each, beside all steps worked on."""

    confirmed: dict[str, int] = field(default_factory=dict)
    worked: set[str] = field(default_factory=set)

    def notice(self, work: Work) -> None:
        """Take in a record of the run."""
        if work.kind == "decision":
            if work.outcome != "done":
                return
            self.confirmed[work.step] = self.confirmed.get(work.step, 0) + work.seconds
        elif work.outcome != "by_hand":  # a checklist is one decision for the steps of its lines
            self.worked.add(work.step)

    @property
    def did_all(self) -> bool:
        """Something was confirmed by hand, and no other step was worked on."""
        return bool(self.confirmed) and self.worked <= set(self.confirmed)


_NOBODY = _People()


def _ended(work: Work, days: _Days, people: _People) -> EndedRun:
    targets = work.targets or ((NO_TARGET, "changed" if work.outcome == "done" else "failed"),)
    seen = frozenset([target for target, _ in targets])
    # A target named twice is as wished only if it is so both times.
    good = seen - {target for target, outcome in targets if outcome not in GOOD}
    alone = people is _NOBODY
    return EndedRun(
        work.run,
        work.seq,
        work.task,
        work.runbook,
        work.slot,
        _named(work.slot_day),
        days.of(work),
        work.mode,
        work.outcome,
        seen,
        good,
        by_hand=not alone and people.did_all,
        effort_unknown=not alone and not all(people.confirmed.values()),
    )


def _efforts(ordered: list[Work], days: _Days) -> Iterable[Effort]:
    """One effort a step of a run. Its decisions and its outcome may tell the same seconds, so the larger of the two sums counts."""
    sums: dict[tuple[str, str], dict[str, int]] = {}
    first: dict[tuple[str, str], Work] = {}
    for work in ordered:
        if work.seconds and work.mode == "live":
            key = (work.run, work.step)
            told = sums.setdefault(key, {})
            told[work.kind] = told.get(work.kind, 0) + work.seconds
            first.setdefault(key, work)
    for key, told in sums.items():
        work = first[key]
        yield Effort(key[0], work.task, work.slot, _named(work.slot_day), days.of(work), max(told.values()), key[1], work.seq)


def _named(slot_day: int) -> date | None:
    return date.fromordinal(slot_day) if slot_day else None
