"""`tema approvals`, `approve`, `refuse`, `request-again`: four eyes at the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from temanashi.cli.options import Actor, Json, Reason, Root
from temanashi.cli.output import answer, emit, progress, say_here

if TYPE_CHECKING:
    from temanashi.runs.engine import Engine
    from temanashi.workspace.opening import Installation

__all__ = ["register"]

Run = Annotated[str, typer.Argument(help=say_here("cli.help-run-id"))]
Note = Annotated[str, typer.Option("--note", help=say_here("cli.help-approval-note"))]
Digest = Annotated[str, typer.Option("--digest", help=say_here("cli.help-digest"))]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("approvals", help=say_here("cli.help-approvals"))(approvals)
    app.command("approve", help=say_here("cli.help-approve-run"), epilog=say_here("cli.help-run-exit"))(approve)
    app.command("refuse", help=say_here("cli.help-refuse-run"), epilog=say_here("cli.help-run-exit"))(refuse)
    app.command("request-again", help=say_here("cli.help-request-again"), epilog=say_here("cli.help-run-exit"))(request_again)


def approvals(
    run: Annotated[str | None, typer.Argument(help=say_here("cli.help-run-id"))] = None,
    mine: Annotated[bool, typer.Option("--mine", help=say_here("cli.help-mine"))] = False,
    actor: Actor = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """What waits for approval, or one request with its plan."""
    from temanashi.cli.showing_approvals import show_approval, show_approvals
    from temanashi.people import current_actor
    from temanashi.runs.approvals.reading import approval_of, approvals_waiting, may_decide
    from temanashi.runs.reading import run_view
    from temanashi.runs.results import NotWaiting
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace, create=False) as installation, installation.database.reading() as connection:
        engine, who = installation.engine(), current_actor(actor)
        views = approvals_waiting(engine, connection)
        if run is not None:
            state = run_view(connection, run).state
            view = approval_of(engine, connection, run)
            if view is None:
                raise NotWaiting(run, state)
            views = [view]
        found = [(view, may_decide(engine, connection, view, who)) for view in views]
    found = [(view, flag) for view, flag in found if flag or not mine]
    zone = installation.settings.zone
    if json:
        emit([{**view.model_dump(mode="json"), "mine": flag} for view, flag in found])
    elif run is not None and found:
        show_approval(found[0][0], zone, mine=found[0][1])
    else:
        show_approvals(found, zone)


def approve(
    run: Run, note: Note = "", digest: Digest = "", actor: Actor = None, workspace: Root = None, json: Json = False
) -> None:
    """Approve what a run waits for."""
    _decided(run, "approved", note, digest, actor, workspace, as_json=json)


def refuse(run: Run, note: Note = "", digest: Digest = "", actor: Actor = None, workspace: Root = None, json: Json = False) -> None:
    """Refuse what a run waits for."""
    _decided(run, "refused", note, digest, actor, workspace, as_json=json)


def _decided(run: str, verdict: str, note: str, digest: str, actor: str | None, workspace: Root, *, as_json: bool) -> None:
    from temanashi.cli.carrying_out import carry_out
    from temanashi.cli.identifying import act_as
    from temanashi.cli.running import tell_server
    from temanashi.cli.showing_runs import LiveProgress
    from temanashi.runs.decisions import Verb, decide
    from temanashi.runs.reading import root_of, run_view
    from temanashi.runs.stopping import OVER
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace, create=False) as installation:
        engine = installation.engine(LiveProgress(), sign=True)
        whole = _digest(engine, installation, run, digest)
        said: Verb = "approved" if verdict == "approved" else "refused"
        act_as(
            installation,
            actor,
            lambda who: decide(engine, run, actor=who, channel="cli", verdict=said, note=note, digest=whole),
        )
        with installation.database.reading() as connection:
            view, root = run_view(connection, run), root_of(connection, run)
        if view.state in OVER:
            answer(say_here(f"cli.afterwards-{verdict}", run=run))
            return
        progress(say_here(f"cli.said-{verdict}", run=run))
        if view.flow_run:
            progress(say_here("cli.resume-on-server", run=view.id))
        code = carry_out(installation, engine, root, as_json=as_json)
        tell_server(installation, view)
        raise typer.Exit(code)


def _digest(engine: Engine, installation: Installation, run: str, given: str) -> str:
    """The whole digest of which people are shown the first twelve letters; what does not begin so is another plan's."""
    from temanashi.runs.approvals.reading import approval_of

    wanted = given.removeprefix("sha256:")
    if not wanted:
        return ""
    with installation.database.reading() as connection:
        view = approval_of(engine, connection, run)
    return view.digest if view is not None and view.digest[7:].startswith(wanted) else given


def request_again(run: Run, reason: Reason = "", actor: Actor = None, workspace: Root = None, json: Json = False) -> None:
    """Ask once more for a run that was refused or whose approval expired."""
    from temanashi.cli.carrying_out import carry_out
    from temanashi.cli.identifying import act_as
    from temanashi.cli.showing_runs import LiveProgress
    from temanashi.workspace.opening import open_installation
    from temanashi.workspace.requesting import request_again as ask_again

    with open_installation(workspace, create=False) as installation:
        engine = installation.engine(LiveProgress())
        made = act_as(
            installation, actor, lambda who: ask_again(installation, engine, run, actor=who, channel="cli", reason=reason)
        )
        raise typer.Exit(carry_out(installation, engine, made, as_json=json))
