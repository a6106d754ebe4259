"""The commands of `tema` and their help, in the language of the terminal."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated

import typer

from temanashi.cli.output import answer, say_here

__all__ = ["build"]

COMMANDS = (
    "running",
    "checklist",
    "checking",
    "approving",
    "executing",
    "repeating",
    "drafting",
    "showing_runbooks",
    "importing",
    "hosts",
    "scheduling",
    "alarming",
    "watching",
    "heartbeats",
    "serving",
    "users",
    "tokens",
    "account_listing",
    "reviewing",
    "accounting",
    "reporting",
    "closing_months",
    "demonstrating",
    "explaining",
    "faq",
    "demanding",
    "incidents",
    "improving",
    "census",
    "auditing",
    "asking",
)
"""The modules that register commands, in the order of the help."""


def _version(value: bool) -> None:  # noqa: FBT001  (Typer calls it so)
    if value:
        from temanashi import __version__

        answer(f"temanashi {__version__}")
        raise typer.Exit


def build() -> typer.Typer:
    """The whole command line; commands import what they run when they run."""
    app = typer.Typer(
        name="tema",
        help=say_here("cli.help"),
        no_args_is_help=True,
        add_completion=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        rich_markup_mode=None,
    )

    @app.callback()
    def options(
        version: Annotated[
            bool, typer.Option("--version", callback=_version, is_eager=True, help=say_here("cli.help-version"))
        ] = False,
        lang: Annotated[str, typer.Option("--lang", metavar="ja|en", help=say_here("cli.help-lang"))] = "",
    ) -> None:
        pass

    for name in COMMANDS:
        import_module(f"temanashi.cli.{name}").register(app)
    return app
