"""`tema review pack` and `tema review verify`, which needs no workspace."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from temanashi.cli.language import language
from temanashi.cli.options import Actor, Json, Root
from temanashi.cli.output import answer, emit, progress, say_here

if TYPE_CHECKING:
    from temanashi.workspace.reviewing.pack_check import ReviewFound

__all__ = ["register"]


def register(group: typer.Typer) -> None:
    """Add the commands to `tema review`."""
    group.command("pack", help=say_here("reviews.help-pack"))(pack)
    group.command("verify", help=say_here("reviews.help-verify"), epilog=say_here("reviews.help-verify-exit"))(verify)


def pack(
    review: Annotated[str, typer.Argument(metavar="REVIEW", help=say_here("reviews.help-review"))],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE.zip", help=say_here("audit.help-output-zip"))],
    actor: Actor = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Write the evidence of a review into one zip."""
    from temanashi.people import current_actor
    from temanashi.workspace.live import live_people
    from temanashi.workspace.opening import open_installation
    from temanashi.workspace.reviewing.packing import pack_review

    with open_installation(workspace, create=False) as installation:
        with installation.database.reading() as connection:
            people = live_people(connection)
        made = pack_review(installation, review, output, actor=current_actor(actor, people=people), channel="cli")
    if json:
        emit({"file": str(made.file), "sha256": made.sha256, "records": made.records, "runs": made.runs})
        return
    answer(say_here("audit.packed", file=str(made.file), records=made.records, runs=made.runs))
    answer(f"  SHA-256 {made.sha256}")
    progress(say_here("reviews.packed-next", file=str(made.file)))


def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE.zip", help=say_here("reviews.help-pack-file"))],
    key: Annotated[Path | None, typer.Option("--key", metavar="FILE", help=say_here("audit.help-key"))] = None,
    json: Json = False,
) -> None:
    """Exit 0 intact, 1 altered, 2 cannot tell."""
    from temanashi.ledger.given import given_key
    from temanashi.workspace.reviewing.pack_check import check_review_pack

    found = check_review_pack(file, trusted=given_key(key) if key else None)
    if json:
        told = {name: value for name, value in found._asdict().items() if name != "pack"}
        problem = found.pack.problem.text(language()) if found.pack.problem else None
        emit({"exit": found.pack.exit_code, "status": found.pack.status, "problem": problem, **told})
    else:
        _tell(found)
    raise typer.Exit(found.pack.exit_code)


def _tell(found: ReviewFound) -> None:
    word = found.pack.status.replace("_", "-")
    colour = {"intact": "green", "altered": "red", "cannot_tell": "magenta"}[found.pack.status]
    answer(say_here(f"audit.pack-{word}", records=found.pack.records, pruned=found.pack.pruned), style=colour)
    if found.pack.problem is not None:
        answer(f"  {found.pack.problem.text(language())}")
    if found.review:
        told = {name: value for name, value in found._asdict().items() if name != "pack"}
        answer(f"  {say_here('reviews.pack-holds', **told)}")
