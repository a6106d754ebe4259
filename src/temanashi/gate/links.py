"""What the pages need from Prefect, as plain functions: they never import it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId
from prefect.exceptions import ObjectNotFound

from temanashi.gate.recognition import ACTS
from temanashi.orchestration.environment import POOL, START_PATH, api_url, flow_run_path
from temanashi.orchestration.submitting import ask_watch, submit
from temanashi.orchestration.sweeping import wake
from temanashi.pages import Links
from temanashi.pages.site import Queued
from temanashi.people import Actor
from temanashi.runs.reading import RunView
from temanashi.settings import Settings
from temanashi.signin.recognising import uuid_of
from temanashi.text import say

__all__ = ["prefect_links"]

SECONDS = 3.0
MOST_QUEUED = 50


def prefect_links(settings: Settings, *, internal: str = "") -> Links:
    """Wake a decided run, hand a new one over, and see when the worker was last heard of.

    `internal` is the token by which the gate knows these calls as its own, where people sign in.
    """
    headers = {"Authorization": f"Bearer {internal}"} if internal else {}

    def wake_run(run: RunView) -> None:
        if run.flow_run:
            with _client(settings, headers) as client:
                wake(client, UUID(run.flow_run[:36]), why="decided on its page")
        else:
            ask_watch(settings, headers=headers)

    def worker_seen() -> datetime | None:
        with _client(settings, headers) as client:
            workers = client.read_workers_for_work_pool(POOL, limit=10)
        return max((w.last_heartbeat_time for w in workers if w.last_heartbeat_time is not None), default=None)

    def submit_run(runbook: str, inputs: Mapping[str, Any], actor: Actor, about: Mapping[str, str]) -> str:
        acting = {ACTS: b64encode(actor.model_dump_json().encode()).decode()} if internal else {}
        return submit(settings, runbook, inputs, actor=actor, channel="page", checked=True, headers={**headers, **acting}, **about)

    def refusal(flow_run: str) -> str:
        with _client(settings, headers) as client:
            try:
                state = client.read_flow_run(UUID(flow_run)).state
            except (ObjectNotFound, ValueError):
                return say("pages.started-unknown", settings.language)
        return str(state.message or state.name) if state is not None and state.is_final() else ""

    def queued(user: str) -> list[Queued]:
        with _client(settings, headers) as client:
            return _queued(client, user)

    return Links(
        wake=wake_run,
        worker_seen=worker_seen,
        submit=submit_run,
        refusal=refusal,
        flow_run=flow_run_path,
        start=START_PATH,
        queued=queued,
    )


def _queued(client: SyncPrefectClient, user: str) -> list[Queued]:
    """The newest first. Prefect's own client knows no filter by who asked."""
    waiting = {"type": {"any_": ["SCHEDULED", "PENDING"]}}
    mine = {"created_by": {"id_": [str(uuid_of(user))]}, "state": waiting}
    asked = {"flow_runs": mine, "sort": "EXPECTED_START_TIME_DESC", "limit": MOST_QUEUED}
    found = [run for run in client._client.post("/flow_runs/filter", json=asked).json() if run["deployment_id"]]  # noqa: SLF001
    if not found:
        return []
    wanted = DeploymentFilter(id=DeploymentFilterId(any_=[UUID(run["deployment_id"]) for run in found]))
    names = {str(one.id): one.name for one in client.read_deployments(deployment_filter=wanted)}
    return [
        Queued(run["id"], names[run["deployment_id"]], datetime.fromisoformat(run["expected_start_time"]))
        for run in found
        if run["deployment_id"] in names and run["expected_start_time"]
    ]


def _client(settings: Settings, headers: Mapping[str, str]) -> SyncPrefectClient:
    client = SyncPrefectClient(api_url(settings), httpx_settings={"timeout": SECONDS, "trust_env": False})
    client._client.headers.update(headers)  # noqa: SLF001  (else what the environment says goes before)
    return client
