"""What runs did, as the ledger tells it: ended runs with their targets, and the human time on the automated path."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo

from temanashi.calendars import day_of
from temanashi.changes import NO_TARGET
from temanashi.ledger.records import Draft, Record
from temanashi.runbooks.adhoc import ADHOC

__all__ = ["Effort", "EndedRun", "Usage", "usage_of"]

GOOD = frozenset({"changed", "already"})
ENDED_WITHOUT_CREDIT = frozenset({"cancelled", "refused"})


@dataclass(frozen=True, slots=True)
class EndedRun:
    """A run that ended: what it served, which targets it touched, and which of them are as wished.

    `slot_day` is the day that its slot names; `day` the day on which it ended. `by_hand`: people confirmed every step of it.
    `effort_unknown`: people confirmed a step, and nobody recorded how long that took them.
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
    """Active seconds of people on one step of a live run."""

    run: str
    task: str
    slot: str
    slot_day: date | None
    day: date
    seconds: int


@dataclass(frozen=True, slots=True)
class Usage:
    """Ended runs in the order of the ledger, and efforts."""

    runs: tuple[EndedRun, ...]
    efforts: tuple[Effort, ...]


def usage_of(records: Iterable[Record], zone: ZoneInfo) -> Usage:
    """Read runs and efforts from records in any order; a record given twice is one."""
    tasks = {(r.chain, r.seq): r for r in records if r.draft.task != ADHOC}
    ordered = sorted(tasks.values(), key=lambda r: (r.seq, r.chain))
    people: dict[str, _People] = {}
    for record in ordered:
        people.setdefault(record.draft.run, _People()).notice(record.draft)
    runs = [_ended(record, zone, people[record.draft.run]) for record in ordered if record.draft.kind == "run_finished"]
    return Usage(tuple(runs), tuple(_efforts(ordered, zone)))


@dataclass(slots=True)
class _People:
    """What people did in a run: steps that they confirmed, with the seconds known of each, beside all steps worked on."""

    confirmed: dict[str, int] = field(default_factory=dict)
    worked: set[str] = field(default_factory=set)

    def notice(self, draft: Draft) -> None:
        """Take in a record of the run."""
        if draft.kind == "decision" and draft.outcome == "done":
            self.confirmed[draft.step] = self.confirmed.get(draft.step, 0) + draft.human_seconds
        if draft.kind == "step_done" and draft.outcome != "by_hand":  # a checklist is one decision for the steps of its lines
            self.worked.add(draft.step)

    @property
    def did_all(self) -> bool:
        """Something was confirmed by hand, and no other step was worked on."""
        return bool(self.confirmed) and self.worked <= set(self.confirmed)


def _ended(record: Record, zone: ZoneInfo, people: _People) -> EndedRun:
    draft = record.draft
    outcomes: dict[str, bool] = {}
    for target in draft.targets:  # a target named twice is as wished only if it is so both times
        outcomes[target.target] = outcomes.get(target.target, True) and target.outcome in GOOD
    if not outcomes:
        outcomes = {NO_TARGET: draft.outcome == "done"}
    return EndedRun(
        run=draft.run or record.event_id,
        seq=record.seq,
        task=draft.task,
        runbook=draft.runbook,
        slot=draft.slot,
        slot_day=_iso_day(draft.slot),
        day=day_of(record.recorded_at, zone),
        mode=draft.mode,
        outcome=draft.outcome,
        seen=frozenset(outcomes),
        good=frozenset(target for target, good in outcomes.items() if good),
        by_hand=people.did_all,
        effort_unknown=not all(people.confirmed.values()),
    )


def _efforts(ordered: list[Record], zone: ZoneInfo) -> Iterable[Effort]:
    """One effort a step of a run. Its decisions and its outcome may tell the same seconds, so the larger of the two sums counts."""
    sums: dict[tuple[str, str], dict[str, int]] = {}
    first: dict[tuple[str, str], Record] = {}
    for record in ordered:
        draft = record.draft
        if draft.kind in {"decision", "step_done"} and draft.mode == "live" and draft.human_seconds:
            key = (draft.run or record.event_id, draft.step)
            told = sums.setdefault(key, {})
            told[draft.kind] = told.get(draft.kind, 0) + draft.human_seconds
            first.setdefault(key, record)
    for key, told in sums.items():
        draft = first[key].draft
        day = day_of(first[key].recorded_at, zone)
        yield Effort(key[0], draft.task, draft.slot, _iso_day(draft.slot), day, max(told.values()))


def _iso_day(slot: str) -> date | None:
    try:
        return date.fromisoformat(slot)
    except ValueError:
        return None
