"""Occurrences that may still start and that Prefect never made: its scheduler plans a few ahead, and an outage may last longer."""

from __future__ import annotations

from datetime import datetime, timedelta

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.responses import DeploymentResponse
from prefect.exceptions import ObjectNotFound
from prefect.states import Scheduled

from temanashi.orchestration.deployments import WITHDRAWN
from temanashi.runs.engine import Engine
from temanashi.runs.expected import claim
from temanashi.workspace.beginning import Due

__all__ = ["start_missing"]

PAGE = 200
CLAIM = timedelta(seconds=5)


def start_missing(engine: Engine, client: SyncPrefectClient, due: list[Due]) -> list[str]:
    """Make flow runs for them, the oldest first; their names. What was switched off in Prefect stays off."""
    started = []
    for one in sorted(due, key=lambda d: d.at):
        deployment = _deployment(client, one)
        if deployment is None or _made_already(client, deployment, one.at):
            continue
        flow_run = client.create_flow_run_from_deployment(
            deployment.id,
            parameters=dict(one.schedule.parameters) if one.schedule is not None else {},
            state=Scheduled(scheduled_time=engine.clock.now() + CLAIM),  # it must not begin before it is ours
            idempotency_key=f"occurrence {one.name} {one.key[2]}",
        )
        with engine.database.transaction() as connection:
            if claim(connection, one.runbook.id, one.id, one.at, str(flow_run.id)):
                started.append(f"{one.name} {one.key[2]}")
                continue
        client.delete_flow_run(flow_run.id)
    return started


def _deployment(client: SyncPrefectClient, due: Due) -> DeploymentResponse | None:
    name = due.runbook.id
    try:
        found = client.read_deployment_by_name(f"{name}/{name}")
    except ObjectNotFound:
        return None
    if found.paused or WITHDRAWN in (found.tags or ()):
        return None
    switched_off = [s for s in found.schedules if s.slug in {due.id, f"{name}-{due.id}"} and not s.active]
    return None if switched_off else found


def _made_already(client: SyncPrefectClient, deployment: DeploymentResponse, at: datetime) -> bool:
    wanted = {
        "deployment_id": {"any_": [str(deployment.id)]},
        "expected_start_time": {"after_": at.isoformat(), "before_": at.isoformat()},
    }
    found = client.read_flow_runs(flow_run_filter=FlowRunFilter.model_validate(wanted), limit=PAGE)
    return any(flow_run.auto_scheduled for flow_run in found)
