"""`tema checklist RUN`: the checklist that a run waits for, line by line at the terminal or by flags."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from temanashi.cli.carrying_out import carry_out
from temanashi.cli.options import Actor, Json, Root
from temanashi.cli.output import emit, progress, say_here
from temanashi.errors import InputError

if TYPE_CHECKING:
    from temanashi.people import Actor as Person
    from temanashi.runs.checklist_state import Checklist, Verb
    from temanashi.runs.engine import Engine
    from temanashi.runs.results import Finished, Waiting
    from temanashi.workspace.opening import Installation

__all__ = ["BadLine", "carry_out_by_hand", "register"]

WAITS = 4
Lines = Annotated[list[int] | None, typer.Option("--tick", metavar="N", help=say_here("cli.help-tick"))]


class BadLine(InputError):
    """A flag that is not `line=text`."""

    key = "cli.bad-line"

    def __init__(self, given: str) -> None:
        super().__init__(given=given)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("checklist", help=say_here("cli.help-checklist"), epilog=say_here("cli.help-checklist-exit"))(checklist)


def checklist(
    run: Annotated[str, typer.Argument(help=say_here("cli.help-run-id"))],
    start: Annotated[bool, typer.Option("--start", help=say_here("cli.help-start"))] = False,
    take_over: Annotated[bool, typer.Option("--take-over", help=say_here("cli.help-take-over"))] = False,
    tick: Lines = None,
    untick: Annotated[list[int] | None, typer.Option("--untick", metavar="N", help=say_here("cli.help-untick"))] = None,
    value: Annotated[list[str] | None, typer.Option("--value", metavar="N=VALUE", help=say_here("cli.help-value"))] = None,
    note: Annotated[list[str] | None, typer.Option("--note", metavar="N=TEXT", help=say_here("cli.help-line-note"))] = None,
    not_applicable: Annotated[
        list[int] | None, typer.Option("--not-applicable", metavar="N", help=say_here("cli.help-not-applicable"))
    ] = None,
    confirm: Annotated[list[int] | None, typer.Option("--confirm", metavar="N", help=say_here("cli.help-confirm"))] = None,
    minutes: Annotated[float | None, typer.Option("--minutes", min=0, max=1440, help=say_here("cli.help-own-minutes"))] = None,
    done: Annotated[bool, typer.Option("--done", help=say_here("cli.help-done"))] = False,
    refuse: Annotated[str, typer.Option("--refuse", metavar="REASON", help=say_here("cli.help-refuse-checklist"))] = "",
    actor: Actor = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Work on the checklist of a run."""
    from temanashi.cli.checklist_session import show_checklist
    from temanashi.cli.showing_runs import LiveProgress
    from temanashi.people import current_actor
    from temanashi.workspace.opening import open_installation

    marked: dict[Verb, list[int]] = {
        "tick": tick or [],
        "not_applicable": not_applicable or [],
        "untick": untick or [],
        "confirm": confirm or [],
    }
    values, notes = _by_line(value or []), _by_line(note or [])
    with open_installation(workspace, create=False) as installation:
        engine = installation.engine(LiveProgress())
        with installation.database.reading() as connection:
            who = engine.directory(connection).people.known(current_actor(actor))
        step = _first_step(engine, run)
        asked = start or take_over or values or notes or any(marked.values()) or minutes is not None or done or refuse
        if not asked and not json and _at_terminal():
            raise typer.Exit(_by_hand(installation, engine, run, who, as_json=json))
        begin: Verb | None = "take_over" if take_over else "begin" if start else None
        now = _do(engine, run, who, step, begin=begin, marked=marked, values=values, notes=notes, minutes=minutes)
        if done or refuse:
            _close(engine, run, who, step, refuse)
            raise typer.Exit(_go_on(installation, engine, run, as_json=json))
        emit(_as_json(now)) if json else show_checklist(now)


def _by_line(given: list[str]) -> dict[int, str]:
    """`["3=12.5"]` by line number; raises BadLine."""
    found = {}
    for item in given:
        number, sign, text = item.partition("=")
        if not sign or not number.strip().isdecimal():
            raise BadLine(item)
        found[int(number)] = text
    return found


def _at_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _first_step(engine: Engine, run: str) -> str:
    """The step of the wait; raises NoRun, NotWaiting and NoChecklist."""
    from temanashi.runs.checklist_faults import NoChecklist
    from temanashi.runs.reading import run_view
    from temanashi.runs.results import NotWaiting

    with engine.database.reading() as connection:
        view = run_view(connection, run)
    if view.wait is None:
        raise NotWaiting(run, view.state)
    if view.wait.kind != "manual":
        raise NoChecklist(run)
    return view.wait.step


def _do(
    engine: Engine,
    run: str,
    who: Person,
    step: str,
    *,
    begin: Verb | None,
    marked: dict[Verb, list[int]],
    values: dict[int, str],
    notes: dict[int, str],
    minutes: float | None,
) -> Checklist:
    """Everything that the flags ask for, one deed after the other; each that succeeds is saved."""
    from temanashi.runs.checklists import Act, act, checklist_of

    acts = [Act(verb=begin, actor=who)] if begin is not None else []
    for verb, lines in marked.items():
        acts += [Act(verb=verb, actor=who, line=n, value=values.get(n), note=notes.get(n)) for n in lines]
    left = sorted({*values, *notes} - {n for lines in marked.values() for n in lines})
    acts += [Act(verb="save", actor=who, line=n, value=values.get(n), note=notes.get(n)) for n in left]
    if minutes is not None:
        acts.append(Act(verb="minutes", actor=who, seconds=round(minutes * 60)))
    for asked in acts:
        act(engine, run, asked, step=step)
    with engine.database.reading() as connection:
        now = checklist_of(connection, run)
    if now is None:
        from temanashi.runs.checklist_faults import NoChecklist

        raise NoChecklist(run)
    return now


def _close(engine: Engine, run: str, who: Person, step: str, refuse: str) -> None:
    from temanashi.runs.checklist_closing import close_checklist

    verdict: Any = "refused" if refuse else "done"
    close_checklist(engine, run, actor=who, channel="cli", verdict=verdict, note=refuse, step=step)


def _go_on(installation: Installation, engine: Engine, run: str, *, as_json: bool, show: Any = None) -> int:
    """The run after its checklist, as after `tema resume`."""
    from temanashi.cli.running import tell_server
    from temanashi.runs.reading import root_of, run_view

    with installation.database.reading() as connection:
        view, root = run_view(connection, run), root_of(connection, run)
    if view.flow_run:
        progress(say_here("cli.resume-on-server", run=view.id))
    code = carry_out(installation, engine, root, as_json=as_json, show=show)
    tell_server(installation, view)
    return code


def _by_hand(installation: Installation, engine: Engine, run: str, who: Person, *, as_json: bool) -> int:
    """Work through one checklist after the other, until the run needs something else or the person leaves."""
    from temanashi.cli.checklist_session import ChecklistSession

    code = WAITS
    while ChecklistSession(engine, run, who, input).go():
        held = _Held()
        code = _go_on(installation, engine, run, as_json=as_json, show=held)
        if not held.by_hand:
            return code
        run = held.run
    return WAITS


class _Held:
    """Shows how a run ended or what it waits for, and remembers it."""

    def __init__(self) -> None:
        self.run, self.by_hand = "", False

    def __call__(self, result: Finished | Waiting, view: Any, *, as_json: bool) -> None:
        from temanashi.cli.showing_runs import show_result
        from temanashi.runs.results import Waiting

        self.run, self.by_hand = result.run, isinstance(result, Waiting) and result.kind == "manual"
        show_result(result, view, as_json=as_json)


def carry_out_by_hand(installation: Installation, engine: Engine, run: str, who: Person, *, as_json: bool) -> int:
    """Carry a run out; at a terminal, offer to work through its checklist at once."""
    held = _Held()
    code = carry_out(installation, engine, run, as_json=as_json, show=held)
    if not held.by_hand or as_json or not _at_terminal():
        return code
    try:
        wanted = typer.confirm(say_here("cli.checklist-offer"), default=True)
    except typer.Abort:
        return code
    return _by_hand(installation, engine, held.run, who, as_json=as_json) if wanted else code


def _as_json(now: Checklist) -> dict[str, Any]:
    return {
        "holder": now.holder.name if now.holder else "",
        "done": now.done,
        "total": len(now.lines),
        "lines": [
            {
                "line": line.line.number,
                "step": line.line.step,
                "text": line.line.text.model_dump(),
                "state": line.state,
                "value": line.value,
                "note": line.note,
                "by": line.by.name if line.by else "",
                "confirmed_by": line.confirmed_by.name if line.confirmed_by else "",
                "wants_confirmation": line.wants_confirmation,
            }
            for line in now.lines
        ],
    }
