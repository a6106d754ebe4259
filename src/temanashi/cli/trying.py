"""`tema check try`: make one check now, on the record as a drill, and show what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from temanashi.cli.language import language
from temanashi.cli.options import Actor, Json, Reason, Root
from temanashi.cli.output import MARKS, answer, emit, mark, say_here

if TYPE_CHECKING:
    from temanashi.runs.reading import RunView

__all__ = ["try_check"]


def try_check(
    source: Annotated[str, typer.Argument(metavar="RUNBOOK|FILE", help=say_here("cli.help-try-source"))],
    check: Annotated[str, typer.Argument(metavar="[STEP/]CHECK", help=say_here("cli.help-try-check"))],
    host: Annotated[str, typer.Option("--host", metavar="SELECTOR", help=say_here("cli.help-try-host"))] = "",
    param: Annotated[list[str] | None, typer.Option("--param", "-p", metavar="NAME=VALUE", help=say_here("cli.help-param"))] = None,
    reason: Reason = "",
    actor: Actor = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Make one check now."""
    from temanashi.cli.carrying_out import carry_out, published_here
    from temanashi.cli.running import parameters_of
    from temanashi.people import current_actor
    from temanashi.runs.requests import RunRequest, request_run
    from temanashi.workspace.opening import open_installation
    from temanashi.workspace.trying_checks import runbook_to_try

    inputs = parameters_of(param or [])
    with open_installation(workspace) as installation:
        published = published_here(installation)
        runbook = runbook_to_try(published, source, check, host=host)
        engine = installation.engine()
        request = RunRequest(
            runbook=runbook,
            workspace_version=published.digest,
            inventory=published.inventory,
            inputs=inputs,
            actor=current_actor(actor),
            channel="cli",
            mode="drill",
            reason=reason,
        )
        raise typer.Exit(carry_out(installation, engine, request_run(engine, request), as_json=json, show=_show))


def _show(result: Any, view: RunView, *, as_json: bool) -> None:
    from temanashi.cli.showing_runs import exit_code, show_result
    from temanashi.text.local import Phrase

    details = [(row.target, detail) for step in view.steps for row in step.rows for detail in row.details if "verdict" in detail]
    if not details:
        show_result(result, view, as_json=as_json)
        return
    if as_json:
        found = [{"target": target, **detail} for target, detail in details]
        emit({"exit": exit_code(result), "run": view.id, "mode": view.mode, "checks": found})
        return
    for target, detail in details:
        why = Phrase.model_validate(detail["reason"]).text(language()) if detail.get("reason") else ""
        answer(f"{mark(detail['verdict'])}  {target} {detail['check']}  {why}", style=MARKS[detail["verdict"]][0])
        for metric in detail.get("metrics") or ():
            limits = [f"{name} {metric[name]}" for name in ("warn", "crit") if metric.get(name)]
            value = "-" if metric.get("value") is None else f"{metric['value']:g}{metric.get('unit', '')}"
            answer("  ".join([f"    {metric['name']} = {value}", *limits]))
    answer(say_here("cli.try-recorded", run=view.id))
