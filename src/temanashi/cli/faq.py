"""`tema faq`: the FAQ of the workspace; its commands stand in modules of their own."""

from __future__ import annotations

from importlib import import_module

import typer

from temanashi.cli.output import say_here

__all__ = ["register"]

COMMANDS = ("faq_checking", "faq_evaluating", "faq_mining", "faq_exchanging", "faq_digest")
"""The modules that register commands of `tema faq`, in the order of the help."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    faq = typer.Typer(help=say_here("faq.help"), no_args_is_help=True)
    for name in COMMANDS:
        import_module(f"temanashi.cli.{name}").register(faq)
    app.add_typer(faq, name="faq")
