"""The rows of the journal: key (run, step, iteration, target); states planned, intended, done, failed, unknown, skipped."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from temanashi.changes import NO_TARGET, Change, Outcome, OutcomeStatus, Verdict
from temanashi.ledger.records import Draft, Kind, TargetOutcome
from temanashi.people import Actor
from temanashi.runs.tables import JOURNAL, RUNS

__all__ = ["Row", "draft_of", "intend", "read_rows", "read_run", "settle", "target_outcomes"]

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


def _at(run: str, change: Change) -> Any:
    step, iteration, target = change.key
    return (JOURNAL.c.run == run) & (JOURNAL.c.step == step) & (JOURNAL.c.iteration == iteration) & (JOURNAL.c.target == target)


def intend(connection: Connection, run: str, changes: list[Change], now: datetime) -> None:
    """Write that these changes are about to be applied."""
    for change in changes:
        values = {"state": "intended", "intended_at": now.isoformat(), "change": change.model_dump_json()}
        connection.execute(update(JOURNAL).where(_at(run, change)).values(**values))


def settle(connection: Connection, run: str, change: Change, outcome: Outcome, now: datetime) -> None:
    """Write what a change did."""
    state = {"changed": "done", "already": "done", "conflict": "failed"}.get(outcome.status, outcome.status)
    values = {"state": state, "outcome": outcome.model_dump_json(), "ended_at": now.isoformat()}
    connection.execute(update(JOURNAL).where(_at(run, change)).values(**values))


def target_outcomes(rows: list[Row]) -> tuple[TargetOutcome, ...]:
    """Each target's outcome over all steps: the worst counts. Steps for no host show only where there is no other."""
    by_target: dict[str, list[Outcome]] = {}
    for row in rows:
        outcome = row.outcome or Outcome(status="skipped")
        by_target.setdefault(row.change.target, []).append(outcome)
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
    }
    return Draft.model_validate({"kind": kind, **fields, **more})
