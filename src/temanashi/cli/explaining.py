"""`tema explain FIGURE`: the formula with its numbers, and the records behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from temanashi.cli.demanding import published_of
from temanashi.cli.hosts import aligned
from temanashi.cli.language import language
from temanashi.cli.options import Json, Root
from temanashi.cli.output import answer, emit, progress, say_here

if TYPE_CHECKING:
    from temanashi.books.explaining import Explained
    from temanashi.settings import Settings

__all__ = ["register"]

FigureWord = Annotated[str, typer.Argument(metavar="FIGURE", help=say_here("close.help-explain-figure"))]
MonthOption = Annotated[str, typer.Option("--month", metavar="YYYY-MM", help=say_here("close.help-explain-month"))]
Task = Annotated[str, typer.Option("--task", metavar="TASK", help=say_here("close.help-explain-task"))]
Every = Annotated[bool, typer.Option("--all", help=say_here("close.help-explain-all"))]
SHOWN = 40


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("explain", help=say_here("close.help-explain"))(explain)


def explain(
    figure: FigureWord, month: MonthOption = "", task: Task = "", every: Every = False, workspace: Root = None, json: Json = False
) -> None:
    """Tell why a figure of a month is what it is."""
    from temanashi.calendars import Month
    from temanashi.workspace.explaining import explain_month, with_times
    from temanashi.workspace.opening import open_installation
    from temanashi.workspace.reporting import current_month

    with open_installation(workspace) as opened:
        published = published_of(opened)
        wanted = Month.parse(month) if month else current_month(opened)
        with opened.database.reading() as connection:
            told = explain_month(opened, connection, published, wanted, figure, task)
            counts = (len(told.lines), len(told.nothing))
            told = with_times(opened, connection, told, most=None if json or every else SHOWN)
        if json:
            emit(told.model_dump(mode="json"))
        else:
            _show(told, counts, opened.settings)


def _show(told: Explained, counts: tuple[int, int], settings: Settings) -> None:
    from temanashi.reports.display import Display
    from temanashi.reports.explaining import behind, formula, nothing_behind

    show = Display(language(), settings.zone)
    for sentence in formula(told, show):
        answer(sentence, style="bold")
    for row in aligned(behind(told, show)):
        answer(f"  {row}")
    if counts[0] > len(told.lines):
        progress(say_here("close.explain-more", count=counts[0] - len(told.lines)))
    if counts[1]:
        answer(say_here("close.explain-nothing", count=counts[1]))
        for row in aligned(nothing_behind(told, show)):
            answer(f"  {row}")
        if counts[1] > len(told.nothing):
            progress(say_here("close.explain-more", count=counts[1] - len(told.nothing)))
    address = f"report/records?month={told.month}&figure={told.figure}" + (f"&task={told.task}" if told.task else "")
    progress(say_here("close.explain-page", address=settings.page(address)))
