"""What the pages need from Prefect, as plain functions: they never import it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient

from temanashi.orchestration.environment import POOL, START_PATH, api_url, flow_run_path
from temanashi.orchestration.submitting import ask_watch
from temanashi.orchestration.sweeping import wake
from temanashi.pages import Links
from temanashi.runs.reading import RunView
from temanashi.settings import Settings

__all__ = ["prefect_links"]

SECONDS = 3.0


def prefect_links(settings: Settings) -> Links:
    """Wake a decided run, and see when the worker was last heard of."""

    def wake_run(run: RunView) -> None:
        if run.flow_run:
            with _client(settings) as client:
                wake(client, UUID(run.flow_run[:36]), why="decided on its page")
        else:
            ask_watch(settings)

    def worker_seen() -> datetime | None:
        with _client(settings) as client:
            workers = client.read_workers_for_work_pool(POOL, limit=10)
        return max((w.last_heartbeat_time for w in workers if w.last_heartbeat_time is not None), default=None)

    return Links(wake=wake_run, worker_seen=worker_seen, flow_run=flow_run_path, start=START_PATH)


def _client(settings: Settings) -> SyncPrefectClient:
    return SyncPrefectClient(api_url(settings), httpx_settings={"timeout": SECONDS, "trust_env": False})
