"""`tema schedule`: what starts when, and which days are left out and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from temanashi.cli.language import language
from temanashi.cli.options import Json, Root
from temanashi.cli.output import answer, emit, progress, say_here

if TYPE_CHECKING:
    from datetime import date

    from temanashi.runbooks.planned import PlannedDay, SchedulePlan

__all__ = ["register", "schedule"]

WEEK, LINES = 7, 60


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("schedule", help=say_here("cli.help-schedule"))(schedule)


def schedule(
    runbook: Annotated[str, typer.Argument(help=say_here("cli.help-schedule-runbook"))] = "",
    first: Annotated[str, typer.Option("--from", metavar="YYYY-MM-DD", help=say_here("cli.help-schedule-from"))] = "",
    last: Annotated[str, typer.Option("--to", metavar="YYYY-MM-DD", help=say_here("cli.help-schedule-to"))] = "",
    xlsx: Annotated[Path | None, typer.Option("--xlsx", metavar="FILE", help=say_here("cli.help-schedule-xlsx"))] = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Tell what is planned, or write it to a file."""
    from datetime import timedelta

    from temanashi.workspace.first import published_or_first
    from temanashi.workspace.opening import open_installation
    from temanashi.workspace.scheduling import planned_schedules, three_months

    begin, end = _day(first), _day(last)
    with open_installation(workspace) as opened:
        published, note = published_or_first(opened)
        if note is not None:
            progress(note.text(language()))
        now = opened.clock.now()
        start = begin or now.astimezone(opened.settings.zone).date()
        usual = three_months(start)[1] if xlsx is not None else start + timedelta(days=WEEK)
        with opened.database.reading() as connection:
            plan = planned_schedules(connection, published, start, end or usual, now=now, runbook=runbook)
    if xlsx is not None:
        _write(plan, xlsx)
    elif json:
        emit(_as_json(plan))
    else:
        _tell(plan)


def _day(text: str) -> date | None:
    from datetime import date

    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise typer.BadParameter(say_here("cli.bad-day", given=text)) from None


def _write(plan: SchedulePlan, file: Path) -> None:
    from temanashi.reports.schedule_xlsx import schedule_xlsx

    file.write_bytes(schedule_xlsx(plan, language()))
    answer(say_here("cli.schedule-written", file=str(file), **_facts(plan)))


def _facts(plan: SchedulePlan) -> dict[str, Any]:
    return {"first": plan.first.isoformat(), "last": plan.last.isoformat(), "count": plan.starts}


def _tell(plan: SchedulePlan) -> None:
    from temanashi.reports.display import Display
    from temanashi.reports.schedule_grid import changes, row_title

    lang = language()
    show, starting = Display(lang, plan.zone), plan.starting_days()
    answer(say_here("cli.schedule-head", **_facts(plan)))
    for row, day in starting[:LINES]:
        answer(f"  {show.moment(day.first)}{_often(day, plan)}  {row_title(row, lang)}  ({row.runbook.id})")
    if len(starting) > LINES:
        answer(f"  {say_here('cli.schedule-more', count=len(starting) - LINES)}")
    told = changes(plan, lang)
    if told:
        answer(say_here("cli.schedule-left-out"))
    for change in told[:LINES]:
        answer(f"  {show.day(change.day)}  {change.why.text(lang)}  {', '.join(change.titles)}")
    if plan.off:
        answer(say_here("cli.schedule-off", names=[f"{runbook.id}/{own.id}" for runbook, own in plan.off]))


def _often(day: PlannedDay, plan: SchedulePlan) -> str:
    """The last time and how often, where it is more than once a day."""
    last = day.last.astimezone(plan.zone)
    return f"-{last:%H:%M} {say_here('pages.schedule-times', count=day.starts)}" if day.starts > 1 else ""


def _as_json(plan: SchedulePlan) -> dict[str, Any]:
    lang = language()
    lines = [
        {
            "runbook": row.runbook.id,
            "schedule": row.schedule.id,
            "day": item.day.isoformat(),
            "clock": item.clock,
            "at": item.occurrence.at.isoformat(),
            "slot": item.occurrence.slot.isoformat(),
            "meant_for": item.occurrence.nominal.isoformat(),
            "starts": item.starts,
            "mark": item.mark,
            "reason": item.why.text(lang) if item.why else "",
        }
        for row in plan.rows
        for item in row.items
    ]
    lines.sort(key=lambda line: (line["day"], line["at"], line["runbook"], line["schedule"]))
    return {
        "from": plan.first.isoformat(),
        "to": plan.last.isoformat(),
        "timezone": str(plan.zone),
        "occurrences": lines,
        "off": [f"{runbook.id}/{own.id}" for runbook, own in plan.off],
    }
