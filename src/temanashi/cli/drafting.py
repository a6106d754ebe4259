"""`tema init`, `new`, `validate`, `schema`, `publish`, `versions`: work on the files of a workspace."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from temanashi.cli.language import language
from temanashi.cli.options import Actor, Json, Reason, Root
from temanashi.cli.output import answer, emit, progress, say_here
from temanashi.errors import InputError

if TYPE_CHECKING:
    from temanashi.workspace.publishing import Difference, Publication, StoredVersion

__all__ = ["known_category", "register"]

DIFFERENCE_LINES = 40
"""Lines of one file's difference that the terminal shows; `--json` has up to 200."""


class UnknownCategory(InputError):
    """A category that is none of the five."""

    key = "cli.unknown-category"

    def __init__(self, given: str, *, known: tuple[str, ...]) -> None:
        super().__init__(given=given, known=known)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("init", help=say_here("cli.help-init"))(init)
    new = typer.Typer(help=say_here("cli.help-new"), no_args_is_help=True)
    new.command("runbook", help=say_here("cli.help-new-runbook"))(new_runbook)
    app.add_typer(new, name="new")
    app.command("validate", help=say_here("cli.help-validate"))(validate)
    app.command("schema", help=say_here("cli.help-schema"))(schema)
    app.command("publish", help=say_here("cli.help-publish"))(publish)
    app.command("versions", help=say_here("cli.help-versions"))(versions)


def init(
    directory: Annotated[Path, typer.Argument(help=say_here("cli.help-init-dir"))],
    name: Annotated[str, typer.Option("--company", help=say_here("cli.help-company"))] = "",
) -> None:
    """Make a new workspace."""
    from temanashi.workspace.creating import init_workspace

    made = init_workspace(directory, name=name)
    answer(say_here("cli.init-done", directory=str(directory), count=len(made)))
    answer(say_here("cli.init-next", directory=str(directory)))


def new_runbook(
    runbook: Annotated[str, typer.Argument(help=say_here("cli.help-new-id"))],
    category: Annotated[str, typer.Option("--category", help=say_here("cli.help-category"))] = "routine",
    workspace: Root = None,
) -> None:
    """Write a commented runbook file."""
    from temanashi.settings import find_workspace, load_settings
    from temanashi.workspace.creating import new_runbook as write

    settings = load_settings(find_workspace(workspace))
    file = write(settings.root, runbook, category=known_category(category), languages=settings.languages)
    answer(say_here("cli.new-done", file=str(file)))


def known_category(given: str) -> str:
    """The category; raises UnknownCategory."""
    from temanashi.runbooks.model import Category

    known = get_args(Category)
    if given not in known:
        raise UnknownCategory(given, known=known)
    return given


def validate(workspace: Root = None, json: Json = False) -> None:
    """Report every mistake of every file at once."""
    from temanashi.runbooks.kinds import step_kinds
    from temanashi.settings import find_workspace
    from temanashi.workspace.faults import errors_among, fault_json, fault_lines
    from temanashi.workspace.loading import load_workspace

    loaded = load_workspace(find_workspace(workspace), kinds=step_kinds())
    wrong = errors_among(loaded.faults)
    if json:
        emit({"runbooks": sorted(loaded.runbooks), "faults": [fault_json(fault) for fault in loaded.faults]})
    else:
        key = "cli.validate-bad" if wrong else "cli.validate-good"
        files = len({fault.at.file for fault in wrong})
        answer(say_here(key, good=len(loaded.runbooks), wrong=len(wrong), files=files), style="red" if wrong else "green")
        for line in fault_lines(loaded.faults, language()):
            answer(f"  {line}")
    raise typer.Exit(2 if wrong else 0)


def schema(
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help=say_here("cli.help-schema-out"))],
) -> None:
    """Write JSON Schemas for editors."""
    from temanashi.workspace.schema import write_schemas

    for file in write_schemas(output):
        answer(str(file))


def publish(
    back: Annotated[bool, typer.Option("--back", help=say_here("cli.help-back"))] = False,
    approve: Annotated[int | None, typer.Option("--approve", metavar="N", help=say_here("cli.help-approve"))] = None,
    refuse: Annotated[int | None, typer.Option("--refuse", metavar="N", help=say_here("cli.help-refuse-version"))] = None,
    reason: Reason = "",
    actor: Actor = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Make the files the live version."""
    from temanashi.people import current_actor
    from temanashi.runbooks.kinds import step_kinds
    from temanashi.workspace import publishing
    from temanashi.workspace.live import earlier_lists
    from temanashi.workspace.loading import load_workspace
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace) as opened:
        who, clock = current_actor(actor), opened.clock
        database, ledger = opened.database, opened.ledger
        if approve is not None:
            result = publishing.approve_publication(database, ledger, approve, actor=who, clock=clock, reason=reason)
        elif refuse is not None:
            result = publishing.refuse_publication(database, ledger, refuse, actor=who, clock=clock, reason=reason)
        elif back:
            result = publishing.publish_back(database, ledger, actor=who, clock=clock, reason=reason)
        else:
            with opened.database.reading() as connection:
                earlier = earlier_lists(connection)
            loaded = load_workspace(opened.settings.root, kinds=step_kinds(), earlier=earlier)
            result = publishing.publish(database, ledger, loaded, actor=who, clock=clock, reason=reason)
    _show_publication(result, as_json=json)


def _show_publication(result: Publication, *, as_json: bool) -> None:
    from temanashi.workspace.faults import errors_among, fault_json, fault_lines

    difference = result.difference
    if as_json:
        emit(
            {
                "number": result.number,
                "digest": result.digest,
                "status": result.status,
                "needs_second": list(result.needs_second),
                "difference": difference.model_dump(mode="json"),
                "faults": [fault_json(fault) for fault in result.faults],
            }
        )
        return
    people = "、".join(result.needs_second) if language() == "ja" else ", ".join(result.needs_second)
    answer(say_here(f"cli.published-{result.status}", number=result.number, runbooks=people))
    if result.status not in {"unchanged", "back"}:
        _show_difference(difference)
    for line in fault_lines(errors_among(result.faults), language()):
        progress(f"  {say_here('cli.published-disabled')} {line}", style="red")


def _show_difference(difference: Difference) -> None:
    for key in ("added", "changed", "removed", "disabled"):
        if names := getattr(difference, key):
            answer(f"  {say_here(f'cli.published-{key}')}: {', '.join(names)}")
    for found in difference.files:
        lines = found.text.splitlines() if found.change == "changed" else []
        for line in lines[:DIFFERENCE_LINES]:
            answer(f"    {line}", style={"+": "green", "-": "red"}.get(line[:1], ""))
        if len(lines) > DIFFERENCE_LINES or (found.truncated and lines):
            answer(f"    … {found.file}")


def versions(
    number: Annotated[int | None, typer.Argument(min=1, help=say_here("cli.help-version-number"))] = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """List the stored versions, or tell one with its difference."""
    from temanashi.workspace.opening import open_installation
    from temanashi.workspace.publishing import NoSuchVersion, stored_versions

    with open_installation(workspace, create=False) as opened, opened.database.reading() as connection:
        found = stored_versions(connection, numbers=(number,) if number is not None else ())
        zone = opened.settings.zone
    if number is not None and not found:
        raise NoSuchVersion(number)
    if json:
        emit([{**_version(v), "difference": v.difference.model_dump(mode="json")} for v in found])
        return
    for version in found:
        state = say_here(f"cli.version-{version.state}")
        answer(f"{version.number:>4}  {version.created_at.astimezone(zone):%Y-%m-%d %H:%M}  {version.author}  {state}")
        if number is not None:
            _show_difference(version.difference)


def _version(version: StoredVersion) -> dict[str, object]:
    return {
        "number": version.number,
        "digest": version.digest,
        "author": version.author,
        "created_at": version.created_at.isoformat(),
        "state": version.state,
        "needs_second": list(version.needs_second),
    }
