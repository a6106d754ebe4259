"""`advance`: claim the lease, go on from the first unfinished row, commit the intent, apply, commit the outcome."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import insert, select, update

from temanashi.changes import Change, Outcome, Step, Verdict
from temanashi.errors import LedgerError, RunError
from temanashi.runbooks.model import StepItem
from temanashi.runbooks.steps.contract import PlanContext
from temanashi.runs.engine import Engine
from temanashi.runs.events import StepDone, StepStarted, TargetDone
from temanashi.runs.finishing import finish_run, finished, tell_finished
from temanashi.runs.frozen import FrozenRun, thaw
from temanashi.runs.journal import Row, draft_of, intend, read_rows, read_run, settle
from temanashi.runs.lease import Lease, hold
from temanashi.runs.leftovers import wait_until_gone
from temanashi.runs.planning import is_placeholder, plan_step
from temanashi.runs.redacting import redacted, secret_references
from temanashi.runs.results import Finished, NoRun, Waiting
from temanashi.runs.stopping import OVER
from temanashi.runs.tables import RUNS, STEPS
from temanashi.runs.waits import wait_for
from temanashi.text.local import phrase

__all__ = ["advance"]

LEFTOVER_SECONDS = 60.0
"""How long a command that outlived its run is waited for, where its step says no timeout."""


def advance(engine: Engine, run: str) -> Finished | Waiting:
    """Go on with a run until it ends or waits for a person; raises NoRun, RunBusy, LeaseLost and LedgerError.

    Ctrl-C and signals end the run as cancelled, on the record, and are raised again.
    """
    with engine.database.reading() as connection:
        row = read_run(connection, run)
        if row is None:
            raise NoRun(run)
        if row.state in OVER:
            return finished(row, read_rows(connection, run))
    with hold(engine, run) as lease:
        try:
            return _Advance(engine, lease, row).go()
        except Exception:
            raise
        except BaseException as signal:
            with suppress(LedgerError, RunError), lease.writing() as connection:
                end = finish_run(
                    engine, connection, run, outcome="cancelled", reason=phrase("runs.signalled", signal=type(signal).__name__)
                )
                tell_finished(engine, end)
            raise


class _Advance:
    """One stretch of work on a run under one lease."""

    def __init__(self, engine: Engine, lease: Lease, row: Any) -> None:
        self.engine, self.lease, self.row = engine, lease, row
        self.frozen: FrozenRun = thaw(row.id, row.frozen, kinds=engine.kinds)
        engine.know(secret_references(self.frozen))

    def go(self) -> Finished | Waiting:
        with self.lease.writing() as connection:
            row = read_run(connection, self.row.id)
            if row is not None and row.state in OVER:
                return finished(row, read_rows(connection, self.row.id))
            if row is not None and row.started_at is None:
                now = self.engine.clock.now().isoformat()
                connection.execute(update(RUNS).where(RUNS.c.id == self.row.id).values(state="running", started_at=now))
                self.engine.ledger.append(connection, draft_of(self.row, "run_started", body={"plan_digest": self.row.plan_digest}))
            else:
                connection.execute(update(RUNS).where(RUNS.c.id == self.row.id).values(state="running"))
        if row is not None and row.cancel:  # its worker was told, and died before it could end the run
            return self._finish(outcome="cancelled")
        for number, item in enumerate(self.frozen.runbook.steps, 1):
            if end := self._step(number, item):
                return end
        return self._finish()

    def _finish(self, **how: Any) -> Finished:
        with self.lease.writing() as connection:
            result = finish_run(self.engine, connection, self.row.id, **how)
        return tell_finished(self.engine, result)

    def _rows(self, step: str) -> list[Row]:
        with self.engine.database.reading() as connection:
            return [row for row in read_rows(connection, self.row.id) if row.change.step == step]

    def _step(self, number: int, item: StepItem) -> Finished | Waiting | None:
        """None when the next step may begin."""
        rows = self._rows(item.id)
        if all(row.settled for row in rows) and self._recorded(item.id):
            return None if self._may_go_on(rows) else self._finish(**self._refusal(rows))
        step = self.engine.step(item, self.frozen.inventory, halt=self.lease.halt)
        rows = self._resumed(step, rows)
        rows = self._replanned(item, rows)
        done, total = sum(row.settled for row in rows), len(rows)
        steps = len(self.frozen.runbook.steps)
        self.engine.tell(
            StepStarted(
                run=self.row.id, step=item.id, title=item.title, kind=item.kind, number=number, steps=steps, total=total, done=done
            )
        )
        waiting = next((row for row in rows if row.change.wait is not None and not row.settled), None)
        self._intend_step(item, [row.change for row in rows if not row.settled])
        if waiting is not None and waiting.change.wait is not None:
            if held := wait_for(self.engine, self.lease, self.row, waiting.change, waiting.change.wait):
                return held
        elif not self._apply_all(step, item, rows):
            return self._finish(outcome="cancelled")
        rows = self._rows(item.id)
        self._record(item, rows)
        return None if self._may_go_on(rows) else self._finish(**self._refusal(rows))

    def _refusal(self, rows: list[Row]) -> dict[str, Any]:
        refused = next(
            (r for r in rows if r.change.wait is not None and r.outcome is not None and r.outcome.status == "failed"), None
        )
        return (
            {"outcome": "refused", "reason": refused.outcome.reason} if refused is not None and refused.outcome is not None else {}
        )

    def _may_go_on(self, rows: list[Row]) -> bool:
        """A failed change ends the run. A measurement never does: what it found, or could not find, is in its verdict."""
        return all(r.outcome is not None and (r.outcome.good or r.outcome.verdict is not None) for r in rows)

    def _resumed(self, step: Step[PlanContext], rows: list[Row]) -> list[Row]:
        """A row found intended was interrupted: ask the target what happened; never repeat blindly."""
        for row in rows:
            if row.state != "intended":
                continue
            outcome = self._observed(step, row.change)
            if outcome is not None:
                with self.lease.writing() as connection:
                    settle(connection, self.row.id, row.change, outcome, self.engine.clock.now())
        return self._rows(rows[0].change.step)

    def _observed(self, step: Step[PlanContext], change: Change) -> Outcome | None:
        """The outcome of an interrupted change; None when it may be applied (again)."""
        if change.reads_only:
            return None
        # Observing or repeating beside a command that outlived us could do it twice; without us it may last as long as with us.
        seconds = float(change.payload.get("timeout") or LEFTOVER_SECONDS)
        if not wait_until_gone(self._key(change), clock=self.engine.clock, seconds=seconds, halt=self.lease.halt):
            return Outcome(status="unknown", reason=phrase("runs.still-working", target=change.target))
        try:
            state = step.observe(change)
        except Exception as error:  # noqa: BLE001  (a third party's kind may raise anything; not knowing is a value)
            return Outcome(status="unknown", reason=phrase("runs.step-broke", problem=f"{type(error).__name__}: {error}"[:300]))
        if state.happened == "no":
            return None
        if state.happened == "yes":
            return Outcome(status="changed", reason=phrase("runs.seen-after-interruption"), evidence=state.evidence)
        return Outcome(status="unknown", reason=phrase("runs.interrupted"), evidence=state.evidence)

    def _replanned(self, item: StepItem, rows: list[Row]) -> list[Row]:
        """Changes that named outputs of earlier steps are planned again now that these are known."""
        if not any(row.state == "planned" and is_placeholder(row.change) for row in rows):
            return rows
        with self.engine.database.reading() as connection:
            earlier = read_rows(connection, self.row.id)
        outputs = {(r.change.step, r.change.target): r.outcome.outputs for r in earlier if r.outcome is not None}
        fresh = {change.key: change for change in plan_step(self.engine, self.frozen, item, outputs)}
        return [Row(r.position, r.state, fresh.get(r.change.key, r.change), r.outcome) if r.state == "planned" else r for r in rows]

    def _apply_all(self, step: Step[PlanContext], item: StepItem, rows: list[Row]) -> bool:
        """Work through the unfinished rows, a bounded number at a time; False when somebody asked to stop."""
        todo = [row for row in rows if not row.settled]
        done = len(rows) - len(todo)
        with self._pool() as pool:
            for start in range(0, len(todo), self.engine.workers):
                if self.lease.halt.is_set():
                    return False
                batch = [row.change for row in todo[start : start + self.engine.workers]]
                with self.lease.writing() as connection:
                    if connection.execute(select(RUNS.c.cancel).where(RUNS.c.id == self.row.id)).scalar():
                        return False
                    intend(connection, self.row.id, batch, self.engine.clock.now())
                futures = {pool.submit(self._applied, step, change): change for change in batch}
                for future in as_completed(futures):
                    change, outcome, done = futures[future], future.result(), done + 1
                    with self.lease.writing() as connection:
                        settle(connection, self.row.id, change, outcome, self.engine.clock.now())
                    self.engine.tell(
                        TargetDone(
                            run=self.row.id,
                            step=item.id,
                            target=change.target,
                            change=change,
                            outcome=outcome,
                            done=done,
                            total=len(rows),
                        )
                    )
        return not self.lease.halt.is_set()

    @contextmanager
    def _pool(self) -> Iterator[ThreadPoolExecutor]:
        """Threads that do not outlast a signal: commands under way are killed instead of waited for."""
        with ThreadPoolExecutor(max_workers=self.engine.workers, thread_name_prefix="step") as pool:
            try:
                yield pool
            except BaseException:
                self.lease.halt.set()
                raise

    def _applied(self, step: Step[PlanContext], change: Change) -> Outcome:
        try:
            outcome = step.apply(change, self._key(change))
        except Exception as error:  # noqa: BLE001  (a kind that raises broke the contract; what it did is not known)
            problem = self.engine.redactor.text(f"{type(error).__name__}: {error}")[:300]
            outcome = Outcome(status="unknown", reason=phrase("runs.step-broke", problem=problem))
        return redacted(outcome, self.engine.redactor)

    def _key(self, change: Change) -> str:
        """The same for every attempt at a change."""
        return f"{self.row.id}/{change.step}/{change.iteration}/{change.target}"

    def _recorded(self, step: str) -> bool:
        with self.engine.database.reading() as connection:
            where = (STEPS.c.run == self.row.id) & (STEPS.c.step == step)
            return connection.execute(select(STEPS.c.state).where(where)).scalar() == "done"

    def _intend_step(self, item: StepItem, changes: list[Change]) -> None:
        with self.lease.writing() as connection:
            where = (STEPS.c.run == self.row.id) & (STEPS.c.step == item.id)
            if connection.execute(select(STEPS.c.state).where(where)).scalar() is not None:
                return
            connection.execute(insert(STEPS).values(run=self.row.id, step=item.id, state="intended"))
            body = {"changes": [json.loads(c.model_dump_json()) for c in changes]}
            draft = draft_of(self.row, "step_intended", step=item.id, body=self.engine.redactor.value(body))
            self.engine.ledger.append(connection, draft)

    def _record(self, item: StepItem, rows: list[Row]) -> None:
        """One outcome record a step, with every target's outcome and evidence."""
        targets = [
            {"target": r.change.target, "outcome": json.loads(r.outcome.model_dump_json()) if r.outcome else None} for r in rows
        ]
        summary = [
            {"target": r.change.target, "outcome": r.outcome.status, "verdict": r.outcome.verdict}
            for r in rows
            if r.outcome is not None
        ]
        with self.lease.writing() as connection:
            where = (STEPS.c.run == self.row.id) & (STEPS.c.step == item.id)
            if connection.execute(update(STEPS).where(where).values(state="done")).rowcount == 0:
                connection.execute(insert(STEPS).values(run=self.row.id, step=item.id, state="done"))
            draft = draft_of(
                self.row, "step_done", step=item.id, targets=summary, body=self.engine.redactor.value({"targets": targets})
            )
            self.engine.ledger.append(connection, draft)
        verdicts = [r.outcome.verdict for r in rows if r.outcome is not None and r.outcome.verdict is not None]
        good = all(r.outcome is not None and r.outcome.good for r in rows)
        self.engine.tell(StepDone(run=self.row.id, step=item.id, good=good, verdict=Verdict.worst(verdicts) if verdicts else None))
