"""For flows written in Python: run runbooks one after the other, each on the record, and end as the worst of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from prefect.client.schemas.objects import State
from prefect.context import FlowRunContext
from prefect.logging import get_run_logger

from temanashi.changes import Verdict
from temanashi.ledger.records import RunOutcome
from temanashi.orchestration.artifacts import leave_artifacts
from temanashi.orchestration.display import Display
from temanashi.orchestration.driving import carry_through, current_flow_run, requested
from temanashi.orchestration.environment import base_url
from temanashi.orchestration.final_states import final_state
from temanashi.orchestration.keeping_secrets import keeping_secrets
from temanashi.orchestration.secret_blocks import resolver
from temanashi.runs.reading import run_view
from temanashi.runs.results import Finished
from temanashi.settings import find_workspace, load_settings
from temanashi.workspace.afterwards import after_run
from temanashi.workspace.opening import open_installation

__all__ = ["RunReport", "conclude", "run_runbook"]


@dataclass(frozen=True, kw_only=True)
class RunReport:
    """How one runbook ended. `good` is: done, and nothing worse than a warning was measured."""

    runbook: str
    finished: Finished

    @property
    def run(self) -> str:
        """The id of the run."""
        return self.finished.run

    @property
    def outcome(self) -> RunOutcome:
        """How it ended."""
        return self.finished.outcome

    @property
    def verdict(self) -> Verdict | None:
        """The worst verdict of its checks."""
        return self.finished.verdict

    @property
    def good(self) -> bool:
        """Whether the next runbook may build on it."""
        return self.outcome == "done" and self.verdict not in {Verdict.CRITICAL, Verdict.UNKNOWN}


def run_runbook(runbook: str, **inputs: Any) -> RunReport:
    """Run a published runbook inside the current flow; raises InputError, RunError and LedgerError.

    A manual step suspends the flow. Prefect then calls the flow again from its top, and runbooks that are over return at once:
    call them in the same order each time.
    """
    flow_run = current_flow_run()
    settings = load_settings(find_workspace())
    with Display(flow_run, settings.language) as display, open_installation(create=False) as installation:
        engine = installation.engine(display, secret=resolver())
        part = f":{_count()}"
        with keeping_secrets(engine.redactor):
            run = requested(engine, flow_run, lambda r: r.id == runbook, inputs, name=runbook, part=part)
            finished = carry_through(engine, run, settings=settings)
        with engine.database.reading() as connection:
            view = run_view(connection, run)
        for problem in after_run(installation, view):
            get_run_logger().warning("%s", problem.text(settings.language))
    leave_artifacts(view, lang=settings.language, zone=settings.zone, page=f"{base_url(settings)}/tema/runs/{run}")
    return RunReport(runbook=runbook, finished=finished)


def _count() -> int:
    """Which call this is in this execution of the flow, kept in Prefect's own context of it."""
    context = FlowRunContext.get()
    if context is None:
        raise AssertionError
    context.observed_flow_pauses["temanashi"] = context.observed_flow_pauses.get("temanashi", 0) + 1
    return context.observed_flow_pauses["temanashi"]


def conclude(*reports: RunReport) -> State[Any]:
    """The final state for a flow that ran these: that of the worst. What did not run is never green, so no report is Failed."""
    lang = load_settings(find_workspace()).language
    order = ("cancelled", "failed", "refused", "unknown", "done")
    verdicts = (Verdict.CRITICAL, Verdict.UNKNOWN, Verdict.WARNING)
    if not reports:
        return final_state(Finished(run="", outcome="unknown", verdict=None), lang=lang)
    worst = min(
        reports, key=lambda r: (order.index(r.outcome), verdicts.index(r.verdict) if r.verdict in verdicts else len(verdicts))
    )
    return final_state(worst.finished, lang=lang)
