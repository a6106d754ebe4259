"""`tema import`: drafts of runbooks from what a company already has, as new files of the workspace."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from temanashi.cli.drafting import known_category
from temanashi.cli.language import language
from temanashi.cli.options import Json, Root
from temanashi.cli.output import answer, emit, progress, say_here

if TYPE_CHECKING:
    from temanashi.settings import Settings
    from temanashi.workspace.importing.drafts import Draft, Finding
    from temanashi.workspace.importing.writing import Written

__all__ = ["register"]

SHOWN = 60
"""Findings that the terminal shows; the file and `--json` have all of them."""

File = Annotated[Path, typer.Argument(metavar="FILE", help=say_here("cli.help-import-file"))]
Id = Annotated[str, typer.Option("--id", metavar="ID", help=say_here("cli.help-import-id"))]
Title = Annotated[str, typer.Option("--title", metavar="TEXT", help=say_here("cli.help-import-title"))]
Category = Annotated[str, typer.Option("--category", help=say_here("cli.help-category"))]
DryRun = Annotated[bool, typer.Option("--dry-run", help=say_here("cli.help-import-dry-run"))]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help=say_here("cli.help-import"), no_args_is_help=True)
    group.command("xlsx", help=say_here("cli.help-import-xlsx"), epilog=say_here("cli.help-import-exit"))(xlsx)
    group.command("rundeck", help=say_here("cli.help-import-rundeck"), epilog=say_here("cli.help-import-exit"))(rundeck)
    app.add_typer(group, name="import")


def xlsx(
    file: File,
    name: Id = "",
    title: Title = "",
    category: Category = "routine",
    dry_run: DryRun = False,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Make a manual runbook from a procedure in Excel."""
    from temanashi.settings import find_workspace, load_settings
    from temanashi.workspace.importing.excel import draft_from_excel

    settings = load_settings(find_workspace(workspace))
    draft = draft_from_excel(file, languages=settings.languages, category=known_category(category), name=name, title=title)
    _finish(settings, [draft], dry_run=dry_run, as_json=json)


def rundeck(
    file: File, category: Category = "routine", dry_run: DryRun = False, workspace: Root = None, json: Json = False
) -> None:
    """Make runbooks from exported jobs."""
    from temanashi.settings import find_workspace, load_settings
    from temanashi.workspace.importing.rundeck.export import drafts_from_rundeck

    settings = load_settings(find_workspace(workspace))
    drafts = drafts_from_rundeck(file, languages=settings.languages, category=known_category(category))
    _finish(settings, drafts, dry_run=dry_run, as_json=json)


def _finish(settings: Settings, drafts: list[Draft], *, dry_run: bool, as_json: bool) -> None:
    from temanashi.runbooks.kinds import step_kinds
    from temanashi.workspace.importing.writing import check_ids, draft_text, write_drafts

    kinds = step_kinds()
    check_ids(settings.root, drafts, kinds=kinds)
    written = [draft_text(draft, lang=settings.languages[0], kinds=kinds) for draft in drafts]
    if not dry_run:
        write_drafts(settings.root, written)
    complete = all(one.draft.complete for one in written)
    if as_json:
        emit({"written": not dry_run, "complete": complete, "runbooks": [_json(one) for one in written]})
    else:
        for one in written:
            _tell(one, dry_run=dry_run)
        if not dry_run:
            progress(say_here("cli.import-next"))
    raise typer.Exit(0 if complete else 1)


def _tell(written: Written, *, dry_run: bool) -> None:
    draft = written.draft
    key = "cli.import-would" if dry_run else "cli.import-written"
    answer(say_here(key, file=draft.file, steps=len(draft.data["steps"])), style="bold")
    counted = [finding for finding in draft.findings if finding.kind != "noted"]
    answer(f"  {say_here('cli.import-left', count=len(counted)) if counted else say_here('cli.import-all')}")
    for finding in draft.findings[:SHOWN]:
        answer(f"    {_line(finding)}", style={"left": "red", "changed": "yellow"}.get(finding.kind, ""))
    if len(draft.findings) > SHOWN:
        answer(f"    {say_here('cli.more-lines', count=len(draft.findings) - SHOWN)}")
    if dry_run:
        answer("")
        answer(written.text.rstrip("\n"))


def _line(finding: Finding) -> str:
    from temanashi.workspace.importing.writing import told

    return told(finding, language())


def _json(written: Written) -> dict[str, object]:
    lang = language()
    findings = [
        {"kind": f.kind, "place": f.place, "step": f.step, "key": f.message.key, "message": f.message.text(lang)}
        for f in written.draft.findings
    ]
    return {"id": written.draft.id, "file": written.draft.file, "findings": findings, "text": written.text}
