"""Runs that nobody works on, woken: after a crash, after a decision made elsewhere, after a wait that expired."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowRunFilter, WorkPoolFilter
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.client.schemas.responses import DeploymentResponse
from prefect.exceptions import ObjectNotFound
from prefect.states import Crashed, Scheduled
from sqlalchemy import Connection

from temanashi.errors import RunError
from temanashi.orchestration import runbook_flows
from temanashi.orchestration.environment import POOL
from temanashi.people import Actor
from temanashi.runs.advancing import advance
from temanashi.runs.approvals.store import latest
from temanashi.runs.engine import Engine
from temanashi.runs.reading import RunView, by_flow_run, recent_runs, run_view, runs_with_dead_lease
from temanashi.runs.results import AlreadyEnded, NoRun, RunBusy
from temanashi.runs.stopping import OVER, cancel

__all__ = ["Swept", "sweep", "wake"]

SETTLE_SECONDS = 20.0
"""Younger states are left alone: a process that is just starting looks like one that is gone."""

MOST_RESTARTS = 50
MOST_LIVE = 500
PAGE = 200
SYSTEM = Actor(name="temanashi", kind="system")


@dataclass
class Swept:
    """What the sweep did, by run id or flow run id."""

    woken: list[str] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    crashed: list[str] = field(default_factory=list)
    advanced: list[str] = field(default_factory=list)


def wake(client: SyncPrefectClient, flow_run: UUID, *, why: str) -> None:
    """Have the worker run a flow run again, whatever state it is in; the flow goes on from the journal."""
    client.set_flow_run_state(flow_run, Scheduled(name="Resuming", message=why), force=True)


def sweep(engine: Engine, client: SyncPrefectClient, *, settle: float = SETTLE_SECONDS, one_machine: bool = True) -> Swept:
    """Look once. `one_machine` says that every worker is here, so that a process id that is gone is a run that is gone."""
    swept = Swept()
    now = engine.clock.now()
    with engine.database.reading() as connection:
        idle = runs_with_dead_lease(connection, now)
        live = recent_runs(connection, limit=MOST_LIVE, states=("planned", "running", "waiting"))
    idle_ids = {run.id for run in idle}
    for run in idle:
        if run.flow_run:
            _wake_or_end(engine, client, run, swept, before=now - timedelta(seconds=settle))
        elif run.state == "waiting":
            _go_on(engine, run, swept)
    for run in live:
        # Prefect has no process to tell when a waiting run is cancelled, or one whose worker was killed.
        if run.flow_run and run.id not in idle_ids and not run.cancel_asked and _cancelled(client, run):
            _end(engine, run, swept)
    _wake_overtaken(engine, client, swept)
    if one_machine:
        _restart_lost(engine, client, swept, before=now - timedelta(seconds=settle))
    return swept


def _flow_run_id(run: RunView) -> UUID:
    return UUID(run.flow_run[:36])  # a flow that composes runbooks numbers its runs behind its own id


def _cancelled(client: SyncPrefectClient, run: RunView) -> bool:
    try:
        state = client.read_flow_run(_flow_run_id(run)).state
    except ObjectNotFound:
        return True
    return state is not None and state.type in {StateType.CANCELLED, StateType.CANCELLING}


def _wake_or_end(engine: Engine, client: SyncPrefectClient, run: RunView, swept: Swept, *, before: datetime) -> None:
    try:
        flow_run = client.read_flow_run(_flow_run_id(run))
    except ObjectNotFound:
        return _end(engine, run, swept)
    state = flow_run.state
    if state is None or state.type is StateType.SCHEDULED:
        return None
    if state.type in {StateType.CANCELLED, StateType.CANCELLING}:
        return _end(engine, run, swept)
    on_its_way = state.type in {StateType.PENDING, StateType.RUNNING}
    if (on_its_way and state.timestamp > before) or flow_run.run_count > MOST_RESTARTS:
        return None
    wake(client, flow_run.id, why="no live process works on this run")
    swept.woken.append(run.id)
    return None


def _end(engine: Engine, run: RunView, swept: Swept) -> None:
    with contextlib.suppress(AlreadyEnded):
        cancel(engine, run.id, actor=SYSTEM, channel="schedule", reason="cancelled or deleted in Prefect")
        swept.cancelled.append(run.id)


def _go_on(engine: Engine, run: RunView, swept: Swept) -> None:
    """A run that `tema run` began and somebody decided on a page: nobody else would go on with it."""
    with contextlib.suppress(RunBusy, RunError):
        advance(engine, run.id)
        swept.advanced.append(run.id)


def _wake_overtaken(engine: Engine, client: SyncPrefectClient, swept: Swept) -> None:
    """Flow runs that Prefect suspended for an answer that was given elsewhere (`tema resume`, `tema cancel`): it asks in vain."""
    for flow_run in _in_states(client, "PAUSED"):
        key = (flow_run.state and flow_run.state.state_details.pause_key) or ""
        run, step = key[:36], key[37:].rpartition("-")[0]  # as `ask` made it
        with engine.database.reading() as connection, contextlib.suppress(NoRun):
            view = run_view(connection, run)
            elsewhere = view.wait is not None and (view.wait.step != step or _asked_again(connection, run, step, key))
            if view.state in OVER or elsewhere:
                wake(client, flow_run.id, why="answered elsewhere")
                swept.woken.append(run)


def _asked_again(connection: Connection, run: str, step: str, key: str) -> bool:
    """Whether the approval that a form asks for was overtaken by another request: the form shows an old plan."""
    asked = latest(connection, run, step, lock=False)
    return asked is not None and not key.rpartition("-")[2].startswith(f"{asked.number}r")


def _restart_lost(engine: Engine, client: SyncPrefectClient, swept: Swept, *, before: datetime) -> None:
    """Flow runs whose process died before the journal heard of them, or that have no journal."""
    runbooks = f"{runbook_flows.__name__}."
    deployments: dict[UUID, DeploymentResponse | None] = {}
    for flow_run in _in_states(client, "PENDING", "RUNNING"):
        state = flow_run.state
        if state is None or state.timestamp > before or _alive(flow_run) or _journaled(engine, flow_run):
            continue
        key = flow_run.deployment_id
        if key is not None and key not in deployments:
            deployments[key] = _deployment(client, key)
        deployment = deployments.get(key) if key is not None else None
        if deployment is not None and (deployment.entrypoint or "").startswith(runbooks):
            wake(client, flow_run.id, why="its process ended before it began")
            swept.woken.append(str(flow_run.id))
        else:
            _crash(client, flow_run.id)
            swept.crashed.append(str(flow_run.id))


def _in_states(client: SyncPrefectClient, *wanted: str) -> list[FlowRun]:
    types = {"state": {"type": {"any_": wanted}}}
    pool = WorkPoolFilter.model_validate({"name": {"any_": [POOL]}})
    return list(client.read_flow_runs(flow_run_filter=FlowRunFilter.model_validate(types), work_pool_filter=pool, limit=PAGE))


def _alive(flow_run: FlowRun) -> bool:
    if not flow_run.infrastructure_pid or not flow_run.infrastructure_pid.isdigit():
        return False
    try:
        os.kill(int(flow_run.infrastructure_pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _journaled(engine: Engine, flow_run: FlowRun) -> bool:
    with engine.database.reading() as connection:
        return by_flow_run(connection, str(flow_run.id)) is not None


def _deployment(client: SyncPrefectClient, deployment: UUID) -> DeploymentResponse | None:
    try:
        return client.read_deployment(deployment)
    except ObjectNotFound:
        return None


def _crash(client: SyncPrefectClient, flow_run: UUID) -> None:
    state: State[None] = Crashed(message="Its process is gone.")
    client.set_flow_run_state(flow_run, state, force=True)
