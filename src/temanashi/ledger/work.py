"""What figures need of the records of runs: ended runs, what people did, steps worked on."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from temanashi.ledger.marks import micros
from temanashi.ledger.records import Record

__all__ = ["WORK_KINDS", "Work", "day_number", "work_of"]

WORK_KINDS = frozenset({"run_finished", "decision", "step_done"})


class Work(NamedTuple):
    """A record of a run's work. `at` in microseconds since 1970; `slot_day` the ordinal of the day that the slot names, or 0.

    `run` is the event id where a record belongs to no run. Only an ended run tells its `targets`, as (name, outcome).
    """

    kind: str
    at: int
    seq: int
    task: str
    runbook: str
    run: str
    slot: str
    slot_day: int
    mode: str
    outcome: str
    step: str
    seconds: int
    targets: tuple[tuple[str, str], ...]


def day_number(slot: str) -> int:
    """The ordinal of the day that a slot names in ISO 8601; 0 for a key that is no day."""
    try:
        return date.fromisoformat(slot).toordinal()
    except ValueError:
        return 0


def work_of(record: Record) -> Work | None:
    """A record's work; None for a record that figures do not need."""
    draft = record.draft
    if draft.kind not in WORK_KINDS:
        return None
    ended = draft.kind == "run_finished"
    return Work(
        kind=draft.kind,
        at=micros(record.recorded_at),
        seq=record.seq,
        task=draft.task,
        runbook=draft.runbook,
        run=draft.run or record.event_id,
        slot=draft.slot,
        slot_day=day_number(draft.slot),
        mode=draft.mode,
        outcome=draft.outcome,
        step=draft.step,
        seconds=0 if ended else draft.human_seconds,
        targets=tuple((each.target, each.outcome) for each in draft.targets) if ended else (),
    )
