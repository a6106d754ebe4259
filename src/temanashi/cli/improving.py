"""`tema invest` and `tema roadmap`: what automation took, and where the work is to go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from temanashi.cli.language import language
from temanashi.cli.options import Actor, Json, Reason, Root, day_of_option
from temanashi.cli.output import answer, emit, progress, say_here
from temanashi.errors import WorkspaceError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from temanashi.books import Achieved, Investment, RoadmapFigures
    from temanashi.books.roadmap_figures import MeasureState
    from temanashi.reports.display import Display

__all__ = ["NoRoadmap", "register"]

Recipient = Annotated[str, typer.Argument(metavar="RUNBOOK|programme", help=say_here("improvement.help-recipient"))]
Hours = Annotated[float, typer.Argument(metavar="HOURS", help=say_here("improvement.help-hours"))]
Upkeep = Annotated[bool, typer.Option("--upkeep", help=say_here("improvement.help-upkeep"))]
Day = Annotated[str, typer.Option("--day", metavar="YYYY-MM-DD", help=say_here("improvement.help-day"))]
Person = Annotated[str, typer.Option("--person", metavar="NAME", help=say_here("improvement.help-person"))]
Note = Annotated[str, typer.Option("--note", metavar="TEXT", help=say_here("improvement.help-note"))]
Number = Annotated[int, typer.Argument(metavar="NUMBER", help=say_here("improvement.help-number"))]
MonthOption = Annotated[str, typer.Option("--month", metavar="YYYY-MM", help=say_here("improvement.help-month"))]
LISTED = 40


class NoRoadmap(WorkspaceError):
    """The published version has no roadmap."""

    key = "improvement.no-roadmap"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help=say_here("improvement.help-invest"), no_args_is_help=True)
    group.command("add", help=say_here("improvement.help-add"))(add)
    group.command("list", help=say_here("improvement.help-list"))(list_investments)
    group.command("cancel", help=say_here("improvement.help-cancel"))(cancel)
    app.add_typer(group, name="invest")
    app.command("roadmap", help=say_here("improvement.help-roadmap"))(roadmap)


def add(
    recipient: Recipient,
    hours: Hours,
    upkeep: Upkeep = False,
    day: Day = "",
    person: Person = "",
    note: Note = "",
    actor: Actor = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Record hours put into automation."""
    from temanashi.cli.demanding import published_of
    from temanashi.people import current_actor
    from temanashi.workspace.improving import record_investment
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace) as opened:
        published = published_of(opened)
        with opened.database.transaction() as connection:
            one = record_investment(
                opened,
                connection,
                published,
                recipient,
                "upkeep" if upkeep else "build",
                hours,
                actor=current_actor(actor, people=published.people),
                day=day_of_option(day),
                person=person,
                note=note,
            )
        show = _display(opened)
    if json:
        emit(one.model_dump(mode="json"))
        return
    told = {"hours": show.hours(one.seconds), "recipient": _name(one.recipient), "day": one.day.isoformat(), "person": one.person}
    answer(say_here(f"improvement.added-{one.part}", **told))
    progress(say_here("improvement.added-next", number=one.number))


def cancel(number: Number, reason: Reason = "", actor: Actor = None, workspace: Root = None, json: Json = False) -> None:
    """Record that an investment was entered by mistake."""
    from temanashi.people import current_actor
    from temanashi.workspace.improving import cancel_investment
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace) as opened:
        with opened.database.transaction() as connection:
            one = cancel_investment(opened, connection, number, reason=reason, actor=current_actor(actor))
        show = _display(opened)
    if json:
        emit({"cancelled": one.model_dump(mode="json")})
        return
    answer(say_here("improvement.cancelled", number=number, hours=show.hours(one.seconds), recipient=_name(one.recipient)))


def list_investments(month: MonthOption = "", workspace: Root = None, json: Json = False) -> None:
    """List what was put into automation, by month and by runbook."""
    from temanashi.calendars import Month
    from temanashi.workspace.improving import read_investments
    from temanashi.workspace.opening import open_installation

    wanted = Month.parse(month) if month else None
    with open_installation(workspace) as opened:
        with opened.database.reading() as connection:
            every = read_investments(opened, connection)
        show = _display(opened)
    found = [one for one in every if wanted is None or one.day in wanted]
    if json:
        emit(_as_json(found))
        return
    _tell(found, show)


def _as_json(found: Sequence[Investment]) -> dict[str, Any]:
    from temanashi.books import invested_by_month

    months = {str(month): {"build": own.build, "upkeep": own.upkeep} for month, own in invested_by_month(found).items()}
    return {"investments": [one.model_dump(mode="json") for one in found], "seconds_by_month": months}


def _tell(found: Sequence[Investment], show: Display) -> None:
    from temanashi.books import invested_by_month
    from temanashi.cli.hosts import aligned

    build = sum(one.seconds for one in found if one.part == "build")
    upkeep = sum(one.seconds for one in found if one.part == "upkeep")
    answer(say_here("improvement.whole", build=show.hours(build), upkeep=show.hours(upkeep), count=len(found)), style="bold")
    if not found:
        answer(say_here("improvement.none-next"))
        return
    rows = [
        (
            str(one.number),
            one.day.isoformat(),
            _name(one.recipient),
            say_here(f"improvement.part-{one.part}"),
            say_here("improvement.hours", hours=show.hours(one.seconds)),
            one.person,
            one.note,
        )
        for one in found[-LISTED:]
    ]
    for line in aligned(rows):
        answer(f"  {line}")
    if len(found) > LISTED:
        answer(f"  {say_here('improvement.earlier', count=len(found) - LISTED)}")
    for month, own in invested_by_month(found).items():
        answer(say_here("improvement.month", month=str(month), build=show.hours(own.build), upkeep=show.hours(own.upkeep)))


def roadmap(workspace: Root = None, json: Json = False) -> None:
    """Tell the roadmap and how far it came."""
    from temanashi.cli.demanding import published_of
    from temanashi.workspace.improving import roadmap_now
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace) as opened:
        published = published_of(opened)
        with opened.database.reading() as connection:
            figures = roadmap_now(opened, connection, published)
        show = _display(opened)
    if figures is None:
        raise NoRoadmap
    if json:
        emit(figures.model_dump(mode="json"))
    else:
        _tell_roadmap(figures, show)


def _tell_roadmap(figures: RoadmapFigures, show: Display) -> None:
    lang = language()
    if figures.sample:
        progress(say_here("improvement.sample"), style="yellow")
    due, year = (_share(one, show) for one in (figures.due, figures.year))
    answer(say_here("improvement.achieved", due=due, year=year, fiscal_year=figures.fiscal_year), style="bold")
    answer(f"{say_here('improvement.policy')}  {figures.policy.text(lang)}")
    answer(f"{say_here('improvement.ideal')}  {figures.ideal.text(lang)}")
    for goal in figures.goals:
        answer(say_here("improvement.goal", years=goal.years, day=show.day(goal.by), title=goal.title))
    for half in figures.halves:
        answer("")
        answer(f"{half_name(half.half)}  {_share(half.achieved, show)}", style="bold")
        for measure in half.measures:
            _tell_measure(measure, show)
    if (time := figures.improvement) is not None:
        answer("")
        told = {"members": time.members, "minutes": show.minutes(time.seconds_a_day)}
        used, kept = show.hours(time.month_used_seconds), show.hours(time.month_seconds)
        answer(say_here("improvement.time", month=show.month(time.month), used=used, kept=kept, **told))


def _tell_measure(measure: MeasureState, show: Display) -> None:
    from temanashi.cli.hosts import aligned

    lang = language()
    answer(f"  {measure.title.text(lang)}  {_share(measure.achieved, show)}")
    rows = [
        (
            say_here(f"improvement.state-{task.state}"),
            task.title.text(lang),
            f"{task.first} - {task.last}",
            task.owner,
            say_here("improvement.hours", hours=show.hours(task.planned_seconds)),
        )
        for task in measure.tasks
    ]
    for line in aligned(rows):
        answer(f"    {line}")
    if measure.failed is not None and measure.learned is not None:
        answer(f"    {say_here('improvement.learned', day=measure.failed.isoformat(), text=measure.learned)}")


def half_name(half: str) -> str:
    """`2026年度下期`, `second half of fiscal 2026`."""
    return say_here(f"improvement.half-{half[-2:].lower()}", year=int(half[:4]))


def _share(one: Achieved, show: Display) -> str:
    if one.share is None:
        return say_here("improvement.nothing-planned")
    told = {"done": one.items_done, "items": one.items, "percent": show.whole_percent(one.share)}
    return say_here("improvement.share", **told)


def _display(opened: Any) -> Display:
    from temanashi.reports.display import Display

    return Display(language(), opened.settings.zone)


def _name(recipient: str) -> str:
    from temanashi.books import PROGRAMME

    return say_here("improvement.programme") if recipient == PROGRAMME else recipient
