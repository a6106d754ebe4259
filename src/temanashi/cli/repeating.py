"""`tema retry` and `tema undo`: come back to a run that is over."""

from __future__ import annotations

import json as json_text
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from temanashi.cli.language import language
from temanashi.cli.options import Actor, Json, Reason, Root
from temanashi.cli.output import answer, emit, progress, say_here

if TYPE_CHECKING:
    from temanashi.workspace.opening import Installation

__all__ = ["register"]

RunId = Annotated[str, typer.Argument(help=say_here("cli.help-run-id"))]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(help=say_here("cli.help-retry"))(retry)
    app.command(help=say_here("cli.help-undo"))(undo)


def retry(
    run: RunId,
    failed: Annotated[bool, typer.Option("--failed/--all", help=say_here("cli.help-retry-failed"))] = True,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=say_here("cli.help-dry-run"))] = False,
    reason: Reason = "",
    actor: Actor = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Make a run again with the same inputs, on the targets that failed; with the version that is published now."""
    from temanashi.cli.carrying_out import carry_out, published_here
    from temanashi.cli.identifying import act_as
    from temanashi.cli.showing_runs import LiveProgress, show_plan
    from temanashi.people import current_actor
    from temanashi.runbooks.calls import called_by
    from temanashi.runs.again import failed_targets
    from temanashi.runs.reading import run_view
    from temanashi.runs.requests import RunRequest, request_run
    from temanashi.runs.requests import dry_run as plan_only
    from temanashi.workspace.first import runbook_named
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace, create=False) as installation:
        engine = installation.engine(LiveProgress())
        with installation.database.reading() as connection:
            view = run_view(connection, run)
        limit = failed_targets(engine, run) if failed else ()
        published = published_here(installation)
        wanted = runbook_named(published, view.runbook)
        if wanted.version != view.version:
            progress(say_here("cli.retry-new-version", run=run), style="yellow")
        if limit:
            progress(say_here("cli.retry-targets", targets=list(limit)))
        request = RunRequest(
            runbook=wanted,
            called=called_by(wanted, published.runbooks),
            workspace_version=published.digest,
            inventory=published.inventory,
            inputs=view.inputs,
            actor=current_actor(actor),
            channel="cli",
            beneficiary=view.beneficiary,
            identity_check=view.identity_check,
            ticket=view.ticket,
            reason=reason,
            slot=view.slot,
            limit=limit,
            origin=f"retry:{run}",
        )
        if dry_run:
            show_plan(plan_only(engine, request), as_json=json)
            return
        made = act_as(installation, actor, lambda who: request_run(engine, replace(request, actor=who)))
        raise typer.Exit(carry_out(installation, engine, made, as_json=json))


def undo(
    run: RunId,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=say_here("cli.help-dry-run"))] = False,
    reason: Reason = "",
    actor: Actor = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Take back what a run did, the last change first."""
    from temanashi.cli.carrying_out import carry_out
    from temanashi.cli.identifying import act_as
    from temanashi.cli.showing_runs import LiveProgress
    from temanashi.runs.again import request_undo
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace, create=False) as installation:
        engine = installation.engine(LiveProgress())
        if dry_run:
            _show_undo(installation, run, as_json=json)
            return
        made = act_as(installation, actor, lambda who: request_undo(engine, run, actor=who, channel="cli", reason=reason))
        raise typer.Exit(carry_out(installation, engine, made, as_json=json))


def _show_undo(installation: Installation, run: str, *, as_json: bool) -> None:
    from temanashi.runs.reading import run_view
    from temanashi.runs.results import NothingToUndo
    from temanashi.runs.undoing import undo_changes

    with installation.database.reading() as connection:
        run_view(connection, run)
        changes = undo_changes(connection, run)
    if not changes:
        raise NothingToUndo(run)
    if as_json:
        emit([json_text.loads(change.model_dump_json()) for change in changes])
        return
    answer(say_here("cli.plan-head", count=len(changes)))
    for number, change in enumerate(changes, 1):
        why = f" ({change.left_out.text(language())})" if change.left_out is not None else ""
        answer(f"  {number}. {change.summary.text(language())}{why}")
