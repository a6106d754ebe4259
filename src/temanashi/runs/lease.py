"""The lease of a run: one live process works on it, with a fencing number that every write checks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Self

from sqlalchemy import Connection, select, update

from temanashi.errors import LedgerError
from temanashi.runs.engine import Engine
from temanashi.runs.overlap import take_turn
from temanashi.runs.owners import free_to_end, new_owner
from temanashi.runs.results import LeaseLost, NoRun, RunBusy
from temanashi.runs.tables import RUNS

__all__ = ["LEASE_SECONDS", "Lease", "free_to_end", "hold"]

LEASE_SECONDS = 60
RENEW_SECONDS = 1.0


class Lease:
    """A held lease. `halt` is set when somebody asked the run to stop, or the lease was lost."""

    def __init__(self, engine: Engine, run: str, owner: str, fence: int) -> None:
        self.run, self.owner, self.fence = run, owner, fence
        self.halt = threading.Event()
        self._engine = engine
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"lease-{run[-6:]}", daemon=True)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that commits only while the lease is ours; raises LeaseLost."""
        with self._engine.database.transaction() as connection:
            self.renew(connection)
            yield connection

    def renew(self, connection: Connection) -> None:
        """Push the end of the lease forward; raises LeaseLost."""
        until = self._engine.clock.now() + timedelta(seconds=LEASE_SECONDS)
        ours = (RUNS.c.id == self.run) & (RUNS.c.fence == self.fence)
        if connection.execute(update(RUNS).where(ours).values(lease_until=until.isoformat())).rowcount != 1:
            self.halt.set()
            raise LeaseLost(self.run)

    def _keep(self) -> None:
        renewed = self._engine.clock.monotonic()
        while not self._end.wait(RENEW_SECONDS):
            try:
                with self._engine.database.reading() as connection:
                    if connection.execute(select(RUNS.c.cancel).where(RUNS.c.id == self.run)).scalar():
                        self.halt.set()
                if self._engine.clock.monotonic() - renewed > LEASE_SECONDS / 4:
                    with self.writing():
                        renewed = self._engine.clock.monotonic()
            except LeaseLost:
                return
            except LedgerError:
                continue  # a locked or full database is met, with its message, by the next write of the run itself

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()


@contextmanager
def hold(engine: Engine, run: str) -> Iterator[Lease]:
    """Claim the run, keep the lease alive, give it back; raises NoRun, RunBusy and NotItsTurn."""
    owner = new_owner()
    try:
        with Lease(engine, run, owner, _claim(engine, run, owner)) as lease:
            yield lease
    finally:  # also when a signal comes between the claim and the work
        ours = (RUNS.c.id == run) & (RUNS.c.lease_owner == owner)
        # A database that fails here fails the run's next write with its message; a lease of a dead process is free anyway.
        with suppress(LedgerError), engine.database.transaction() as connection:
            connection.execute(update(RUNS).where(ours).values(lease_owner=None, lease_until=None))


def _claim(engine: Engine, run: str, owner: str) -> int:
    """Take the lease; the fence of the one who has it now."""
    with engine.database.transaction() as connection:
        row = connection.execute(select(RUNS.c.fence, RUNS.c.lease_owner, RUNS.c.lease_until).where(RUNS.c.id == run)).one_or_none()
        if row is None:
            raise NoRun(run)
        now = engine.clock.now()
        if not free_to_end(row.lease_owner, row.lease_until, now):
            raise RunBusy(run, "/".join(row.lease_owner.split("/")[:2]))
        until = (now + timedelta(seconds=LEASE_SECONDS)).isoformat()
        take_turn(connection, run, now)
        values = {"fence": row.fence + 1, "lease_owner": owner, "lease_until": until}
        connection.execute(update(RUNS).where(RUNS.c.id == run).values(**values))
    return int(row.fence) + 1
