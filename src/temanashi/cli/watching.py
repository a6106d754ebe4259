"""`tema hold`, `unhold`, `skip`, `holds`, `expected`: what is not to run, and what did not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from temanashi.cli.language import language
from temanashi.cli.options import Actor, Json, Reason, Root
from temanashi.cli.output import answer, emit, say_here
from temanashi.errors import InputError

if TYPE_CHECKING:
    from datetime import datetime

    from temanashi.runs.holds import Hold, Skip
    from temanashi.workspace.expected_day import DayLine
    from temanashi.workspace.opening import Installation

__all__ = ["register"]

Name = Annotated[str | None, typer.Argument(metavar="RUNBOOK[/SCHEDULE]", help=say_here("cli.help-schedule-name"))]
Everything = Annotated[bool, typer.Option("--all", help=say_here("cli.help-hold-all"))]
STYLES = {"started": "green", "planned": "dim", "held": "yellow", "skipped": "yellow", "superseded": "dim", "expected": "dim"}


class HoldUnclear(InputError):
    """A hold without a name or without an end, or with two of either."""

    key = "cli.hold-unclear"


class WhyMissing(InputError):
    """A hold or a skip without a reason."""

    key = "cli.why-missing"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("hold", help=say_here("cli.help-hold"))(hold)
    app.command("unhold", help=say_here("cli.help-unhold"))(unhold)
    app.command("skip", help=say_here("cli.help-skip"))(skip)
    app.command("holds", help=say_here("cli.help-holds"))(holds)
    app.command("expected", help=say_here("cli.help-expected"), epilog=say_here("cli.help-expected-exit"))(expected)


def hold(
    name: Name = None,
    everything: Everything = False,
    until: Annotated[str, typer.Option("--until", metavar="WHEN", help=say_here("cli.help-until"))] = "",
    open_end: Annotated[bool, typer.Option("--open", help=say_here("cli.help-open"))] = False,
    remind_days: Annotated[int, typer.Option("--remind-days", min=1, max=90, help=say_here("cli.help-remind"))] = 7,
    reason: Reason = "",
    actor: Actor = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Hold schedules."""
    from temanashi.people import current_actor
    from temanashi.runs.holds import add_hold
    from temanashi.workspace.holding import target_named, until_from
    from temanashi.workspace.opening import open_installation

    if bool(name) == everything or bool(until) == open_end:
        raise HoldUnclear
    if not reason.strip():
        raise WhyMissing
    with open_installation(workspace, create=False) as installation:
        runbook, schedule = "", ""
        if name:
            found, schedule = target_named(_published(installation), name)
            runbook = found.id
        end = until_from(until, now=installation.clock.now(), zone=installation.settings.zone) if until else None
        made = add_hold(
            installation.engine(),
            runbook=runbook,
            schedule=schedule,
            reason=reason,
            until=end,
            remind_days=remind_days if open_end else None,
            actor=current_actor(actor),
            channel="cli",
        )
        emit(_hold_data(made)) if json else answer(_hold_line(installation, made))


def unhold(
    name: Name = None,
    everything: Everything = False,
    reason: Reason = "",
    actor: Actor = None,
    workspace: Root = None,
) -> None:
    """Lift holds, by name or id."""
    from temanashi.people import current_actor
    from temanashi.runs.holds import lift_hold
    from temanashi.workspace.holding import holds_named
    from temanashi.workspace.opening import open_installation

    if bool(name) == everything:
        raise HoldUnclear
    with open_installation(workspace, create=False) as installation:
        with installation.database.reading() as connection:
            found = holds_named(connection, name, now=installation.clock.now())
        for one in found:
            lift_hold(installation.engine(), one, reason=reason, actor=current_actor(actor), channel="cli")
            answer(say_here("cli.hold-lifted", name=_name(one)))


def skip(
    name: Annotated[str, typer.Argument(metavar="RUNBOOK[/SCHEDULE]", help=say_here("cli.help-schedule-name"))],
    day: Annotated[str, typer.Option("--date", metavar="YYYY-MM-DD", help=say_here("cli.help-skip-date"))] = "",
    lift: Annotated[bool, typer.Option("--lift", help=say_here("cli.help-skip-lift"))] = False,
    reason: Reason = "",
    actor: Actor = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Skip the next occurrence, or those of a day; or take that back."""
    from temanashi.people import current_actor
    from temanashi.runs.holds import add_skip, lift_skip
    from temanashi.workspace.holding import day_from, skip_target, skips_named, target_named
    from temanashi.workspace.opening import open_installation

    if not reason.strip() and not lift:
        raise WhyMissing
    with open_installation(workspace, create=False) as installation:
        engine, who, wanted = installation.engine(), current_actor(actor), day_from(day) if day else None
        if lift:
            with installation.database.reading() as connection:
                taken = skips_named(connection, name, wanted, today=engine.today())
            for one in taken:
                lift_skip(engine, one, reason=reason, actor=who, channel="cli")
                answer(say_here("cli.skip-lifted", name=one.name, day=one.day.isoformat()))
            return
        published = _published(installation)
        runbook, schedule = target_named(published, name)
        targets = skip_target(published, runbook, schedule, wanted, now=installation.clock.now())
        first = targets[0]
        exact = {} if wanted is not None else {"schedule": first.schedule, "at": first.at}
        asked: dict[str, Any] = {"schedule": schedule, "at": None, "day": first.slot, "reason": reason, **exact}
        made = add_skip(engine, runbook=runbook.id, actor=who, channel="cli", **asked)
        if json:
            emit({**_skip_data(made), "starts": [o.at.isoformat() for o in targets]})
            return
        for one_start in targets:
            answer(say_here("cli.skipped", name=f"{runbook.id}/{one_start.schedule}", at=_when(installation, one_start.at)))


def holds(workspace: Root = None, json: Json = False) -> None:
    """List what is held and what is skipped."""
    from temanashi.runs.holds import open_holds, open_skips
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace, create=False) as installation, installation.database.reading() as connection:
        held = open_holds(connection, installation.clock.now())
        skipped = open_skips(connection, installation.engine().today())
        if json:
            emit({"holds": [_hold_data(one) for one in held], "skips": [_skip_data(one) for one in skipped]})
            return
        if not held and not skipped:
            answer(say_here("cli.holds-none"))
        for one in held:
            answer(f"{one.id}  {_hold_line(installation, one)}")
        for left in skipped:
            day = _when(installation, left.at) if left.at is not None else left.day.isoformat()
            answer(f"{left.id}  {say_here('cli.skip-line', name=left.name, day=day, actor=left.actor, reason=left.reason)}")


def expected(
    day: Annotated[str, typer.Option("--date", metavar="YYYY-MM-DD", help=say_here("cli.help-expected-date"))] = "",
    workspace: Root = None,
    json: Json = False,
) -> None:
    """What should run on a day, and what became of it; exit 1 when something did not run."""
    from temanashi.workspace.expected_day import expected_on
    from temanashi.workspace.holding import day_from
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace, create=False) as installation:
        wanted = day_from(day) if day else installation.engine().today()
        with installation.database.reading() as connection:
            lines = expected_on(connection, installation.engine(), wanted)
    bad = [line for line in lines if line.bad]
    if json:
        emit({"day": wanted.isoformat(), "exit": 1 if bad else 0, "occurrences": [_line_data(line) for line in lines]})
        raise typer.Exit(1 if bad else 0)
    key = "cli.expected-none" if not lines else "cli.expected-bad" if bad else "cli.expected-good"
    answer(say_here(key, day=wanted.isoformat(), bad=len(bad), count=len(lines)), style="red" if bad else "green")
    for line in lines:
        why = line.reason.text(language()) if line.reason is not None else ""
        word = say_here(f"runs.occurrence-{line.state}")
        told = (f"  {_when(installation, line.at)}", word, f"{line.runbook}/{line.schedule}", why)
        answer("  ".join(part for part in told if part), style="red" if line.bad else STYLES.get(line.state, ""))
    raise typer.Exit(1 if bad else 0)


def _published(installation: Installation) -> Any:
    from temanashi.workspace.first import published_or_first

    return published_or_first(installation)[0]


def _when(installation: Installation, moment: datetime) -> str:
    return f"{moment.astimezone(installation.settings.zone):%Y-%m-%d %H:%M}"


def _name(one: Hold) -> str:
    return one.name or say_here("opening.hold-everything")


def _hold_line(installation: Installation, one: Hold) -> str:
    end = say_here("cli.hold-open", days=one.remind_days) if one.until is None else _when(installation, one.until)
    return say_here("cli.hold-line", name=_name(one), until=end, actor=one.actor, reason=one.reason)


def _hold_data(one: Hold) -> dict[str, Any]:
    times = {name: value.isoformat() if value else None for name, value in (("until", one.until), ("remind_at", one.remind_at))}
    texts = {name: getattr(one, name) for name in ("id", "runbook", "schedule", "reason", "actor")}
    return {**texts, "since": one.since.isoformat(), **times}


def _skip_data(one: Skip) -> dict[str, Any]:
    texts = {name: getattr(one, name) for name in ("id", "runbook", "schedule", "reason", "actor")}
    return {**texts, "day": one.day.isoformat(), "at": one.at.isoformat() if one.at else None}


def _line_data(line: DayLine) -> dict[str, Any]:
    data = {name: getattr(line, name) for name in ("runbook", "schedule", "state", "run", "result", "bad")}
    reason = line.reason.text(language()) if line.reason is not None else ""
    return {"at": line.at.isoformat(), "slot": line.slot.isoformat(), **data, "reason": reason}
