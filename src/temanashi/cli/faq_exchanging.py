"""`tema faq export` and `tema faq import`: the FAQ as an Excel file, and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from temanashi.cli.language import language
from temanashi.cli.options import Json, Root
from temanashi.cli.output import FileTrouble, answer, emit, progress, say_here

if TYPE_CHECKING:
    from temanashi.workspace.faq_sheet_taking import SheetPlan
    from temanashi.workspace.loading import Workspace

__all__ = ["register"]

SHOWN = 60

Out = Annotated[Path, typer.Argument(metavar="FAQ.xlsx", help=say_here("faqsheet.help-out"))]
In = Annotated[Path, typer.Argument(metavar="FAQ.xlsx", help=say_here("faqsheet.help-in"))]
DryRun = Annotated[bool, typer.Option("--dry-run", help=say_here("faqsheet.help-dry-run"))]
SkipBad = Annotated[bool, typer.Option("--skip-bad", help=say_here("faqsheet.help-skip-bad"))]
Force = Annotated[bool, typer.Option("--force", help=say_here("faqsheet.help-force"))]


def register(faq: typer.Typer) -> None:
    """Add the commands."""
    faq.command("export", help=say_here("faqsheet.help-export"))(export)
    faq.command("import", help=say_here("faqsheet.help-import"), epilog=say_here("faqsheet.help-import-exit"))(import_sheet)


def export(file: Out, force: Force = False, workspace: Root = None, json: Json = False) -> None:
    """Write the entries of the workspace's files."""
    from temanashi.reports.faq_xlsx import faq_xlsx

    loaded = _loaded(workspace)
    entries = [one.entry for one in loaded.entries.values()]
    data = faq_xlsx(entries, language())
    try:
        with file.open("wb" if force else "xb") as stream:
            stream.write(data)
    except OSError as error:
        raise FileTrouble(str(file), reason=error.strerror or type(error).__name__) from error
    if json:
        emit({"file": str(file), "entries": len(entries)})
    else:
        answer(say_here("faqsheet.exported", file=str(file), entries=len(entries)))


def import_sheet(file: In, dry_run: DryRun = False, skip_bad: SkipBad = False, workspace: Root = None, json: Json = False) -> None:
    """Take a sheet back into the workspace's files."""
    from temanashi.workspace.faq_sheet_reading import read_faq_sheet
    from temanashi.workspace.faq_sheet_taking import plan_sheet, write_sheet

    loaded = _loaded(workspace)
    try:
        sheet = read_faq_sheet(file)
    except OSError as error:
        raise FileTrouble(str(file), reason=error.strerror or type(error).__name__) from error
    plan = plan_sheet(sheet, loaded)
    wanted = not dry_run and (skip_bad or not plan.flaws)
    files = write_sheet(plan, loaded.root) if wanted else []
    if json:
        emit(
            {
                "written": [path.relative_to(loaded.root).as_posix() for path in files],
                "entries": plan.standings,
                "flaws": [{"place": f.place, "entry": f.entry, "message": f.message.text(language())} for f in plan.flaws],
            }
        )
    else:
        _tell(plan, wanted=wanted, dry_run=dry_run)
    raise typer.Exit(1 if plan.flaws else 0)


def _loaded(workspace: Path | None) -> Workspace:
    from temanashi.runbooks.kinds import step_kinds
    from temanashi.settings import find_workspace
    from temanashi.workspace.loading import load_workspace

    return load_workspace(find_workspace(workspace), kinds=step_kinds())


def _tell(plan: SheetPlan, *, wanted: bool, dry_run: bool) -> None:
    key = "written" if wanted else "would" if dry_run else "nothing"
    counts = {"new": plan.count("new"), "changed": plan.count("changed"), "same": plan.count("same")}
    answer(say_here(f"faqsheet.{key}", **counts, wrong=len({flaw.entry for flaw in plan.flaws})), style="bold" if wanted else "")
    for name, standing in sorted(plan.standings.items()):
        if standing != "same":
            answer(f"  {say_here(f'faqsheet.standing-{standing}')}  {name}")
    for flaw in plan.flaws[:SHOWN]:
        answer(f"  {flaw.place} {flaw.entry}  {flaw.message.text(language())}", style="red")
    if len(plan.flaws) > SHOWN:
        answer(f"  {say_here('mining.more', count=len(plan.flaws) - SHOWN)}")
    if plan.flaws and not wanted and not dry_run:
        progress(say_here("faqsheet.bad-next"))
    elif wanted and plan.texts:
        progress(say_here("faqsheet.publish-next"))
