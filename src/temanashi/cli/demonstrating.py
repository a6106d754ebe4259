"""`tema demo`: a separate workspace with a year of made-up records, to look at the report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from temanashi.cli.language import language
from temanashi.cli.options import Json
from temanashi.cli.output import answer, emit, progress, say_here

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo", help=say_here("demo.help"))(demo)


def demo(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help=say_here("demo.help-folder"))] = Path("temanashi-demo"),
    seed: Annotated[int, typer.Option("--seed", min=0, help=say_here("demo.help-seed"))] = 1,
    json: Json = False,
) -> None:
    """Make the sample workspace and say how to look at it."""
    import os

    from temanashi.clock import SystemClock
    from temanashi.reports.display import Display
    from temanashi.workspace.demo.filling import fill_demo
    from temanashi.workspace.opening import open_installation

    lang = language()

    def note(month: object) -> None:
        progress(say_here("demo.month", month=str(month)))

    made = fill_demo(folder, seed=seed, clock=SystemClock(), environ=os.environ, note=note)
    if json:
        emit({"folder": str(made.folder), "records": made.records, "month": str(made.month), "sample": True})
        return
    with open_installation(made.folder) as opened:
        month = Display(lang, opened.settings.zone).month(str(made.month))
    answer(say_here("demo.made", folder=str(made.folder), records=made.records, month=month))
    answer(say_here("demo.next", folder=str(made.folder), month=str(made.month)))
