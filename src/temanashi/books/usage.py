"""What runs did, as the ledger tells it: ended runs with their targets, and the human time on the automated path."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from temanashi.calendars import day_of
from temanashi.changes import NO_TARGET
from temanashi.ledger.records import Record

__all__ = ["Effort", "EndedRun", "Usage", "usage_of"]

GOOD = frozenset({"changed", "already"})
ENDED_WITHOUT_CREDIT = frozenset({"cancelled", "refused"})


@dataclass(frozen=True, slots=True)
class EndedRun:
    """A run that ended: what it served, which targets it touched, and which of them are as wished.

    `slot_day` is the day that its slot names; `day` the day on which it ended. `by_hand`: people confirmed every step of it.
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
    ordered = sorted({(r.chain, r.seq): r for r in records}.values(), key=lambda r: (r.seq, r.chain))
    confirmed: dict[str, set[str]] = {}
    worked: dict[str, set[str]] = {}
    for record in ordered:
        if record.draft.kind == "decision" and record.draft.outcome == "done":
            confirmed.setdefault(record.draft.run, set()).add(record.draft.step)
        if record.draft.kind == "step_done":
            worked.setdefault(record.draft.run, set()).add(record.draft.step)
    runs = [
        _ended(record, zone, by_hand=_by_hand(confirmed.get(record.draft.run, set()), worked.get(record.draft.run, set())))
        for record in ordered
        if record.draft.kind == "run_finished"
    ]
    return Usage(tuple(runs), tuple(_efforts(ordered, zone)))


def _by_hand(confirmed: set[str], worked: set[str]) -> bool:
    """People did it all: something was confirmed by hand, and no other step was worked on."""
    return bool(confirmed) and worked <= confirmed


def _ended(record: Record, zone: ZoneInfo, *, by_hand: bool) -> EndedRun:
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
        by_hand=by_hand,
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
