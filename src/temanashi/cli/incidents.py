"""`tema incident`: what happened, who knew, and when it was over; by hand or from a list."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from temanashi.cli.language import language
from temanashi.cli.options import Actor, Json, Reason, Root
from temanashi.cli.output import answer, emit, progress, say_here

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from temanashi.books import Incident, Times
    from temanashi.workspace.importing.incident_table import IncidentFile
    from temanashi.workspace.noting_incidents import Telling
    from temanashi.workspace.opening import Installation

__all__ = ["register"]

SHOWN = 60
"""Lines that the terminal shows; `--json` has all of them."""

Title = Annotated[str, typer.Argument(metavar="TITLE", help=say_here("incidents.help-title"))]
Key = Annotated[str, typer.Argument(metavar="NUMBER", help=say_here("incidents.help-number"))]
Number = Annotated[str, typer.Option("--number", metavar="NUMBER", help=say_here("incidents.help-new-number"))]
At = Annotated[str, typer.Option("--at", metavar="YYYY-MM-DD HH:MM", help=say_here("incidents.help-at"))]
Acked = Annotated[str, typer.Option("--acked", metavar="YYYY-MM-DD HH:MM", help=say_here("incidents.help-acked"))]
Resolved = Annotated[str, typer.Option("--resolved", metavar="YYYY-MM-DD HH:MM", help=say_here("incidents.help-resolved"))]
System = Annotated[str, typer.Option("--system", metavar="NAME", help=say_here("incidents.help-system"))]
Owner = Annotated[str, typer.Option("--owner", metavar="NAME", help=say_here("incidents.help-owner"))]
Severity = Annotated[str, typer.Option("--severity", metavar="WORD", help=say_here("incidents.help-severity"))]
MonthOption = Annotated[str, typer.Option("--month", metavar="YYYY-MM", help=say_here("incidents.help-month"))]
OnlyOpen = Annotated[bool, typer.Option("--open", help=say_here("incidents.help-open"))]
File = Annotated[Path, typer.Argument(metavar="FILE", help=say_here("incidents.help-file"))]
SkipBad = Annotated[bool, typer.Option("--skip-bad", help=say_here("incidents.help-skip-bad"))]
DryRun = Annotated[bool, typer.Option("--dry-run", help=say_here("incidents.help-dry-run"))]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help=say_here("incidents.help"), no_args_is_help=True)
    group.command("list", help=say_here("incidents.help-list"))(list_incidents)
    group.command("add", help=say_here("incidents.help-add"))(add)
    group.command("ack", help=say_here("incidents.help-ack"))(ack)
    group.command("resolve", help=say_here("incidents.help-resolve"))(resolve)
    group.command("import", help=say_here("incidents.help-import"), epilog=say_here("incidents.help-import-exit"))(import_file)
    app.add_typer(group, name="incident")


def add(
    title: Title,
    number: Number = "",
    at: At = "",
    acked: Acked = "",
    resolved: Resolved = "",
    system: System = "",
    owner: Owner = "",
    severity: Severity = "",
    reason: Reason = "",
    actor: Actor = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Record an incident."""
    from temanashi.workspace.incident_words import incident_json
    from temanashi.workspace.noting_incidents import Notice, note_whole
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace) as opened:
        notice = Notice(
            key=number,
            title=title,
            started=_moment(at, opened) or opened.clock.now(),
            acknowledged=_moment(acked, opened),
            resolved=_moment(resolved, opened),
            system=system,
            owner=owner,
            severity=severity,
            reason=reason,
        )
        with opened.database.transaction() as connection:
            standing, one = note_whole(opened, connection, notice, _telling(actor, "hand"))
    if json:
        emit({"standing": standing} | incident_json(one))
        return
    answer(say_here(f"incidents.added-{standing}", number=one.key, title=one.title))
    if not one.over:
        progress(say_here("incidents.added-next", number=one.key))
    elif one.resolve_seconds is not None:
        progress(say_here("incidents.took", duration=_duration(one.resolve_seconds)))


def ack(number: Key, at: At = "", reason: Reason = "", actor: Actor = None, workspace: Root = None, json: Json = False) -> None:
    """Record that somebody knows."""
    _state(number, "acknowledged", at, reason, actor, workspace, json=json)


def resolve(number: Key, at: At = "", reason: Reason = "", actor: Actor = None, workspace: Root = None, json: Json = False) -> None:
    """Record that it is over."""
    _state(number, "resolved", at, reason, actor, workspace, json=json)


def _state(
    number: str,
    state: Literal["acknowledged", "resolved"],
    at: str,
    reason: str,
    actor: str | None,
    workspace: Path | None,
    *,
    json: bool,
) -> None:
    from temanashi.workspace.incident_words import incident_json
    from temanashi.workspace.noting_incidents import note_state
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace) as opened:
        moment = _moment(at, opened)
        with opened.database.transaction() as connection:
            standing, one = note_state(opened, connection, number, state, at=moment, reason=reason, telling=_telling(actor, "hand"))
    if json:
        emit({"standing": standing} | incident_json(one))
        return
    key = f"incidents.{state}-before" if standing == "known" else f"incidents.{state}-now"
    answer(say_here(key, number=one.key, title=one.title, by=one.acknowledged_by or one.by))


def list_incidents(month: MonthOption = "", only_open: OnlyOpen = False, workspace: Root = None, json: Json = False) -> None:
    """List the incidents of a month, or those that are open."""
    from temanashi.books import incidents_of, operations_figures, read_operations
    from temanashi.calendars import Month
    from temanashi.cli.hosts import aligned
    from temanashi.workspace.incident_words import incident_json, times_text
    from temanashi.workspace.opening import open_installation
    from temanashi.workspace.reporting import current_month

    with open_installation(workspace) as opened:
        zone = opened.settings.zone
        wanted = Month.parse(month) if month else current_month(opened)
        since = None if only_open else wanted
        with opened.database.reading() as connection:
            records = read_operations(opened.ledger, connection, since, zone=zone)
    every = incidents_of(records, zone).values()
    found = [one for one in every if (not one.over if only_open else one.day in wanted)]
    figures = operations_figures(records, wanted, zone=zone)
    if json:
        emit({"month": str(wanted), "figures": figures.model_dump(mode="json"), "incidents": [incident_json(one) for one in found]})
        return
    if only_open:
        answer(say_here("incidents.open-count", count=len(found)), style="bold")
    else:
        answer(say_here("incidents.month-count", month=str(wanted), count=figures.incidents, open=figures.open), style="bold")
        kinds: tuple[tuple[Literal["mtta", "mttr"], Times], ...] = (("mtta", figures.mtta), ("mttr", figures.mttr))
        for name, times in kinds:
            answer(f"  {times_text(name, times, language())}")
        if figures.unassigned:
            answer(f"  {say_here('incidents.unassigned', count=figures.unassigned)}")
    for line in aligned([_row(one, zone) for one in found[:SHOWN]]):
        answer(f"  {line}")
    if len(found) > SHOWN:
        answer(f"  {say_here('cli.more-lines', count=len(found) - SHOWN)}")


def import_file(
    file: File,
    skip_bad: SkipBad = False,
    dry_run: DryRun = False,
    actor: Actor = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Take over a list of incidents."""
    from temanashi.workspace.importing.incident_table import read_incidents
    from temanashi.workspace.opening import open_installation
    from temanashi.workspace.taking_incidents import take_incidents

    with open_installation(workspace) as opened:
        found = read_incidents(file, zone=opened.settings.zone)
        counts, recorded = take_incidents(opened, found, _telling(actor, "file"), skip_bad=skip_bad, dry_run=dry_run)
    if json:
        emit(
            {
                "file": found.source,
                "rows": found.rows,
                "recorded": recorded,
                "counts": counts,
                "left_out": [_flaw(flaw) for flaw in found.flaws],
            }
        )
    else:
        _tell(found, counts, recorded=recorded, dry_run=dry_run)
    raise typer.Exit(1 if found.flaws else 0)


def _tell(found: IncidentFile, counts: dict[str, int], *, recorded: bool, dry_run: bool) -> None:
    key = "import-recorded" if recorded else "import-would" if dry_run else "import-nothing"
    bad = len({_row_of(flaw.place) for flaw in found.flaws})
    answer(say_here(f"incidents.{key}", rows=found.rows, bad=bad, **counts), style="bold" if recorded else "")
    for flaw in found.flaws[:SHOWN]:
        answer(f"  {flaw.place}  {flaw.message.text(language())}", style="red")
    if len(found.flaws) > SHOWN:
        answer(f"  {say_here('cli.more-lines', count=len(found.flaws) - SHOWN)}")
    if found.flaws and not recorded:
        progress(say_here("incidents.import-bad-next"))


def _row_of(place: str) -> str:
    """The row of a cell: `表!B12` is in 表!12."""
    sheet, _, cell = place.rpartition("!")
    return f"{sheet}!{cell.lstrip('ABCDEFGHIJKLMNOPQRSTUVWXYZ')}"


def _duration(seconds: int) -> str:
    from temanashi.workspace.incident_words import duration_text

    return duration_text(seconds, language())


def _row(one: Incident, zone: ZoneInfo) -> tuple[str, ...]:
    if one.over:
        state = _duration(one.resolve_seconds) if one.resolve_seconds is not None else say_here("incidents.over-unknown")
    else:
        state = say_here("incidents.state-known" if one.known else "incidents.state-open")
    began = f"{one.started.astimezone(zone):%Y-%m-%d %H:%M}" if one.started is not None else one.day.isoformat()
    return began, one.key, state, one.system, one.title


def _flaw(flaw: Any) -> dict[str, str]:
    return {"place": flaw.place, "number": flaw.key, "problem": flaw.message.key, "message": flaw.message.text(language())}


def _telling(actor: str | None, source: Literal["hand", "file"]) -> Telling:
    from temanashi.people import current_actor
    from temanashi.workspace.noting_incidents import Telling

    return Telling(source=source, actor=current_actor(actor), channel="cli")


def _moment(text: str, opened: Installation) -> datetime | None:
    from temanashi.workspace.importing.moments import moment_written

    if not text.strip():
        return None
    moment = moment_written(text, opened.settings.zone)
    if moment is None:
        raise typer.BadParameter(say_here("incidents.row-bad-moment", text=text[:60]))
    return moment
