"""What figures need of the records of runs, as narrow rows beside the bodies: ended runs, what people did, steps worked on.

The rows are derived from envelopes alone, in the transaction that appends these. They can be rebuilt from the chain, and
verification compares them with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from pydantic_core import from_json
from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from temanashi.canonical import canonical_json
from temanashi.ledger.chain import micros
from temanashi.ledger.demanded import LARGEST, day_number, unit_of
from temanashi.ledger.records import Record
from temanashi.ledger.tables import metadata

__all__ = ["WORK_KINDS", "Work", "work_of", "work_row", "work_table", "work_told"]

WORK_KINDS = frozenset({"run_finished", "decision", "step_done", "inquiry"})
SOLVED = "solved"
"""A question that its asker calls solved is work that ended: what it served stands in `step`, for its slot is its number."""

work_table = Table(
    "ledger_work",
    metadata,
    Column("chain", String(40), primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("task", Text, nullable=False),
    Column("runbook", Text, nullable=False),
    Column("run", Text, nullable=False),
    Column("slot", Text, nullable=False),
    Column("slot_day", Integer, nullable=False),
    Column("unit", String(32), nullable=False),
    Column("mode", String(20), nullable=False),
    Column("outcome", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("seconds", BigInteger, nullable=False),
    Column("targets", Text, nullable=False),
    Index("ledger_work_run", "run", "kind"),
    sqlite_with_rowid=False,
)


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


def work_of(record: Record) -> Work | None:
    """A record's work; None for a record that figures do not need."""
    draft = record.draft
    if draft.kind not in WORK_KINDS or (draft.kind == "inquiry" and not (draft.outcome == SOLVED and draft.task)):
        return None
    if draft.kind == "inquiry":
        at = micros(record.recorded_at)
        return Work("run_finished", at, record.seq, draft.task, "", record.event_id, draft.step, 0, "live", "done", "", 0, ())
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
        seconds=0 if ended else min(draft.human_seconds, LARGEST),
        targets=tuple((each.target, each.outcome) for each in draft.targets) if ended else (),
    )


def work_row(fields: Mapping[str, Any], at: int | None = None) -> tuple[Any, ...] | None:
    """The table's row for an envelope's fields, in the order of its columns; None for a record that figures do not need.

    `at`: their time in microseconds since 1970, where it is known already.
    """
    kind = fields["kind"]
    if kind not in WORK_KINDS or (kind == "inquiry" and not (fields["outcome"] == SOLVED and fields["task"])):
        return None
    if kind == "inquiry":
        return _solved(fields)
    ended = kind == "run_finished"
    return (
        fields["chain"],
        kind,
        micros(datetime.fromisoformat(fields["recorded_at"])) if at is None else at,
        fields["seq"],
        fields["task"],
        fields["runbook"],
        fields["run"] or fields["event_id"],
        fields["slot"],
        day_number(fields["slot"]),
        unit_of(fields["task"], fields["slot"]),
        fields["mode"],
        fields["outcome"],
        fields["step"],
        0 if ended else min(fields["human_seconds"], LARGEST),
        canonical_json([[each["target"], each["outcome"]] for each in fields["targets"]]) if ended else "",
    )


def _solved(fields: Mapping[str, Any]) -> tuple[Any, ...]:
    at, task, slot = micros(datetime.fromisoformat(fields["recorded_at"])), fields["task"], fields["step"]
    told = (fields["seq"], task, "", fields["event_id"], slot, 0, unit_of(task, slot), "live", "done", "", 0, "[]")
    return (fields["chain"], "run_finished", at, *told)


def work_told(rows: Iterable[tuple[Any, ...]]) -> list[Work]:
    """Rows of the table, without chain and unit, as work."""
    return [Work(*row[:-1], tuple(map(tuple, from_json(row[-1]))) if row[-1] else ()) for row in rows]  # type: ignore[call-arg]
