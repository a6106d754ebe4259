"""`tema run --submit`: hand the run to the server, follow it, and answer like a run here."""

from __future__ import annotations

from temanashi.cli.output import progress, say_here
from temanashi.cli.showing_runs import exit_code, show_result
from temanashi.runs.advancing import advance
from temanashi.runs.reading import by_flow_run, run_view
from temanashi.runs.requests import RunRequest, offers_for
from temanashi.runs.results import Finished, Waiting
from temanashi.workspace.opening import Installation

__all__ = ["submit_and_follow"]


def submit_and_follow(installation: Installation, request: RunRequest, *, as_json: bool) -> int:
    """Validate here, submit, show what happens until the run ends or waits; the exit code of `tema run`."""
    from temanashi.orchestration.submitting import follow, submit
    from temanashi.runbooks.inputs import validate_inputs

    offers = offers_for(installation.engine(), request)
    values = validate_inputs(request.runbook, request.inputs, offers=offers)
    inputs = {name: value for name, value in values.items() if value is not None}
    flow_run = submit(
        installation.settings,
        request.runbook.id,
        inputs,
        actor=request.actor,
        ticket=request.ticket,
        beneficiary=request.beneficiary,
        reason=request.reason,
        identity_check=request.identity_check,
        again=request.again,
        checked=True,
    )
    progress(say_here("cli.submitted", flow_run=flow_run))
    try:
        for seen in follow(installation.settings, flow_run):
            progress(f"  {seen.at.astimezone(installation.settings.zone):%H:%M:%S} {seen.name} {seen.text}".rstrip())
    except KeyboardInterrupt:
        progress(say_here("cli.left", flow_run=flow_run))
        return 0
    with installation.database.reading() as connection:
        run = by_flow_run(connection, flow_run)
        if run is None:
            progress(say_here("cli.not-recorded", flow_run=flow_run), style="red")
            return 1
        view = run_view(connection, run)
    result: Finished | Waiting
    if view.wait is not None:
        result = Waiting(run=run, step=view.wait.step, kind=view.wait.kind, prompt=view.wait.prompt, until=view.wait.until)
    else:
        result = advance(installation.engine(), run)  # the run is over, so this only reads how it ended
    show_result(result, view, as_json=as_json)
    return exit_code(result)
