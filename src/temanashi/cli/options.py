"""Options that several commands share."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from temanashi.cli.output import say_here

__all__ = ["Actor", "Json", "Reason", "Root", "day_of_option"]

Json: TypeAlias = Annotated[bool, typer.Option("--json", help=say_here("cli.help-json"))]
Actor: TypeAlias = Annotated[str | None, typer.Option("--as", metavar="NAME", help=say_here("cli.help-as"))]
Reason: TypeAlias = Annotated[str, typer.Option("--reason", help=say_here("cli.help-reason"))]
Root: TypeAlias = Annotated[Path | None, typer.Option("--workspace", metavar="DIR", help=say_here("cli.help-workspace"))]


def day_of_option(text: str) -> date | None:
    """The day that an option names, None where it is left out; raises typer.BadParameter."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(say_here("cli.bad-day", given=text)) from None
