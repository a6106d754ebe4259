"""The rows of the journal: key (run, step, iteration, target); states planned, intended, done, failed, unknown, skipped."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from temanashi.changes import NO_TARGET, Change, Irreversible, Outcome, OutcomeStatus, Verdict
from temanashi.ledger.records import Draft, Kind, TargetOutcome
from temanashi.people import Actor
from temanashi.runs.remembering import remember
from temanashi.runs.tables import JOURNAL, RUNS

__all__ = [
    "STEP_SPACE",
    "Row",
    "draft_of",
    "intend",
    "plan_rows",
    "read_rows",
    "read_run",
    "read_undos",
    "replace_planned",
    "settle",
    "target_outcomes",
]

STEP_SPACE = 1_000_000
"""Positions of a step's rows: a step that is planned again may have more rows than before, and stays in its place."""

SETTLED = ("done", "failed", "unknown", "skipped")
_WORST: tuple[OutcomeStatus, ...] = ("failed", "unknown", "conflict", "skipped", "changed", "already")


@dataclass(frozen=True)
class Row:
    """One change of a run and how far it is."""

    position: int
    state: str
    change: Change
    outcome: Outcome | None

    @property
    def settled(self) -> bool:
        """Whether nothing more happens to it."""
        return self.state in SETTLED


def read_run(connection: Connection, run: str) -> Any | None:
    """The run's row, or None."""
    return connection.execute(select(RUNS).where(RUNS.c.id == run)).one_or_none()


def read_rows(connection: Connection, run: str) -> list[Row]:
    """Every row of a run, in the plan's order."""
    found = connection.execute(select(JOURNAL).where(JOURNAL.c.run == run).order_by(JOURNAL.c.position))
    return [
        Row(
            r.position, r.state, Change.model_validate_json(r.change), Outcome.model_validate_json(r.outcome) if r.outcome else None
        )
        for r in found
    ]


_KEY = (
    (JOURNAL.c.run == bindparam("at_run"))
    & (JOURNAL.c.step == bindparam("at_step"))
    & (JOURNAL.c.iteration == bindparam("at_iteration"))
    & (JOURNAL.c.target == bindparam("at_target"))
)
_INTEND = update(JOURNAL).where(_KEY).values(state="intended", intended_at=bindparam("new_time"))
_SETTLE = (
    update(JOURNAL)
    .where(_KEY)
    .values(
        state=bindparam("new_state"), outcome=bindparam("new_outcome"), undo=bindparam("new_undo"), ended_at=bindparam("new_time")
    )
)


def _at(run: str, change: Change) -> dict[str, Any]:
    step, iteration, target = change.key
    return {"at_run": run, "at_step": step, "at_iteration": iteration, "at_target": target}


def plan_rows(run: str, changes: list[Change], *, first: int = 0) -> list[dict[str, Any]]:
    """Rows for planned changes, to insert; every step has its own space of positions, counted from `first`."""
    steps = {step: place for place, step in enumerate(dict.fromkeys(change.step for change in changes), first)}
    return [
        {
            "run": run,
            "step": change.step,
            "iteration": change.iteration,
            "target": change.target,
            "position": steps[change.step] * STEP_SPACE + number,
            "state": "planned",
            "change": change.model_dump_json(),
        }
        for number, change in enumerate(changes)
    ]


def replace_planned(connection: Connection, run: str, rows: list[Row], changes: list[Change]) -> list[Row]:
    """Put what a step was planned to do anew in the place of its planned rows; the new rows."""
    step, space = rows[0].change.step, rows[0].position // STEP_SPACE
    mine = (JOURNAL.c.run == run) & (JOURNAL.c.step == step) & (JOURNAL.c.state == "planned")
    connection.execute(delete(JOURNAL).where(mine))
    made = plan_rows(run, changes, first=space)
    connection.execute(insert(JOURNAL), made)
    return [Row(row["position"], "planned", change, None) for row, change in zip(made, changes, strict=True)]


def intend(connection: Connection, run: str, changes: list[Change], now: datetime) -> None:
    """Write that these changes are about to be applied."""
    if changes:
        connection.execute(_INTEND, [{**_at(run, change), "new_time": now.isoformat()} for change in changes])


def settle(
    connection: Connection,
    run: str,
    change: Change,
    outcome: Outcome,
    now: datetime,
    *,
    undo: Change | Irreversible | None = None,
) -> None:
    """Write what a change did, and what would take it back."""
    state = {"changed": "done", "already": "done", "conflict": "failed"}.get(outcome.status, outcome.status)
    values = {
        "new_state": state,
        "new_outcome": outcome.model_dump_json(),
        "new_undo": None if undo is None else undo.model_dump_json(),
        "new_time": now.isoformat(),
    }
    connection.execute(_SETTLE, _at(run, change) | values)
    if outcome.remember:
        remember(connection, run, change.step, change.target, outcome.remember, now=now)


def read_undos(connection: Connection, run: str, *, failed: bool) -> list[tuple[Change, Change | Irreversible]]:
    """Each change that did something (or `failed` half-way), with what takes it back; the last one first."""
    states = ("done", "failed") if failed else ("done",)
    mine = (JOURNAL.c.run == run) & JOURNAL.c.undo.is_not(None) & JOURNAL.c.state.in_(states)
    query = select(JOURNAL.c.change, JOURNAL.c.undo).where(mine)
    found = connection.execute(query.order_by(JOURNAL.c.ended_at.desc(), JOURNAL.c.position.desc()))
    return [(Change.model_validate_json(row.change), _undo(row.undo)) for row in found]


def _undo(text: str) -> Change | Irreversible:
    data = json.loads(text)
    return Change.model_validate(data) if "step" in data else Irreversible.model_validate(data)


def target_outcomes(rows: list[Row]) -> tuple[TargetOutcome, ...]:
    """Each target's outcome over all steps: the worst counts. Steps for no host show only where there is no other.

    What `when` left out counts only where there is nothing else.
    """
    by_target: dict[str, list[Outcome]] = {}
    left_out: dict[str, list[Outcome]] = {}
    for row in rows:
        outcome = row.outcome or Outcome(status="skipped")
        (by_target if row.change.left_out is None else left_out).setdefault(row.change.target, []).append(outcome)
    by_target = by_target or left_out
    if len(by_target) > 1:
        by_target.pop(NO_TARGET, None)
    found = []
    for target, outcomes in by_target.items():
        status = next(s for s in _WORST if any(o.status == s for o in outcomes))
        if status in {"already", "changed"}:
            status = "changed" if any(o.status == "changed" for o in outcomes) else "already"
        verdicts = [o.verdict for o in outcomes if o.verdict is not None]
        found.append(TargetOutcome(target=target, outcome=status, verdict=Verdict.worst(verdicts) if verdicts else None))
    return tuple(found)


def draft_of(row: Any, kind: Kind, *, actor: Actor | None = None, **more: Any) -> Draft:
    """A record about a run, from its row; by its requester unless another actor is named."""
    who = actor or Actor.model_validate_json(row.actor)
    fields = {
        "task": row.task,
        "runbook": row.runbook,
        "version": row.version,
        "run": row.id,
        "actor": who.name,
        "actor_kind": who.kind,
        "assurance": who.assurance,
        "beneficiary": row.beneficiary,
        "channel": row.channel,
        "ticket": row.ticket,
        "mode": row.mode,
        "slot": row.slot,
        "emergency": bool(row.emergency),
    }
    return Draft.model_validate({"kind": kind, **fields, **more})
