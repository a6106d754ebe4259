"""Asking once more for what was asked for before: which run that was, and what changed since."""

from __future__ import annotations

from sqlalchemy import Connection
from starlette.requests import Request

from temanashi.changes import Plan
from temanashi.pages.site import Site
from temanashi.pages.visible import visible
from temanashi.runbooks.model import Runbook
from temanashi.runs.approvals.plans import ToldPlan, differences, told
from temanashi.runs.approvals.store import overtaken
from temanashi.runs.engine import Engine
from temanashi.runs.journal import read_rows
from temanashi.runs.reading import RunView, run_view
from temanashi.runs.results import NoRun
from temanashi.text import Phrase

__all__ = ["earlier_run", "since_then"]


def earlier_run(site: Site, connection: Connection, request: Request, runbook: Runbook, run: str) -> RunView | None:
    """The run that is asked for once more: one of this runbook that the reader may see; None for anything else."""
    if not run:
        return None
    try:
        found = run_view(connection, run)
    except NoRun:
        return None
    return found if found.runbook == runbook.id and visible(site, connection, request, [found]) else None


def since_then(site: Site, run: str, plan: Plan) -> list[Phrase]:
    """What changed since an earlier run was planned, in sentences."""
    engine = site.installation.engine()
    with site.installation.database.reading() as connection:
        before, view = overtaken(connection, run), run_view(connection, run)
        if before is None:
            changes = tuple(row.change for row in read_rows(connection, run))
            before = _told(engine, Plan(runbook=view.runbook, version=view.version, inputs=view.inputs, changes=changes))
    return differences(before, _told(engine, plan))


def _told(engine: Engine, plan: Plan) -> ToldPlan:
    return ToldPlan.model_validate(engine.redactor.value(told(plan).model_dump(mode="json")))
