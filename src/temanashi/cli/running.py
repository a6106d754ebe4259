"""`tema run`, `resume`, `cancel`, `runs`, `stop`: work on runs, with a server or without."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from temanashi.cli.carrying_out import carry_out, published_here
from temanashi.cli.checklist import carry_out_by_hand
from temanashi.cli.language import language
from temanashi.cli.options import Actor, Json, Reason, Root
from temanashi.cli.output import answer, emit, progress, say_here, state_word
from temanashi.errors import InputError

if TYPE_CHECKING:
    from temanashi.runs.reading import RunView
    from temanashi.workspace.opening import Installation

__all__ = ["BadParameter", "EmergencySubmitted", "register", "tell_server"]


class BadParameter(InputError):
    """A `--param` that is not `name=value`."""

    key = "cli.bad-parameter"

    def __init__(self, given: str) -> None:
        super().__init__(given=given)


class EmergencySubmitted(InputError):
    """An emergency that is handed to the server, where nobody vouches for who asks."""

    key = "cli.emergency-submitted"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("run", help=say_here("cli.help-run"), epilog=say_here("cli.help-run-exit"))(run)
    app.command("resume", help=say_here("cli.help-resume"))(resume)
    app.command("cancel", help=say_here("cli.help-cancel"))(cancel)
    app.command("runs", help=say_here("cli.help-runs"))(runs)
    app.command("stop", help=say_here("cli.help-stop"))(stop)


def parameters_of(given: list[str]) -> dict[str, str]:
    """`["k=v"]` as a mapping; raises BadParameter."""
    pairs = {}
    for item in given:
        name, sign, value = item.partition("=")
        if not sign or not name or name in pairs:
            raise BadParameter(item)
        pairs[name] = value
    return pairs


def run(
    runbook: Annotated[str, typer.Argument(help=say_here("cli.help-runbook"))],
    param: Annotated[list[str] | None, typer.Option("--param", "-p", metavar="NAME=VALUE", help=say_here("cli.help-param"))] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=say_here("cli.help-dry-run"))] = False,
    submit: Annotated[bool, typer.Option("--submit", help=say_here("cli.help-submit"))] = False,
    beneficiary: Annotated[str, typer.Option("--for", metavar="NAME", help=say_here("cli.help-for"))] = "",
    identity: Annotated[str, typer.Option("--identity", metavar="WAY", help=say_here("cli.help-identity"))] = "",
    ticket: Annotated[str, typer.Option("--ticket", help=say_here("cli.help-ticket"))] = "",
    emergency: Annotated[bool, typer.Option("--emergency", help=say_here("cli.help-emergency"))] = False,
    reason: Reason = "",
    actor: Actor = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Run a runbook here and now, or on the server."""
    from temanashi.cli.identifying import act_as
    from temanashi.cli.showing_runs import LiveProgress, show_plan
    from temanashi.people import current_actor
    from temanashi.runbooks.calls import called_by
    from temanashi.runs.requests import RunRequest, request_run
    from temanashi.runs.requests import dry_run as plan_only
    from temanashi.workspace.first import runbook_named
    from temanashi.workspace.opening import open_installation

    inputs = parameters_of(param or [])
    if submit and emergency:
        raise EmergencySubmitted
    with open_installation(workspace) as installation:
        published = published_here(installation)
        wanted = runbook_named(published, runbook)
        request = RunRequest(
            runbook=wanted,
            called=called_by(wanted, published.runbooks),
            workspace_version=published.digest,
            inventory=published.inventory,
            inputs=inputs,
            actor=current_actor(actor),
            channel="cli",
            beneficiary=beneficiary,
            identity_check=identity,
            ticket=ticket,
            reason=reason,
            emergency=emergency,
        )
        if submit and not dry_run:
            raise typer.Exit(_submitted(installation, request, as_json=json))
        engine = installation.engine(LiveProgress())
        if dry_run:
            show_plan(plan_only(engine, request), as_json=json)
            return
        made = act_as(installation, actor, lambda who: request_run(engine, replace(request, actor=who)))
        raise typer.Exit(carry_out_by_hand(installation, engine, made, request.actor, as_json=json))


def _submitted(installation: Installation, request: Any, *, as_json: bool) -> int:
    from temanashi.cli.submitted import submit_and_follow

    return submit_and_follow(installation, request, as_json=as_json)


def resume(
    run: Annotated[str, typer.Argument(help=say_here("cli.help-run-id"))],
    refuse: Annotated[bool, typer.Option("--refuse", help=say_here("cli.help-refuse"))] = False,
    note: Annotated[str, typer.Option("--note", help=say_here("cli.help-note"))] = "",
    minutes: Annotated[float | None, typer.Option("--minutes", min=0, max=1440, help=say_here("cli.help-minutes"))] = None,
    actor: Actor = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Say that the manual step is done (or refuse), or go on after an interruption."""
    from temanashi.cli.identifying import act_as
    from temanashi.cli.showing_runs import LiveProgress
    from temanashi.runs.decisions import Verb, decide
    from temanashi.runs.reading import root_of, run_view
    from temanashi.runs.results import NotWaiting
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace, create=False) as installation:
        engine = installation.engine(LiveProgress(), sign=True)
        with installation.database.reading() as connection:
            view = run_view(connection, run)
        if view.wait is not None and (refuse or view.wait.kind != "approval"):
            seconds = None if minutes is None else round(minutes * 60)
            verdict: Verb = "refused" if refuse else "done"
            said: dict[str, Any] = {"channel": "cli", "verdict": verdict, "note": note, "human_seconds": seconds}
            act_as(installation, actor, lambda who: decide(engine, view.id, actor=who, **said))
        elif refuse:
            raise NotWaiting(view.id, view.state)
        if view.flow_run:
            progress(say_here("cli.resume-on-server", run=view.id))
        with installation.database.reading() as connection:
            root = root_of(connection, view.id)
        code = carry_out(installation, engine, root, as_json=json)
        tell_server(installation, view)
        raise typer.Exit(code)


def tell_server(installation: Installation, view: RunView) -> None:
    """Have the server look now; where none answers, it will when it is up."""
    from contextlib import suppress

    from temanashi.errors import ServerError
    from temanashi.orchestration.submitting import ask_watch

    if view.flow_run:
        with suppress(ServerError):
            ask_watch(installation.settings)


def cancel(
    run: Annotated[str, typer.Argument(help=say_here("cli.help-run-id"))],
    reason: Reason = "",
    actor: Actor = None,
    workspace: Root = None,
) -> None:
    """Cancel a run."""
    from temanashi.people import current_actor
    from temanashi.runs import stopping
    from temanashi.runs.reading import run_view
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace, create=False) as installation:
        over = stopping.cancel(installation.engine(), run, actor=current_actor(actor), channel="cli", reason=reason)
        with installation.database.reading() as connection:
            view = run_view(connection, run)
        tell_server(installation, view)
        answer(say_here("cli.cancelled" if over else "cli.cancel-asked", run=run))


def runs(
    run: Annotated[str | None, typer.Argument(help=say_here("cli.help-run-id"))] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help=say_here("cli.help-limit"))] = 20,
    waiting: Annotated[bool, typer.Option("--waiting", help=say_here("cli.help-waiting"))] = False,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """List runs, or tell one."""
    from temanashi.cli.showing_runs import show_run
    from temanashi.runs.reading import recent_runs, run_view
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace, create=False) as installation, installation.database.reading() as connection:
        if run is not None:
            view = run_view(connection, run)
            emit(view.model_dump(mode="json")) if json else show_run(view)
            return
        views = recent_runs(connection, limit=limit, states=("waiting",) if waiting else ())
        if json:
            emit([view.model_dump(mode="json") for view in views])
            return
        if not views:
            answer(say_here("cli.runs-none"))
        for view in views:
            when = view.requested_at.astimezone(installation.settings.zone)
            answer(f"{view.id}  {when:%Y-%m-%d %H:%M}  {state_word(view.state)}  {view.title.text(language())}  {view.actor.name}")


def stop(
    lift: Annotated[bool, typer.Option("--lift", help=say_here("cli.help-lift"))] = False,
    reason: Reason = "",
    actor: Actor = None,
    workspace: Root = None,
) -> None:
    """Stop everything at once, or lift the stop."""
    from temanashi.people import current_actor
    from temanashi.runs import stopping
    from temanashi.workspace.opening import open_installation

    if not reason.strip():
        raise ReasonMissing
    with open_installation(workspace, create=False) as installation:
        engine, who = installation.engine(), current_actor(actor)
        if lift:
            lifted = stopping.lift_stop(engine, actor=who, channel="cli", reason=reason)
            answer(say_here("cli.stop-lifted" if lifted else "cli.stop-not-on"))
            return
        told = stopping.stop_everything(engine, actor=who, channel="cli", reason=reason)
        answer(say_here("cli.stopped", count=len(told)))


class ReasonMissing(InputError):
    """An emergency stop, or its end, without a reason."""

    key = "cli.reason-missing"
