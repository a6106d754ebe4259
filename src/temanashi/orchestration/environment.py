"""The environment in which Prefect runs for one workspace: its own home, its own server, no telemetry."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

from temanashi.settings import Settings
from temanashi.workspace.local_token import PERSONAL, local_token

__all__ = ["POOL", "QUERY_SECONDS", "START_PATH", "WATCH", "api_url", "base_url", "flow_run_path", "prefect_environment"]

POOL = "temanashi"
"""The work pool, and the type of worker that serves it."""

WATCH = "temanashi-watch"
"""The flow, and its deployment, that looks after the others every minute."""

QUERY_SECONDS = 0.5
"""How often the worker asks for new runs. Prefect's default of 10 would be most of the wait of a person who clicked."""

START_PATH = "/v2/deployments"
"""The page of Prefect's UI where runbooks are run from."""

KEPT = ("PREFECT_LOGGING_LEVEL", "PREFECT_DEBUG_MODE")


def base_url(settings: Settings) -> str:
    """Where people reach this installation, `http://127.0.0.1:4200`; a wildcard address is reached by loopback."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104  (read, not bound)
    return f"http://{host}:{settings.port}"


def api_url(settings: Settings) -> str:
    """Where Prefect's clients reach its API."""
    return f"{base_url(settings)}/api"


def flow_run_path(flow_run: str) -> str:
    """The page of a flow run in Prefect's UI; `flow_run` may have the number of a part behind it."""
    return f"/v2/runs/flow-run/{flow_run[:36]}"


def prefect_environment(settings: Settings, *, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """The whole environment of a child process. What the caller's shell says of Prefect is dropped, or a profile or a key meant
    for another server would reach ours.
    """  # noqa: D205
    source = os.environ if environ is None else environ
    home = settings.state_dir / "prefect"
    passed = {
        name: value for name, value in source.items() if name != PERSONAL and (not name.startswith("PREFECT_") or name in KEPT)
    }
    ours = {
        "PREFECT_HOME": home,
        "PREFECT_API_URL": api_url(settings),
        "PREFECT_SERVER_API_HOST": settings.host,
        "PREFECT_SERVER_API_PORT": settings.port,
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{home / 'prefect.db'}",
        # Prefect allows every origin by default: any web page that a person opens could then start runs on this machine.
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": base_url(settings),
        "PREFECT_UI_API_URL": "/api",
        "PREFECT_UI_STATIC_DIRECTORY": home / "ui",
        # In the first UI, choices of a form do not open with a mouse in a current Chromium.
        "PREFECT_SERVER_UI_V2_ENABLED": "true",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
        "PREFECT_TELEMETRY_ENABLE_RESOURCE_METRICS": "false",
        "DO_NOT_TRACK": 1,
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": settings.purge_days * 86_400,
        "PREFECT_WORKER_QUERY_SECONDS": QUERY_SECONDS,
        # A run fetched before its time would only wait in a process of its own.
        "PREFECT_WORKER_PREFETCH_SECONDS": 0,
        "TEMA_WORKSPACE": settings.root,
        "PYTHONUNBUFFERED": 1,
        "TEMA_DATABASE_URL": settings.database,
        "TEMA_HOST": settings.host,
        "TEMA_PORT": settings.port,
    }
    if settings.gate.sign_in and (token := local_token(settings)):
        ours["PREFECT_CLIENT_CUSTOM_HEADERS"] = json.dumps({"Authorization": f"Bearer {token}"})
    return {**passed, **{name: str(value) for name, value in ours.items()}}
