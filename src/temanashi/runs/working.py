"""Working through the rows of one step: canaries first, then batches, a bounded number at a time, and each outcome committed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, bindparam, select

from temanashi.changes import Change, Irreversible, Outcome
from temanashi.runbooks.model import FanOut
from temanashi.runs.access_ends import note_ends
from temanashi.runs.engine import Engine
from temanashi.runs.events import TargetDone
from temanashi.runs.journal import Row, intend, settle
from temanashi.runs.lease import Lease
from temanashi.runs.tables import RUNS
from temanashi.runs.trying import Trying
from temanashi.text.local import Phrase, phrase

_CANCEL = select(RUNS.c.cancel).where(RUNS.c.id == bindparam("id"))

__all__ = ["Work", "failed", "too_many_failed", "worker_threads"]

Applied = tuple[Outcome, Change | Irreversible | None]
Values = Callable[[Change], dict[str, Any]]


def failed(row: Row) -> bool:
    """Whether a row counts as a failure. A measurement never does: what it found, or could not find, is in its verdict."""
    if row.outcome is None or row.change.left_out is not None:
        return False
    return not row.outcome.good and not (row.outcome.verdict is not None and row.outcome.status == "unknown")


def too_many_failed(rows: list[Row], fan_out: FanOut | None) -> bool:
    """Whether more targets failed than the step allows."""
    targets = {row.change.target for row in rows if row.change.left_out is None}
    bad = {row.change.target for row in rows if failed(row)}
    allowed = fan_out.max_failed if fan_out is not None else "0"
    if allowed.endswith("%"):
        return len(bad) * 100 > int(allowed[:-1]) * len(targets)
    return len(bad) > int(allowed)


class Work:
    """The rows of a step that are not settled yet, worked through under the lease; `rows` is kept up to date."""

    def __init__(
        self,
        engine: Engine,
        lease: Lease,
        trying: Trying,
        rows: list[Row],
        *,
        pool: ThreadPoolExecutor,
        fan_out: FanOut | None = None,
    ) -> None:
        self._pool = pool
        self._engine, self._lease, self._trying, self._fan_out = engine, lease, trying, fan_out
        self.rows = rows
        self._place = {row.change.key: place for place, row in enumerate(rows)}

    def through(self, values: Values | None = None) -> bool:
        """Do what is not settled; False when somebody asked to stop. Rows that are not reached for good reason are settled too."""
        for wave in self._waves():
            if (why := self._why_not_further()) is not None:
                self._settle([(change, (Outcome(status="skipped", reason=why), None)) for change in wave])
            elif not self._wave(wave, values):
                return False
        return not self._lease.halt.is_set()

    def _why_not_further(self) -> Phrase | None:
        if self._fan_out is None:
            return None
        bad = [row for row in self.rows if failed(row)]
        canaries = {change.key for group in self._iterations() for change in group[: self._fan_out.canary]}
        if any(row.change.key in canaries for row in bad):
            return phrase("runs.canary-failed", targets=sorted({row.change.target for row in bad}))
        return phrase("runs.too-many-failed", count=len(bad)) if too_many_failed(self.rows, self._fan_out) else None

    def _iterations(self) -> list[list[Change]]:
        found: dict[int, list[Change]] = {}
        for row in self.rows:
            found.setdefault(row.change.iteration, []).append(row.change)
        return [found[iteration] for iteration in sorted(found)]

    def _waves(self) -> Iterator[list[Change]]:
        """Iterations one after the other; in each, canaries, then batches."""
        unsettled = {row.change.key for row in self.rows if not row.settled}
        fan = self._fan_out or FanOut()
        for mine in self._iterations():
            size = fan.batch or len(mine)
            waves = [mine[: fan.canary], *(mine[n : n + size] for n in range(fan.canary, len(mine), size))]
            for wave in waves:
                if left := [change for change in wave if change.key in unsettled]:
                    yield left

    def _wave(self, changes: list[Change], values: Values | None) -> bool:
        """Keep the workers busy: as soon as one is free, commit what came back and the intent of what comes next, together."""
        waiting, under_way = list(changes), dict[Future[Applied], Change]()
        back: list[tuple[Change, Applied]] = []
        while waiting or under_way or back:
            free = self._engine.workers - len(under_way)
            following, waiting = waiting[:free], waiting[free:]
            with self._lease.writing() as connection:
                self._write(connection, back)
                stop = self._lease.halt.is_set() or connection.execute(_CANCEL, {"id": self._lease.run}).scalar() is not None
                if not stop:
                    now = self._engine.clock.now()
                    intend(connection, self._lease.run, following, now)
                    note_ends(connection, self._lease.run, following, now=now, zone=self._engine.zone)
            self._tell(back)
            if stop:
                self._lease.halt.set()
                following, waiting = [], []
            under_way |= {self._pool.submit(self._applied, change, values): change for change in following}
            done = wait(under_way, return_when=FIRST_COMPLETED).done if under_way else set()
            back = [(under_way.pop(future), future.result()) for future in done]
        return not self._lease.halt.is_set()

    def _applied(self, change: Change, values: Values | None) -> Applied:
        if change.left_out is not None:
            return Outcome(status="skipped", reason=change.left_out), None
        outcome = self._trying.applied(change, None if values is None else lambda: values(change))
        return outcome, self._trying.undo(change, outcome)

    def settle(self, changes: list[Change], outcome: Outcome, undo: Change | Irreversible | None = None) -> None:
        """Give these changes an outcome that nothing was done for here; nobody is told."""
        if changes:
            with self._lease.writing() as connection:
                self._write(connection, [(change, (outcome, undo)) for change in changes])

    def _settle(self, done: list[tuple[Change, Applied]]) -> None:
        with self._lease.writing() as connection:
            self._write(connection, done)
        self._tell(done)

    def _write(self, connection: Connection, done: list[tuple[Change, Applied]]) -> None:
        for change, (outcome, undo) in done:
            settle(connection, self._lease.run, change, outcome, self._engine.clock.now(), undo=undo)
            self.note(change, outcome)

    def note(self, change: Change, outcome: Outcome) -> None:
        """Keep the rows at hand equal to the journal."""
        place = self._place[change.key]
        state = {"changed": "done", "already": "done", "conflict": "failed"}.get(outcome.status, outcome.status)
        self.rows[place] = Row(self.rows[place].position, state, change, outcome)

    def _tell(self, done: list[tuple[Change, Applied]]) -> None:
        settled = sum(row.settled for row in self.rows)
        for place, (change, (outcome, _)) in enumerate(done, 1):
            self._engine.tell(
                TargetDone(
                    run=self._lease.run,
                    step=change.step,
                    target=change.target,
                    change=change,
                    outcome=outcome,
                    done=settled - len(done) + place,
                    total=len(self.rows),
                )
            )


@contextmanager
def worker_threads(engine: Engine, lease: Lease) -> Iterator[ThreadPoolExecutor]:
    """Threads that do not outlast a signal: commands under way are killed instead of waited for."""
    with ThreadPoolExecutor(max_workers=engine.workers, thread_name_prefix="step") as pool:
        try:
            yield pool
        except BaseException:
            lease.halt.set()
            raise
