"""Flow runs that wait for their turn: a short while in their process, then suspended, until somebody wakes the next one."""

from __future__ import annotations

import contextlib
from uuid import UUID, uuid4

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import StateType
from prefect.exceptions import ObjectNotFound
from prefect.flow_runs import suspend_flow_run
from prefect.logging import get_run_logger
from prefect.states import Scheduled

from temanashi.runs.engine import Engine
from temanashi.runs.overlap import turns_to_take, wait_for_turn

__all__ = ["stand_in_line", "wake_next", "wake_queued"]

PATIENCE_SECONDS = 15.0
"""Most runs are over sooner; to suspend and wake a flow run costs a process."""


def stand_in_line(engine: Engine, run: str) -> None:
    """Return when it is a run's turn; after a while the flow run is suspended, and Prefect ends this process."""
    logger = get_run_logger()
    while not wait_for_turn(engine, run, seconds=PATIENCE_SECONDS, tell=lambda ahead: logger.info("waits for run %s", ahead)):
        # A key of its own each time: Prefect goes on at once where a key was used up.
        suspend_flow_run(timeout=None, key=f"{run}-turn-{uuid4().hex[:8]}")


def wake_queued(engine: Engine, client: SyncPrefectClient) -> list[str]:
    """Wake the suspended flow runs whose turn it is; their ids."""
    with engine.database.reading() as connection:
        waiting = turns_to_take(connection, engine.clock.now())
    woken = []
    for flow_run in waiting:
        with contextlib.suppress(ObjectNotFound, ValueError):
            state = client.read_flow_run(UUID(flow_run[:36])).state
            if state is not None and state.type is StateType.PAUSED:
                client.set_flow_run_state(UUID(flow_run[:36]), Scheduled(name="Resuming", message="its turn came"), force=True)
                woken.append(flow_run)
    return woken


def wake_next(engine: Engine) -> None:
    """The same, at the end of a run; a server that does not answer now leaves it to the watch."""
    with engine.database.reading() as connection:
        if not turns_to_take(connection, engine.clock.now()):
            return
    with contextlib.suppress(Exception), get_client(sync_client=True) as client:
        wake_queued(engine, client)
