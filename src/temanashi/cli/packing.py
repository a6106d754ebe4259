"""`tema audit pack`, and `tema audit verify --pack`, which needs no workspace."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from temanashi.cli.language import language
from temanashi.cli.options import Actor, Json, Root
from temanashi.cli.output import answer, emit, say_here

if TYPE_CHECKING:
    from temanashi.audit.pack_check import PackFound

__all__ = ["register", "verify_pack"]


def register(audit: typer.Typer) -> None:
    """Add the command under `tema audit`."""
    audit.command("pack", help=say_here("audit.help-pack"))(pack)


def pack(
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help=say_here("audit.help-output-zip"))],
    run: Annotated[str, typer.Option("--run", metavar="ID", help=say_here("cli.help-run-id"))] = "",
    ticket: Annotated[str, typer.Option("--ticket", metavar="TEXT", help=say_here("audit.help-ticket"))] = "",
    period: Annotated[str, typer.Option("--period", metavar="TEXT", help=say_here("audit.help-pack-period"))] = "",
    actor: Actor = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Write the evidence of a run, a ticket or a period into one zip."""
    from temanashi.audit.pack_scope import Scope
    from temanashi.people import current_actor
    from temanashi.workspace.opening import open_installation
    from temanashi.workspace.packing import pack_evidence

    asked = {"run": run, "ticket": ticket, "period": period}
    given = {sort: value for sort, value in asked.items() if value.strip()}
    if len(given) != 1:
        raise typer.BadParameter(say_here("audit.one-scope"))
    ((sort, value),) = given.items()
    scope = Scope.model_validate({"sort": sort, "value": value.strip()})
    with open_installation(workspace, create=False) as opened:
        made = pack_evidence(opened, scope, output, actor=current_actor(actor))
    if json:
        emit({"file": str(made.file), "sha256": made.sha256, "records": made.records, "runs": made.runs})
        return
    answer(say_here("audit.packed", file=str(made.file), records=made.records, runs=made.runs))
    answer(f"  SHA-256 {made.sha256}")
    answer(say_here("audit.packed-next", file=str(made.file)))


def verify_pack(file: Path, *, trusted: str | None, json: bool) -> int:
    """Tell what a pack is worth; its exit code."""
    from temanashi.audit.pack_check import check_pack

    found = check_pack(file, trusted=trusted)
    if json:
        emit({"exit": found.exit_code, **_plain(found)})
        return found.exit_code
    word = found.status.replace("_", "-")
    colour = {"intact": "green", "altered": "red", "cannot_tell": "magenta"}[found.status]
    answer(say_here(f"audit.pack-{word}", records=found.records, pruned=found.pruned), style=colour)
    if found.problem is not None:
        answer(f"  {found.problem.text(language())}")
    if found.checkpoint is not None and found.status != "altered":
        seal = found.checkpoint
        answer(f"  {say_here('audit.pack-sealed', number=seal.number, seq=seal.seq, at=seal.at.isoformat(timespec='seconds'))}")
    return found.exit_code


def _plain(found: PackFound) -> dict[str, object]:
    return {
        "status": found.status,
        "records": found.records,
        "pruned": found.pruned,
        "linked": found.linked,
        "checkpoint": found.checkpoint.model_dump(mode="json") if found.checkpoint else None,
        "problem": found.problem.model_dump() if found.problem else None,
    }
