"""What every run needs, imported once in the forkserver, so that a run starts in the time of a fork.

Never a workspace: what a workspace says is read by the run itself, or yesterday's files would run today.
"""

from __future__ import annotations

import importlib
import threading

import httpx
import prefect.artifacts
import prefect.client.orchestration
import prefect.engine
import prefect.flow_engine
import prefect.input
import prefect.logging.handlers
import prefect.runner
import sqlalchemy.dialects.sqlite

import temanashi.orchestration.runbook_flows

__all__ = ["MODULES", "THREADS"]

MODULES = (
    httpx,
    prefect.artifacts,
    prefect.client.orchestration,
    prefect.engine,
    prefect.flow_engine,
    prefect.input,
    prefect.logging.handlers,
    prefect.runner,
    sqlalchemy.dialects.sqlite,
    temanashi.orchestration.runbook_flows,
    # Prefect imports these in the middle of a run.
    *map(
        importlib.import_module,
        ("prefect.states", "prefect.task_engine", "prefect.deployments.steps.core", "sqlite3", "websockets"),
    ),
)
"""Held so that nothing calls the imports unused."""

THREADS = threading.active_count()
"""Threads after the imports: a fork copies only one, and a lock that another held stays locked for ever."""
