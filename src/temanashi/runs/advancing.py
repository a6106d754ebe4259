"""`advance`: claim the lease, go on from the first unfinished row, commit the intent, apply, commit the outcome."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

from sqlalchemy import update

from temanashi.changes import Change, Outcome, Verdict
from temanashi.errors import InputError, LedgerError, RunError, TargetError
from temanashi.runbooks.model import StepItem
from temanashi.runs.approvals.first import approval_before
from temanashi.runs.approvals.midway import approval_midway
from temanashi.runs.blocks import blocks
from temanashi.runs.calling import call_through
from temanashi.runs.engine import Engine
from temanashi.runs.events import StepDone, StepStarted
from temanashi.runs.finishing import finish_run, finished, tell_finished
from temanashi.runs.frozen import FrozenRun, thaw
from temanashi.runs.journal import Row, draft_of, read_rows, read_run, replace_planned
from temanashi.runs.lease import Lease, hold
from temanashi.runs.planning import is_open, plan_step
from temanashi.runs.recording import intend_step, record_step, recorded_steps
from temanashi.runs.redacting import secret_references
from temanashi.runs.results import Finished, NoRun, Waiting
from temanashi.runs.resuming import settle_interrupted
from temanashi.runs.run_rows import RunRows
from temanashi.runs.stopping import OVER
from temanashi.runs.tables import RUNS
from temanashi.runs.trying import Trying
from temanashi.runs.undoing import is_undo, plan_rollback, undone
from temanashi.runs.waits import wait_for
from temanashi.runs.working import Work, failed, too_many_failed, worker_threads
from temanashi.text.local import Phrase, phrase

__all__ = ["advance"]


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
            with worker_threads(engine, lease) as pool:
                return _Advance(engine, lease, row, pool).go()
        except Exception:
            raise
        except BaseException as signal:
            with suppress(LedgerError, RunError), lease.writing() as connection:
                reason = phrase("runs.signalled", signal=type(signal).__name__)
                tell_finished(engine, finish_run(engine, connection, run, outcome="cancelled", reason=reason))
            raise


class _Advance:
    """One stretch of work on a run under one lease. `ending` is how the run will end, once a step has failed for good."""

    def __init__(self, engine: Engine, lease: Lease, row: Any, pool: ThreadPoolExecutor) -> None:
        self.engine, self.lease, self.row, self.pool = engine, lease, row, pool
        self.frozen: FrozenRun = thaw(row.id, row.frozen, kinds=engine.kinds)
        engine.know(secret_references(self.frozen))
        self.items = {item.id: item for item in self.frozen.runbook.steps}
        self.rows = RunRows()
        self.recorded: set[str] = set()
        self.excluded: set[str] = set()
        self.ending: dict[str, Any] | None = None

    def go(self) -> Finished | Waiting:
        if end := self._begin() or self._approval():
            return end
        for block in blocks(self.frozen.runbook):
            block_items = [item for item in block if self.rows.get(item.id)]
            if not block_items or (self.ending is not None and not block[0].always):
                continue
            if held := self._block(block_items):
                return held
            if self.ending is None and not self._judge(block_items):
                return self._finish(outcome="cancelled")
        if not self._undo():
            return self._finish(outcome="cancelled")
        if self.ending is None and (stays := self.rows.cannot_be_undone()):
            self.ending = {"reason": phrase("runs.undone-partly", count=stays)}
        return self._finish(**(self.ending or {}))

    def _begin(self) -> Finished | None:
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
        self.recorded = recorded_steps(self.engine, self.row.id)
        return None

    def _approval(self) -> Finished | Waiting | None:
        """Wait until others approved, where they must; then read what they approved."""
        answer = approval_before(self.engine, self.lease, self.row, self.frozen)
        if isinstance(answer, Phrase):
            return self._finish(outcome="refused", reason=answer)
        if answer is None:
            self._read()
        return answer

    def _read(self, *, after: str = "") -> None:
        """The rows as the journal has them; with `after`, only those of later steps."""
        steps = list(self.items)
        with self.engine.database.reading() as connection:
            rows = read_rows(connection, self.row.id)
        self.rows.take(rows, later_than=tuple(steps[: steps.index(after) + 1]) if after else ())

    def _finish(self, **how: Any) -> Finished:
        with self.lease.writing() as connection:
            result = finish_run(self.engine, connection, self.row.id, **how)
        return tell_finished(self.engine, result)

    def _block(self, block: list[StepItem]) -> Finished | Waiting | None:
        """None when every row of these steps is settled and recorded."""
        if all(item.id in self.recorded for item in block):
            return None
        works = [self._prepared(item) for item in block]
        waiting = [row.change for work in works for row in work.rows if row.change.wait is not None and not row.settled]
        for item, work in zip(block, works, strict=True):
            self._tell_start(item, work)
            intend_step(self.engine, self.lease, self.row, item.id, [row.change for row in work.rows if not row.settled])
        if waiting and (held := self._wait(works, waiting)):
            return held
        for item, work in zip(block, works, strict=True):
            held = self._call(item, work) if item.kind == "runbook" else None
            if held is not None:
                return held
            if not work.through(partial(self._values, item)):
                return self._finish(outcome="cancelled")
            self._record(item.id, work.rows)
        return None

    def _prepared(self, item: StepItem) -> Work:
        """The step's rows: planned again where they named what is known now, interrupted ones asked for, lost targets left out."""
        step = self.engine.step(item, self.frozen, halt=self.lease.halt)
        trying = Trying(self.engine, self.lease, item, step)
        rows, flaw = self._replanned(item, self.rows[item.id])
        work = Work(self.engine, self.lease, trying, rows, pool=self.pool, fan_out=item.fan_out)
        self.rows[item.id] = work.rows
        settle_interrupted(self.engine, self.lease, trying, step, work)
        if flaw is not None:
            work.settle([row.change for row in rows if row.state == "planned"], Outcome(status="failed", reason=flaw))
        if not item.always:
            lost = [row.change for row in work.rows if row.change.target in self.excluded and not row.settled]
            work.settle(lost, Outcome(status="skipped", reason=phrase("runs.failed-earlier")))
        return work

    def _replanned(self, item: StepItem, rows: list[Row]) -> tuple[list[Row], Phrase | None]:
        """The rows, planned again where they named what is known only now; and why that cannot be done."""
        if not any(row.state == "planned" and is_open(row.change) for row in rows):
            return rows, None
        try:
            planned = plan_step(self.engine, self.frozen, item, self.rows.outputs())
        except (InputError, RunError, TargetError) as error:
            return rows, Phrase(key=error.key, data=error.data)
        with self.lease.writing() as connection:
            return replace_planned(connection, self.row.id, rows, planned), None

    def _wait(self, works: list[Work], changes: list[Change]) -> Waiting | None:
        """The wait of a person for these changes; None when they are settled now."""
        if changes[0].wait is not None and changes[0].wait.kind == "approval":
            answer = approval_midway(self.engine, self.lease, self.row, self.frozen, changes[0], self.rows.outputs())
            if isinstance(answer, Waiting):
                return answer
            works[0].settle(changes, answer)
            self._read(after=changes[0].step)
            return None
        if held := wait_for(self.engine, self.lease, self.row, changes):
            return held
        with self.engine.database.reading() as connection:
            settled = {row.change.key: row for row in read_rows(connection, self.row.id)}
        for work in works:
            for row in work.rows:
                if (outcome := settled[row.change.key].outcome) is not None:
                    work.note(row.change, outcome)
        return None

    def _call(self, item: StepItem, work: Work) -> Waiting | None:
        """Run the runbooks that a step calls; a run that waits makes this one wait."""
        held = call_through(self.engine, self.lease, self.row, self.frozen, item, work, advance)
        if held is not None:
            with self.lease.writing() as connection:
                connection.execute(update(RUNS).where(RUNS.c.id == self.row.id).values(state="waiting"))
        return held

    def _values(self, item: StepItem, change: Change) -> dict[str, Any]:
        hosts = tuple(host for host in self.frozen.hosts(item) if host.name == change.target)
        return self.frozen.context(item, self.rows.outputs_for(change.target), hosts=hosts).values(hosts[0] if hosts else None)

    def _judge(self, block: list[StepItem]) -> bool:
        """Decide whether the run goes on; False when somebody asked to stop in the middle of a rollback."""
        for item in block:
            rows = self.rows[item.id]
            bad = [row for row in rows if failed(row)]
            if not bad or item.on_failure == "continue":
                continue
            skipped = any(row.state == "skipped" and row.change.left_out is None for row in rows if not self._lost(row))
            if item.fan_out is not None and not skipped and not too_many_failed(rows, item.fan_out):
                self.excluded |= {row.change.target for row in bad}
                continue
            self.ending = _refusal(bad)
            if item.on_failure == "rollback":
                return self._roll_back(bad)
            return True
        return True

    def _lost(self, row: Row) -> bool:
        return row.change.target in self.excluded

    def _roll_back(self, bad: list[Row]) -> bool:
        """Undo what was done, last first; False when somebody asked to stop."""
        if not self.rows.undo_rows():
            with self.lease.writing() as connection:
                self.rows |= plan_rollback(connection, self.row.id)
        reason: Phrase | None = bad[0].outcome.reason if bad[0].outcome is not None else None
        if not self._undo():
            return False
        every = self.rows.undo_rows()
        key = "runs.rolled-back" if undone(every) else "runs.rolled-back-partly"
        self.ending = {**(self.ending or {}), "reason": phrase(key, reason=reason or "", count=len(every))}
        return True

    def _undo(self) -> bool:
        """Work through the undo rows that there are, step by step; one that fails does not keep the others from being tried."""
        for path in [path for path, rows in self.rows.items() if is_undo(rows[0].change) and path not in self.recorded]:
            item = self.items[path.removesuffix("/undo")].model_copy(update={"outputs": {}, "fan_out": None})
            step = self.engine.step(item, self.frozen, halt=self.lease.halt)
            trying = Trying(self.engine, self.lease, item, step)
            work = Work(self.engine, self.lease, trying, self.rows[path], pool=self.pool)
            settle_interrupted(self.engine, self.lease, trying, step, work)
            self._tell_start(item, work, path=path)
            intend_step(self.engine, self.lease, self.row, path, [row.change for row in work.rows if not row.settled])
            if (item.kind == "runbook" and self._call(item, work)) or not work.through():
                return False
            self._record(path, work.rows)
        return True

    def _tell_start(self, item: StepItem, work: Work, *, path: str = "") -> None:
        self.engine.tell(
            StepStarted(
                run=self.row.id,
                step=path or item.id,
                title=item.title,
                kind=item.kind,
                number=list(self.items).index(item.id) + 1,
                steps=len(self.items),
                total=len(work.rows),
                done=sum(row.settled for row in work.rows),
            )
        )

    def _record(self, path: str, rows: list[Row]) -> None:
        record_step(self.engine, self.lease, self.row, path, rows)
        self.recorded.add(path)
        outcomes = [row.outcome for row in rows if row.outcome is not None and row.change.left_out is None]
        verdicts = [outcome.verdict for outcome in outcomes if outcome.verdict is not None]
        good = all(outcome.good for outcome in outcomes)
        self.engine.tell(StepDone(run=self.row.id, step=path, good=good, verdict=Verdict.worst(verdicts) if verdicts else None))


def _refusal(bad: list[Row]) -> dict[str, Any]:
    """How a run ends that a person refused; nothing special for other failures."""
    refused = next((row for row in bad if row.change.wait is not None and row.outcome is not None), None)
    if refused is None or refused.outcome is None or refused.outcome.status != "failed":
        return {}
    return {"outcome": "refused", "reason": refused.outcome.reason}
