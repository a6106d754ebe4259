"""`tema problems`, `tema ack`, `tema maintenance`: what is wrong, who knows of it, and what is to be left in peace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from temanashi.cli.language import language
from temanashi.cli.options import Actor, Json, Reason, Root
from temanashi.cli.output import MARKS, answer, emit, mark, progress, say_here
from temanashi.cli.watching import WhyMissing
from temanashi.errors import InputError

if TYPE_CHECKING:
    from datetime import datetime

    from temanashi.monitoring.maintenance import Window
    from temanashi.monitoring.reading import ProblemView
    from temanashi.workspace.opening import Installation

__all__ = ["register"]

Until = Annotated[str, typer.Option("--until", metavar="WHEN", help=say_here("cli.help-until"))]


class EndUnclear(InputError):
    """An acknowledgement without an end, or with two."""

    key = "cli.end-unclear"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("problems", help=say_here("cli.help-problems"), epilog=say_here("cli.help-problems-exit"))(problems)
    app.command("ack", help=say_here("cli.help-ack"))(ack)
    group = typer.Typer(help=say_here("cli.help-maintenance"), no_args_is_help=True)
    group.command("add", help=say_here("cli.help-maintenance-add"))(add)
    group.command("list", help=say_here("cli.help-maintenance-list"))(list_windows)
    group.command("end", help=say_here("cli.help-maintenance-end"))(end)
    app.add_typer(group, name="maintenance")


def problems(
    runbook: Annotated[str, typer.Option("--runbook", help=say_here("cli.help-problems-runbook"))] = "",
    workspace: Root = None,
    json: Json = False,
) -> None:
    """List open problems, the worst first."""
    from temanashi.monitoring.outbox import pending
    from temanashi.monitoring.reading import problems as open_problems
    from temanashi.workspace.live import live_inventory, live_recurring
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace, create=False) as installation, installation.database.reading() as connection:
        now = installation.clock.now()
        known: dict[str, Any] = {"inventory": live_inventory(connection), "recurring": live_recurring(connection)}
        found = open_problems(connection, now=now, **known, runbook=runbook)
        unsent = pending(connection)
        loud = [one for one in found if one.hard and one.acknowledged is None and one.maintenance is None]
        if json:
            waiting = [{"receiver": one.receiver, "state": one.state, "count": one.count} for one in unsent]
            emit({"exit": int(bool(loud)), "problems": [_data(one) for one in found], "unsent": waiting})
            raise typer.Exit(int(bool(loud)))
        key = "cli.problems-none" if not found else "cli.problems-head"
        answer(say_here(key, count=len(found), loud=len(loud)), style="red" if loud else "green")
        for one in found:
            answer(_line(installation, one), style=MARKS[one.verdict][0] if one in loud else "dim")
        for late in unsent:
            text = say_here(f"cli.unsent-{late.state}", receiver=late.receiver, count=late.count)
            answer(text, style="yellow")
        raise typer.Exit(int(bool(loud)))


def _line(installation: Installation, one: ProblemView) -> str:
    lang = language()
    name = one.title.text(lang) if one.title is not None else one.check
    marks = [say_here("cli.problem-soft")] if not one.hard else []
    marks += [say_here("cli.problem-flapping")] if one.flapping else []
    if one.acknowledged is not None:
        until = _when(installation, one.acknowledged.until)
        marks.append(say_here("cli.problem-acked", actor=one.acknowledged.actor, until=until, reason=one.acknowledged.reason))
    if one.maintenance is not None:
        marks.append(say_here("cli.problem-maintained", until=_when(installation, one.maintenance.end)))
    since = say_here("cli.problem-since", since=_when(installation, one.since))
    shown = f"{mark(one.verdict)}  {one.target}  {one.runbook}/{name}  {one.reason.text(lang)}"
    return "\n".join([f"  {shown}", f"      {'  '.join([since, *marks])}  {one.id}"])


def _data(one: ProblemView) -> dict[str, Any]:
    return {**one.model_dump(mode="json"), "reason": one.reason.text(language())}


def ack(
    name: Annotated[str, typer.Argument(metavar="PROBLEM|RUN/CHECK", help=say_here("cli.help-ack-name"))],
    until: Until = "",
    duration: Annotated[str, typer.Option("--for", metavar="2h", help=say_here("cli.help-ack-for"))] = "",
    withdraw: Annotated[bool, typer.Option("--withdraw", help=say_here("cli.help-ack-withdraw"))] = False,
    reason: Reason = "",
    actor: Actor = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Acknowledge a problem until a time, or take that back."""
    from temanashi.people import current_actor
    from temanashi.workspace.acknowledging import acknowledge_named, withdraw_named
    from temanashi.workspace.opening import open_installation

    if not withdraw and bool(until) == bool(duration):
        raise EndUnclear
    if not withdraw and not reason.strip():
        raise WhyMissing
    with open_installation(workspace, create=False) as installation:
        how: dict[str, Any] = {"reason": reason, "actor": current_actor(actor), "channel": "cli"}
        if withdraw:
            count, failures = withdraw_named(installation, name, **how)
            emit({"withdrawn": count}) if json else answer(say_here("cli.ack-withdrawn", count=count))
        else:
            made, failures = acknowledge_named(installation, name, until=until or duration, **how)
            if json:
                emit([{"id": one.id, "problem": one.problem, "until": one.until.isoformat()} for one in made])
            else:
                answer(say_here("cli.acked", count=len(made), until=_when(installation, made[0].until)))
        for failure in failures:
            progress(failure.text(language()), style="yellow")


def add(
    selector: Annotated[str, typer.Argument(metavar="SELECTOR", help=say_here("cli.help-maintenance-selector"))],
    until: Annotated[str, typer.Option("--to", metavar="WHEN", help=say_here("cli.help-until"))],
    since: Annotated[str, typer.Option("--from", metavar="WHEN", help=say_here("cli.help-maintenance-from"))] = "",
    runbook: Annotated[str, typer.Option("--runbook", help=say_here("cli.help-problems-runbook"))] = "",
    reason: Reason = "",
    actor: Actor = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Plan maintenance: checks go on, and nobody is alerted."""
    from temanashi.people import current_actor
    from temanashi.workspace.maintaining import plan_maintenance
    from temanashi.workspace.opening import open_installation

    if not reason.strip():
        raise WhyMissing
    with open_installation(workspace, create=False) as installation:
        made = plan_maintenance(
            installation,
            selector,
            since=since,
            until=until,
            runbook=runbook,
            reason=reason,
            actor=current_actor(actor),
            channel="cli",
        )
        emit(_window(made)) if json else answer(_window_line(installation, made))


def list_windows(workspace: Root = None, json: Json = False) -> None:
    """List maintenance that is in force or planned, and the next time of what comes again."""
    from temanashi.monitoring.maintenance import read_windows
    from temanashi.runbooks.schedule_words import rule_in_words
    from temanashi.workspace.live import live_recurring
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace, create=False) as installation, installation.database.reading() as connection:
        now, recurring = installation.clock.now(), live_recurring(connection)
        found = sorted([*read_windows(connection, now), *recurring.ahead(now)], key=lambda one: (one.since, one.id))
        if json:
            emit([_window(one) for one in found])
            return
        if not found:
            answer(say_here("cli.maintenance-none"))
        rules = {rule.id: rule_in_words(rule.timing, language()) for rule in recurring.windows}
        for one in found:
            again = f" [{rules[one.id]}]" if one.recurring else ""
            answer(f"{one.id}  {_window_line(installation, one)}{again}")
        if idle := recurring.idle(now):
            progress(say_here("cli.maintenance-idle", names=idle), style="yellow")


def end(
    window: Annotated[str, typer.Argument(metavar="ID", help=say_here("cli.help-maintenance-id"))],
    reason: Reason = "",
    actor: Actor = None,
    workspace: Root = None,
) -> None:
    """End maintenance now, or take planned maintenance back."""
    from temanashi.people import current_actor
    from temanashi.workspace.maintaining import end_maintenance
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace, create=False) as installation:
        ended, failures = end_maintenance(installation, window, reason=reason, actor=current_actor(actor), channel="cli")
        if ended.recurring:
            told = {"name": ended.id, "since": _when(installation, ended.since), "until": _when(installation, ended.until)}
            answer(say_here("cli.maintenance-occurrence-ended", **told))
        else:
            answer(say_here("cli.maintenance-ended", selector=ended.selector))
        for failure in failures:
            progress(failure.text(language()), style="yellow")


def _when(installation: Installation, moment: datetime) -> str:
    return f"{moment.astimezone(installation.settings.zone):%Y-%m-%d %H:%M}"


def _window(one: Window) -> dict[str, Any]:
    texts = {name: getattr(one, name) for name in ("id", "selector", "runbook", "actor", "recurring")}
    reason = one.reason if isinstance(one.reason, str) else one.reason.text(language())
    times = {"since": one.since.isoformat(), "until": one.until.isoformat()}
    return {**texts, "checks": list(one.checks), "reason": reason, **times}


def _window_line(installation: Installation, one: Window) -> str:
    since, until = _when(installation, one.since), _when(installation, one.until)
    data = {"selector": one.selector, "since": since, "until": until, "actor": one.actor, "reason": one.reason}
    line = say_here("cli.maintenance-line", **data)
    only = [*([one.runbook] if one.runbook else []), *one.checks]
    return f"{line} ({', '.join(only)})" if only else line
