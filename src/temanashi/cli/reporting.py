"""`tema report`: the month's answer, and the report as a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from temanashi.cli.language import language
from temanashi.cli.options import Json, Root
from temanashi.cli.output import FileTrouble, answer, say_here
from temanashi.errors import InputError

__all__ = ["register"]

READABLE = ("html", "csv", "json")


class UnknownFace(InputError):
    """A file name whose ending, or a format that, is none of the report's faces."""

    key = "cli.unknown-face"

    def __init__(self, given: str) -> None:
        super().__init__(file=given)


class NotForTerminals(InputError):
    """A format that no terminal can show, asked for without a file."""

    key = "cli.not-for-terminals"

    def __init__(self, face: str) -> None:
        super().__init__(face=face)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("report", help=say_here("cli.help-report"))(report)


def report(
    month: Annotated[str, typer.Option("--month", metavar="YYYY-MM", help=say_here("cli.help-month"))] = "",
    team: Annotated[str, typer.Option("--team", metavar="NAME", help=say_here("cli.help-report-team"))] = "",
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help=say_here("cli.help-report-out"))] = None,
    face: Annotated[str, typer.Option("--format", metavar="FORMAT", help=say_here("cli.help-report-format"))] = "",
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Tell the month's number, or write the report."""
    from temanashi.calendars import Month
    from temanashi.reports import FACES, answering_sentence, as_json
    from temanashi.workspace.first import published_or_first
    from temanashi.workspace.opening import open_installation
    from temanashi.workspace.reporting import current_month, month_report

    wanted = face or (output.suffix.removeprefix(".").lower() if output else "")
    if (output or face) and wanted not in FACES:
        raise UnknownFace(face or str(output))
    if wanted and output is None and wanted not in READABLE and sys.stdout.isatty():
        raise NotForTerminals(wanted)
    with open_installation(workspace) as opened:
        asked = Month.parse(month) if month else current_month(opened)
        published, _ = published_or_first(opened)
        with opened.database.reading() as connection:
            data = month_report(opened, connection, published, asked, team=team)
    if wanted:
        _write(FACES[wanted].render(data, language()), output, readable=wanted in READABLE)
    elif json:
        typer.echo(as_json(data))
    else:
        answer(answering_sentence(data, language()))
        answer(say_here("cli.report-next"))


def _write(content: bytes, output: Path | None, *, readable: bool) -> None:
    if output is None:
        typer.echo(content.decode() if readable else content, nl=False)
        return
    try:
        output.write_bytes(content)
    except OSError as error:
        raise FileTrouble(str(output), reason=error.strerror or str(error)) from error
    answer(say_here("cli.report-written", file=str(output)))
