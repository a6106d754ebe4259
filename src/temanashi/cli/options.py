"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from temanashi.cli.output import say_here

__all__ = ["Actor", "Json", "Reason", "Root"]

Json: TypeAlias = Annotated[bool, typer.Option("--json", help=say_here("cli.help-json"))]
Actor: TypeAlias = Annotated[str | None, typer.Option("--as", metavar="NAME", help=say_here("cli.help-as"))]
Reason: TypeAlias = Annotated[str, typer.Option("--reason", help=say_here("cli.help-reason"))]
Root: TypeAlias = Annotated[Path | None, typer.Option("--workspace", metavar="DIR", help=say_here("cli.help-workspace"))]
