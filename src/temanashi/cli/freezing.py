"""`tema baseline freeze`, `confirm`, `refuse` and `versions`: the whole census signed by two people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from temanashi.cli.language import language
from temanashi.cli.options import Actor, Json, Reason, Root, day_of_option
from temanashi.cli.output import answer, emit, progress, say_here

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from temanashi.books import BaselineVersion, FrozenTask
    from temanashi.books.sealing import Hand
    from temanashi.workspace.opening import Installation

__all__ = ["register"]

Since = Annotated[str, typer.Option("--since", metavar="YYYY-MM-DD", help=say_here("census.help-since"))]
Note = Annotated[str, typer.Option("--note", metavar="TEXT", help=say_here("census.help-note"))]
Number = Annotated[int, typer.Option("--number", min=0, help=say_here("census.help-number"))]


def register(baseline: typer.Typer) -> None:
    """Add the commands to `tema baseline`."""
    baseline.command("freeze", help=say_here("census.help-freeze"))(freeze)
    baseline.command("confirm", help=say_here("census.help-confirm"))(confirm)
    baseline.command("refuse", help=say_here("census.help-refuse"))(refuse)
    baseline.command("versions", help=say_here("census.help-versions"))(versions)


def _acted(workspace: Any, actor: str | None, act: Callable[[Installation, Connection, Hand], BaselineVersion]) -> BaselineVersion:
    """Do it under the name at this terminal, proved where people sign in."""
    from temanashi.cli.identifying import act_as
    from temanashi.people import Actor as Person
    from temanashi.workspace.counting import hand_of
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace) as opened:

        def by(person: Person) -> BaselineVersion:
            with opened.database.transaction() as connection:
                sign = person.assurance == "verified"
                return act(opened, connection, hand_of(opened, connection, person, "cli", sign=sign))

        return act_as(opened, actor, by)


def freeze(since: Since = "", note: Note = "", actor: Actor = None, workspace: Root = None, json: Json = False) -> None:
    """Prepare the next version of the baseline."""
    from temanashi.cli.demanding import published_of
    from temanashi.workspace.counting import freeze_baseline
    from temanashi.workspace.opening import open_installation

    day = day_of_option(since)
    with open_installation(workspace) as opened:
        published = published_of(opened)

    def act(opened: Installation, connection: Connection, hand: Hand) -> BaselineVersion:
        return freeze_baseline(opened, connection, published, hand=hand, day=day, note=note)

    version = _acted(workspace, actor, act)
    if json:
        emit(version.model_dump(mode="json"))
        return
    fresh = sum(task.change != "carried" for task in version.tasks)
    told = {"number": version.number, "count": len(version.tasks), "fresh": fresh, "hours": _hours(version.monthly_seconds)}
    answer(say_here("census.prepared", **told, day=version.day.isoformat()), style="bold")
    if version.lacking:
        answer(say_here("census.left-out", names=list(version.lacking)))
    progress(say_here("census.prepared-next", actor=version.preparer))


def confirm(number: Number = 0, actor: Actor = None, workspace: Root = None, json: Json = False) -> None:
    """Confirm the version that somebody else prepared."""
    from temanashi.workspace.counting import confirm_baseline

    def act(opened: Installation, connection: Connection, hand: Hand) -> BaselineVersion:
        return confirm_baseline(opened, connection, hand=hand, number=number)

    version = _acted(workspace, actor, act)
    if json:
        emit(version.model_dump(mode="json"))
        return
    told = {"number": version.number, "count": len(version.tasks), "preparer": version.preparer, "confirmer": version.confirmer}
    answer(say_here("census.confirmed", **told, day=version.day.isoformat()))


def refuse(reason: Reason = "", actor: Actor = None, workspace: Root = None, json: Json = False) -> None:
    """Take the waiting version away."""
    from temanashi.workspace.counting import refuse_baseline

    def act(opened: Installation, connection: Connection, hand: Hand) -> BaselineVersion:
        return refuse_baseline(opened, connection, hand=hand, reason=reason)

    version = _acted(workspace, actor, act)
    if json:
        emit(version.model_dump(mode="json"))
        return
    answer(say_here("census.refused", number=version.number, reason=version.reason))


def versions(workspace: Root = None, json: Json = False) -> None:
    """Tell the versions side by side."""
    from temanashi.cli.census import read_here

    census = read_here(workspace)
    if json:
        emit([version.model_dump(mode="json") for version in census.versions])
        return
    if not census.versions:
        answer(say_here("census.no-versions"))
        return
    for version in census.versions:
        _tell(version)
    _side_by_side(census.confirmed)


def _tell(version: BaselineVersion) -> None:
    told = {"number": version.number, "day": version.day.isoformat(), "count": len(version.tasks)}
    said = say_here(f"census.version-{version.state}", preparer=version.preparer, confirmer=version.confirmer)
    answer(f"{say_here('census.version', **told, hours=_hours(version.monthly_seconds))}  {said}", style="bold")
    if version.note or version.reason:
        answer(f"  {version.reason or version.note}")
    if version.lacking:
        answer(f"  {say_here('census.left-out', names=list(version.lacking))}")


def _side_by_side(found: tuple[BaselineVersion, ...]) -> None:
    from temanashi.cli.hosts import aligned

    if not found:
        return
    titles = {task.task: task.title for version in found for task in version.tasks}
    rows = [("", "", *(say_here("census.version-short", number=version.number) for version in found))]
    for name in sorted(titles):
        own = [next((task for task in version.tasks if task.task == name), None) for version in found]
        cells = ["-" if task is None else _cell(task) for task in own]
        rows.append((name, titles[name].text(language()), *cells))
    answer("")
    for line in aligned(rows):
        answer(line)


def _cell(task: FrozenTask) -> str:
    minutes, hours = f"{task.seconds.occasion / 60:g}", _hours(task.monthly_seconds)
    return say_here("census.cell", minutes=minutes, hours=hours, grade=task.grade)


def _hours(seconds: int | None) -> str:
    return "-" if seconds is None else f"{seconds / 3600:.1f}"
