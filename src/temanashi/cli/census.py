"""`tema census`: which manual work there is, out to Excel and in again, and what each task still lacks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from temanashi.cli.language import language
from temanashi.cli.options import Actor, Json, Root
from temanashi.cli.output import FileTrouble, answer, emit, progress, say_here

if TYPE_CHECKING:
    from temanashi.books import CensusLine
    from temanashi.workspace.counting import Census
    from temanashi.workspace.importing.census.carrying_over import CensusPlan

__all__ = ["read_here", "register"]

SHOWN = 60
Out = Annotated[Path, typer.Argument(metavar="FILE.xlsx", help=say_here("census.help-out"))]
File = Annotated[Path, typer.Argument(metavar="FILE", help=say_here("census.help-file"))]
DryRun = Annotated[bool, typer.Option("--dry-run", help=say_here("census.help-dry-run"))]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help=say_here("census.help"), invoke_without_command=True)
    group.callback()(list_tasks)
    group.command("export", help=say_here("census.help-export"))(export)
    group.command("import", help=say_here("census.help-import"), epilog=say_here("census.help-import-exit"))(import_census)
    app.add_typer(group, name="census")


def list_tasks(context: typer.Context, workspace: Root = None, json: Json = False) -> None:
    """List tasks with evidence, grade and what is missing."""
    if context.invoked_subcommand is not None:
        return
    census = read_here(workspace)
    if json:
        emit({"tasks": [_as_json(line) for line in census.lines], "today": census.today.isoformat()})
        return
    _tell(census)


def read_here(workspace: Path | None) -> Census:
    """The whole census of the workspace here."""
    from temanashi.cli.demanding import published_of
    from temanashi.workspace.counting import read_whole_census
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace) as opened:
        published = published_of(opened)
        with opened.database.reading() as connection:
            return read_whole_census(opened, connection, published)


def _as_json(line: CensusLine) -> dict[str, Any]:
    return {**line.model_dump(mode="json"), "monthly_seconds": line.monthly_seconds}


def _tell(census: Census) -> None:
    from temanashi.cli.hosts import aligned

    lacking = sum(bool(line.lacking) for line in census.lines)
    answer(say_here("census.count", count=len(census.lines), lacking=lacking), style="bold")
    rows = [
        (
            line.task,
            line.title.text(language()),
            say_here("census.grade", grade=line.grade),
            "-" if line.seconds is None else say_here("census.minutes", minutes=f"{line.seconds.occasion / 60:g}"),
            "-" if line.monthly_seconds is None else say_here("census.hours-a-month", hours=f"{line.monthly_seconds / 3600:.1f}"),
            _missing(line),
        )
        for line in census.lines
    ]
    for row in aligned(rows):
        answer(f"  {row}")
    progress(say_here("census.list-next" if lacking else "census.all-signed"))


def _missing(line: CensusLine) -> str:
    from temanashi.text import phrase

    names = [phrase(f"census.lacking-{name}") for name in line.lacking]
    return say_here("census.lacks", names=names) if names else ""


def export(file: Out, workspace: Root = None, json: Json = False) -> None:
    """Write the sheet to fill in."""
    from temanashi.reports.census_xlsx import census_xlsx

    census = read_here(workspace)
    try:
        file.write_bytes(census_xlsx(census.lines, language()))
    except OSError as error:
        raise FileTrouble(str(file), reason=error.strerror or type(error).__name__) from error
    if json:
        emit({"file": str(file), "tasks": len(census.lines)})
        return
    answer(say_here("census.exported", file=str(file), count=len(census.lines)))
    progress(say_here("census.export-next", file=str(file)))


def import_census(file: File, dry_run: DryRun = False, actor: Actor = None, workspace: Root = None, json: Json = False) -> None:
    """Take over a filled-in sheet."""
    from temanashi.cli.demanding import published_of
    from temanashi.people import current_actor
    from temanashi.workspace.importing.census.carrying_over import carry_over, plan_census
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace) as opened:
        published = published_of(opened)
        with opened.database.transaction() as connection:
            plan = plan_census(opened, connection, published, file)
            done = plan.complete and not dry_run
            if done:
                carry_over(opened, connection, plan, actor=current_actor(actor, people=published.people))
    if json:
        emit(_plan_json(plan, done=done))
    else:
        _tell_plan(plan, done=done, dry_run=dry_run)
    raise typer.Exit(0 if plan.complete else 1)


def _tell_plan(plan: CensusPlan, *, done: bool, dry_run: bool) -> None:
    key = "imported" if done else "would-import" if dry_run and plan.complete else "imported-nothing"
    told = {"new": len(plan.new), "same": plan.same, "unfilled": plan.file.unfilled, "flaws": len(plan.file.flaws)}
    answer(say_here(f"census.{key}", **told), style="bold")
    for flaw in plan.file.flaws[:SHOWN]:
        answer(f"  {flaw.place}  {flaw.message.text(language())}", style="red")
    if len(plan.file.flaws) > SHOWN:
        answer(f"  {say_here('cli.more-lines', count=len(plan.file.flaws) - SHOWN)}")
    for one in plan.stubs if plan.complete else ():
        answer(f"  {say_here('census.stub' if done else 'census.would-stub', file=one.draft.file)}")
    if done:
        progress(say_here("census.import-next"))
    elif plan.file.flaws:
        progress(say_here("census.import-bad-next"))


def _plan_json(plan: CensusPlan, *, done: bool) -> dict[str, Any]:
    lang = language()
    return {
        "file": plan.file.source,
        "imported": done,
        "complete": plan.complete,
        "estimates": [{"task": one.task, "place": one.place, **one.estimate.model_dump(mode="json")} for one in plan.new],
        "same": plan.same,
        "unfilled": plan.file.unfilled,
        "runbooks": [one.draft.file for one in plan.stubs],
        "flaws": [
            {"place": flaw.place, "problem": flaw.message.key, "message": flaw.message.text(lang)} for flaw in plan.file.flaws
        ],
    }
