"""The start of the day: the morning checks, and when they are not good, a look for what fills the disk."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from temanashi.orchestration.composing import conclude, run_runbook


@flow(name="start-day")
def start_day(large_file_mb: int = 500) -> State[Any]:
    """Run the morning checks; when something is wrong, list the large files too, so that the person who comes in can begin."""
    reports = [run_runbook("morning-checks")]
    if not reports[0].good:
        reports.append(run_runbook("find-large-files", megabytes=large_file_mb))
    return conclude(*reports)
