"""`tema check nagios`: a monitoring plugin's answer. Whatever goes wrong, it prints one line and ends with 3, never with 2."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from temanashi.cli.language import language
from temanashi.cli.options import Root
from temanashi.cli.output import answer, say_here
from temanashi.errors import InputError, TemanashiError

__all__ = ["POLLED", "BadAge", "Polled", "age_of"]

AGE = re.compile(r"([0-9]{1,5})([smhd])")
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class BadAge(InputError):
    """A length of time that cannot be read."""

    key = "cli.bad-age"

    def __init__(self, given: str) -> None:
        super().__init__(given=given)


def age_of(text: str) -> timedelta:
    """`26h`, `90m`, `3d`; raises BadAge."""
    match = AGE.fullmatch(text.strip())
    if match is None:
        raise BadAge(text)
    return timedelta(seconds=int(match[1]) * SECONDS[match[2]])


class Polled(TyperCommand):
    """A command whose wrong options are UNKNOWN too: 2 would be read as CRITICAL."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As usual; what cannot be read is told as a poller expects it."""
        try:
            return super().parse_args(ctx, args)
        except Exception as error:
            # Click's own errors; some versions of Typer bring their own copy of Click, so that there is no one class to name.
            if not hasattr(error, "format_message"):
                raise
            _end(3, f"UNKNOWN: {error.format_message()}")
            raise AssertionError from error


def _end(code: int, line: str) -> None:
    answer(line)
    raise typer.Exit(code)


def nagios(
    runbook: Annotated[str, typer.Argument(help=say_here("cli.help-runbook"))],
    max_age: Annotated[str, typer.Option("--max-age", metavar="26h", help=say_here("cli.help-check-max-age"))] = "26h",
    check: Annotated[list[str] | None, typer.Option("--check", metavar="ID", help=say_here("cli.help-check-only"))] = None,
    host: Annotated[list[str] | None, typer.Option("--host", metavar="NAME", help=say_here("cli.help-check-host"))] = None,
    workspace: Root = None,
) -> None:
    """Answer like a monitoring plugin from the last run."""
    from temanashi.runs.check_rows import last_checked_run
    from temanashi.text import explain
    from temanashi.workspace.opening import open_installation
    from temanashi.workspace.polling import poll, unknown_poll

    try:
        age = age_of(max_age)
        with open_installation(workspace, create=False, read_only=True) as opened:
            with opened.database.reading() as connection:
                run = last_checked_run(connection, runbook, zone=opened.settings.zone)
            found = poll(run, now=opened.clock.now(), max_age=age, lang=language(), checks=check or (), hosts=host or ())
    except TemanashiError as error:
        found = unknown_poll(explain(error, language()).what)
    except Exception as error:  # noqa: BLE001  (a poller must hear UNKNOWN, whatever happened)
        found = unknown_poll(f"{type(error).__name__}: {error}")
    _end(found.exit, found.line)


POLLED = nagios
