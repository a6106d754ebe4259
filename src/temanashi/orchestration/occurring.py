"""A flow run that a schedule made, as an occurrence: asked for only if it may start, and written down either way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from prefect.client.schemas.objects import FlowRun, State, StateType

from temanashi.errors import TemanashiError
from temanashi.orchestration.asking import Asker, tagged
from temanashi.orchestration.tags import TICKET
from temanashi.runbooks.model import Runbook
from temanashi.runs.engine import Engine
from temanashi.runs.expected import of_flow_run, settle_occurrence
from temanashi.runs.overlap import Overlapping
from temanashi.runs.requests import RunRequest, request_run
from temanashi.text import Lang, LocalText, explain, phrase
from temanashi.text.local import LANGUAGES, Phrase
from temanashi.workspace.beginning import SCHEDULER, Due, NotStarted, begin, due_occurrence, not_run
from temanashi.workspace.versions import PublishedWorkspace

__all__ = ["due_of", "not_started_state", "request_due"]

NAMES = {"held": "Held", "skipped": "Skipped", "overlap": "Skipped", "late": "Missed", "superseded": "Missed"}


def due_of(
    engine: Engine, flow_run: FlowRun, published: PublishedWorkspace, runbook: Runbook, inputs: Mapping[str, Any]
) -> Due | None:
    """The occurrence that a flow run is; None when a person asked for it."""
    with engine.database.reading() as connection:
        known = of_flow_run(connection, str(flow_run.id))
    if known is not None and known.runbook == runbook.id:  # made by the watch, or seen before
        return due_occurrence(published, runbook, known.at, slug=known.schedule, parameters=inputs)
    at = flow_run.expected_start_time
    if not flow_run.auto_scheduled or at is None:
        return None
    creator = flow_run.created_by
    slug = (creator.display_value or "") if creator is not None and creator.type == "SCHEDULE" else ""
    return due_occurrence(published, runbook, at, slug=slug, parameters=inputs)


def request_due(engine: Engine, published: PublishedWorkspace, due: Due, flow_run: FlowRun, make: Callable[..., RunRequest]) -> str:
    """Ask for the run of an occurrence; its id. Raises NotStarted, and what `request_run` raises, on the record."""
    waits = begin(engine, published, due, flow_run=str(flow_run.id))
    asked = Asker(SCHEDULER, "schedule", tagged(flow_run, TICKET))
    slot = None if due.runbook.toil.demand.on_request else due.slot.isoformat()
    try:
        run = request_run(engine, make(asked, slot=slot, due=due.at, waits=waits))
    except TemanashiError as error:
        reason = _reason(error)
        overlap = isinstance(error, Overlapping)
        with engine.database.transaction() as connection:
            not_run(engine, connection, [due], "overlap" if overlap else "refused", reason)
        if overlap:
            raise NotStarted(due.name, "overlap", reason) from error
        raise
    with engine.database.transaction() as connection:
        settle_occurrence(connection, due.key, "started", run=run)
    return run


def _reason(error: TemanashiError) -> Phrase:
    if isinstance(error, Overlapping):
        return phrase("runs.overlapped", run=error.data["run"], actor=error.data["actor"])
    return phrase("runs.not-accepted", problem=LocalText.model_validate({lang: explain(error, lang).what for lang in LANGUAGES}))


def not_started_state(error: NotStarted | Overlapping, *, lang: Lang) -> State[Any]:
    """Grey, never green and never red: it did not run, and somebody or the runbook wanted it so."""
    if isinstance(error, Overlapping):
        return State(type=StateType.CANCELLED, name="Skipped", message=explain(error, lang).what)
    name = NAMES.get(error.data["state"], "Skipped")
    return State(type=StateType.CANCELLED, name=name, message=error.data["reason"].text(lang))
