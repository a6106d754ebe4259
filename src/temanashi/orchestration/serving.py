"""The worker's process. It is started by `LAUNCH` and not by `-m`: a forked child would import a main module a second time."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from temanashi.errors import TemanashiError
from temanashi.orchestration.environment import prefect_environment
from temanashi.orchestration.log_lines import redact_logs
from temanashi.orchestration.tether import end_with_parent
from temanashi.settings import Settings, find_workspace, load_settings

__all__ = ["LAUNCH", "READY_FD", "enter", "main"]

LAUNCH = ("-c", "from temanashi.orchestration.serving import main; main()")
READY_FD = "TEMA_READY_FD"
"""A file descriptor that hears, as one line of JSON, what the worker did before it began."""


def enter() -> Settings:
    """Become a process of the workspace: its environment, its folder, and the tether to the parent; raises WorkspaceError."""
    settings = load_settings(find_workspace())
    environment = prefect_environment(settings)
    for name in set(os.environ) - set(environment):
        del os.environ[name]
    os.environ.update(environment)
    Path(environment["PREFECT_HOME"]).mkdir(mode=0o700, parents=True, exist_ok=True)
    os.chdir(settings.root)
    redact_logs()
    end_with_parent()
    return settings


def main() -> None:
    """Serve the workspace's work pool until SIGTERM; exits with the code of an error of ours."""
    try:
        settings = enter()
        from temanashi.orchestration.worker import serve  # noqa: PLC0415  (Prefect reads its environment when it is imported)

        serve(settings, ready=_ready)
    except TemanashiError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_code)


def _ready(done: dict[str, Any]) -> None:
    if descriptor := os.environ.pop(READY_FD, ""):
        with os.fdopen(int(descriptor), "w", encoding="utf-8") as pipe:
            pipe.write(json.dumps(done) + "\n")
