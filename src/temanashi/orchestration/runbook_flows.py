"""One flow per published runbook: `temanashi.orchestration.runbook_flows.morning_checks` is the entrypoint of `morning-checks`.

Nothing is read when a flow is looked up. The flow itself finds its runbook: one that is gone ends as a run that says so.
"""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from prefect import Flow
from prefect.client.schemas.objects import FlowRun, State

from temanashi.orchestration.driving import drive, record_cancellation

__all__ = ["entrypoint"]

NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def entrypoint(function: str) -> str:
    """The deployment entrypoint of the runbook whose flow function is `function`."""
    return f"{__name__}.{function}"


def _cancelled(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:  # noqa: ARG001  (Prefect calls hooks by these names)
    record_cancellation(UUID(str(flow_run.id)))


def __getattr__(name: str) -> Flow[..., Any]:
    if NAME.fullmatch(name) is None:
        raise AttributeError(name)

    def run(**inputs: Any) -> State[Any]:
        return drive(name, inputs)

    run.__name__ = run.__qualname__ = name
    return Flow(run, name=name, validate_parameters=False, persist_result=False, retries=0, on_cancellation=[_cancelled])
