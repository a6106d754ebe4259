"""`tema baseline`: what a person signs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from temanashi.cli.language import language
from temanashi.cli.measuring import RunbookOrCommand, samples_to_sign, show_baseline
from temanashi.cli.options import Actor, Json, Reason, Root
from temanashi.cli.output import answer, emit, progress, say_here

if TYPE_CHECKING:
    from temanashi.books import ProposedTask
    from temanashi.workspace.opening import Installation

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    from temanashi.cli import freezing

    baseline = typer.Typer(cls=RunbookOrCommand, help=say_here("cli.help-baseline"), invoke_without_command=True)
    baseline.callback()(list_baselines)
    baseline.command("show", help=say_here("cli.help-baseline-show"))(show_baseline)
    baseline.command("sign", help=say_here("cli.help-baseline-sign"))(sign)
    freezing.register(baseline)
    app.add_typer(baseline, name="baseline")


def _tasks(opened: Installation) -> dict[str, ProposedTask]:
    from temanashi.books import proposed_tasks
    from temanashi.workspace.first import published_or_first

    published, note = published_or_first(opened)
    if note is not None:
        progress(note.text(language()))
    return {task.task: task for task in proposed_tasks(published.runbooks.values())}


def list_baselines(context: typer.Context, workspace: Root = None, json: Json = False) -> None:
    """List tasks with their signed minutes."""
    if context.invoked_subcommand is not None:
        return
    from temanashi.books import read_baselines, signed_versions
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace) as opened:
        tasks = _tasks(opened)
        with opened.database.reading() as connection:
            signed = signed_versions(read_baselines(opened.ledger, connection))
    if json:
        versions = {task: [v.model_dump(mode="json") for v in found] for task, found in signed.items()}
        emit({"proposed": [t.model_dump(mode="json") for t in tasks.values()], "signed": versions})
        return
    lang = language()
    for name in sorted({*tasks, *signed}):
        title = tasks[name].title.text(lang) if name in tasks else name
        if found := signed.get(name):
            last = found[-1]
            said = say_here(
                "cli.baseline-signed", minutes=f"{last.seconds.occasion / 60:g}", by=last.signed_by, since=last.valid_from
            )
        else:
            said = say_here("cli.baseline-unsigned", task=name)
        answer(f"{name:<28} {title}  {said}")


def sign(
    task: Annotated[str, typer.Argument(help=say_here("cli.help-task"))],
    minutes: Annotated[float, typer.Option("--minutes", min=0, help=say_here("cli.help-sign-minutes"))] = 0,
    per_target: Annotated[float, typer.Option("--per-target", min=0, help=say_here("cli.help-per-target"))] = 0,
    targets: Annotated[int, typer.Option("--targets", min=1, help=say_here("cli.help-targets"))] = 1,
    persons: Annotated[int, typer.Option("--persons", min=0, max=100, help=say_here("cli.help-persons"))] = 0,
    least: Annotated[float | None, typer.Option("--least", min=0, help=say_here("cli.help-least"))] = None,
    most: Annotated[float | None, typer.Option("--most", min=0, help=say_here("cli.help-most"))] = None,
    per_month: Annotated[float | None, typer.Option("--per-month", min=0, help=say_here("cli.help-per-month"))] = None,
    from_samples: Annotated[bool, typer.Option("--from-samples", help=say_here("cli.help-from-samples"))] = False,
    force: Annotated[bool, typer.Option("--force", help=say_here("cli.help-sign-force"))] = False,
    since: Annotated[str, typer.Option("--since", metavar="YYYY-MM-DD", help=say_here("cli.help-since"))] = "",
    note: Reason = "",
    actor: Actor = None,
    workspace: Root = None,
) -> None:
    """Sign the minutes that a task takes by hand."""
    from temanashi.books import Seconds, UnknownTask
    from temanashi.books import sign as signed
    from temanashi.people import current_actor
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace) as opened:
        tasks = _tasks(opened)
        if task not in tasks:
            raise UnknownTask(task, known=sorted(tasks))
        proposed = tasks[task]
        demand = proposed.demand if per_month is None else proposed.demand.model_copy(update={"per_month": per_month})
        seconds, samples = (
            samples_to_sign(opened, task) if from_samples else (Seconds.of_minutes(minutes, per_target, targets=targets), ())
        )
        seconds = seconds.model_copy(update={"persons": persons or (1 if from_samples else proposed.persons)})
        draft = signed(
            proposed,
            seconds,
            samples=samples,
            actor=current_actor(actor),
            now=opened.clock.now(),
            zone=opened.settings.zone,
            demand=demand,
            valid_from=_day(since),
            note=note,
            force=force,
            points=_points(minutes, least, most),
        )
        seq = opened.ledger.record(draft).seq
    answer(say_here("cli.signed", task=proposed.title.text(language()), by=draft.actor, seq=seq))


def _points(likely: float, least: float | None, most: float | None) -> tuple[int, int] | None:
    """The least and the most seconds; half and one and a half of the likely ones where only the other is given."""
    if least is None and most is None:
        return None
    return round((likely / 2 if least is None else least) * 60), round((likely * 1.5 if most is None else most) * 60)


def _day(text: str) -> Any:
    from datetime import date

    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(say_here("cli.bad-day", given=text)) from None
