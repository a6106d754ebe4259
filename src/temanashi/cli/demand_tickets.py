"""`tema demand import`: tickets of another system as occasions of tasks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from temanashi.cli.language import language
from temanashi.cli.options import Actor, Json, Root
from temanashi.cli.output import answer, emit, progress, say_here

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from sqlalchemy import Connection

    from temanashi.workspace.importing.tickets.kinds import KindMap
    from temanashi.workspace.importing.tickets.rows import Flaw, TicketFile
    from temanashi.workspace.importing.tickets.taking_over import TicketPlan
    from temanashi.workspace.opening import Installation
    from temanashi.workspace.publishing import PublishedWorkspace

__all__ = ["register"]

SHOWN = 60
"""Lines of one kind that the terminal shows; `--json` has all of them."""

File = Annotated[Path, typer.Argument(metavar="FILE", help=say_here("demand.help-file"))]
Map = Annotated[list[str] | None, typer.Option("--map", metavar="KIND=TASK", help=say_here("demand.help-map"))]
SkipBad = Annotated[bool, typer.Option("--skip-bad", help=say_here("demand.help-skip-bad"))]
DryRun = Annotated[bool, typer.Option("--dry-run", help=say_here("demand.help-dry-run"))]


def register(group: typer.Typer) -> None:
    """Add the command."""
    group.command("import", help=say_here("demand.help-import"), epilog=say_here("demand.help-import-exit"))(import_tickets)


def import_tickets(
    file: File,
    mapping: Map = None,
    skip_bad: SkipBad = False,
    dry_run: DryRun = False,
    actor: Actor = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Take over a file of tickets."""
    from temanashi.books import proposed_tasks
    from temanashi.cli.demanding import published_of
    from temanashi.people import current_actor
    from temanashi.workspace.demanding import today_of
    from temanashi.workspace.importing.tickets.kinds import KindMap, kinds_of
    from temanashi.workspace.importing.tickets.reading import read_tickets
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace) as opened:
        published = published_of(opened)
        tasks = {task.task: task for task in proposed_tasks(published.runbooks.values())}
        kinds = KindMap(tasks, published.tickets, kinds_of(mapping or [], tasks))
        found = read_tickets(file, zone=opened.settings.zone)
        plan, recorded = _carry_out(opened, published, found, kinds, skip_bad=skip_bad, dry_run=dry_run, actor=current_actor(actor))
        today = today_of(opened)
    if json:
        emit(_as_json(plan, recorded=recorded))
    else:
        _tell(plan, kinds, today, recorded=recorded, dry_run=dry_run)
    raise typer.Exit(0 if plan.complete else 1)


def _carry_out(
    opened: Installation,
    published: PublishedWorkspace,
    found: TicketFile,
    kinds: KindMap,
    *,
    skip_bad: bool,
    dry_run: bool,
    actor: Any,
) -> tuple[TicketPlan, bool]:
    """Plan, and record what is new where that is wanted; the plan and whether it was recorded."""
    from temanashi.books import drafts_of, read_register
    from temanashi.workspace.demanding import read_rules
    from temanashi.workspace.importing.tickets.taking_over import plan_tickets

    def planned(connection: Connection) -> tuple[TicketPlan, Any]:
        rules = read_rules(opened, connection, published)
        register = read_register(opened.ledger, connection, zone=opened.settings.zone)
        return plan_tickets(found, kinds, rules, register), register

    if dry_run:
        with opened.database.reading() as connection:
            return planned(connection)[0], False
    with opened.database.transaction() as connection:
        plan, register = planned(connection)
        if not plan.complete and not skip_bad:
            return plan, False
        drafts = drafts_of(plan.occasions, register, recorder="tickets", actor=actor, channel="cli")
        if drafts:
            opened.ledger.append_all(connection, drafts)
        return plan, True


def _tell(plan: TicketPlan, kinds: KindMap, today: date, *, recorded: bool, dry_run: bool) -> None:
    from temanashi.cli.demanding import tell_earlier_months

    key = "import-recorded" if recorded else "import-would" if dry_run else "import-nothing"
    bad = len({(flaw.key, flaw.place if not flaw.key else "") for flaw in plan.flaws})
    answer(say_here(f"demand.{key}", new=plan.count("new"), rows=plan.file.rows, bad=bad), style="bold" if recorded else "")
    for task, counts in plan.by_task().items():
        told = [say_here(f"demand.import-{standing}", count=counts[standing]) for standing in counts]
        answer(f"  {task}  {'  '.join(told)}")
    cancelled = sum(1 for one in plan.taken if one.recorded and one.occasion.cancelled)
    if cancelled:
        answer(f"  {say_here('demand.import-fell-away', count=cancelled)}")
    for kind, count in sorted(plan.ignored.items()):
        answer(f"  {say_here('demand.import-ignored', kind=kind, count=count)}")
    _lines(plan.flaws, style="red")
    _lines(plan.file.notes, style="")
    tell_earlier_months([one.day for one in plan.occasions], today)
    if plan.unknown:
        progress(say_here("demand.import-map-next", kind=min(plan.unknown)))
    if kinds.given:
        _remember(kinds.given)
    if plan.flaws and not recorded:
        progress(say_here("demand.import-bad-next"))


def _remember(given: Mapping[str, str]) -> None:
    """What a person would write into the site's file; names in quotes are YAML whatever they are."""
    from json import dumps

    progress(say_here("demand.import-remember"))
    kinds = {kind: task for kind, task in sorted(given.items()) if task != "-"}
    ignored = [kind for kind in sorted(given) if kind not in kinds]
    for line in ["kinds:", *(f"  {dumps(kind, ensure_ascii=False)}: {task}" for kind, task in kinds.items())] if kinds else []:
        progress(f"  {line}")
    if ignored:
        progress(f"  ignore: {dumps(ignored, ensure_ascii=False)}")


def _lines(flaws: list[Flaw], *, style: str) -> None:
    for flaw in flaws[:SHOWN]:
        answer(f"  {_told(flaw)}", style=style)
    if len(flaws) > SHOWN:
        answer(f"  {say_here('cli.more-lines', count=len(flaws) - SHOWN)}")


def _told(flaw: Flaw) -> str:
    key = f" {flaw.key}" if flaw.key else ""
    return f"{flaw.place}{key}  {flaw.message.text(language())}"


def _as_json(plan: TicketPlan, *, recorded: bool) -> dict[str, Any]:
    lang = language()
    return {
        "file": plan.file.source,
        "format": plan.file.form,
        "rows": plan.file.rows,
        "recorded": recorded,
        "complete": plan.complete,
        "tickets": [
            {
                "task": one.occasion.task,
                "key": one.occasion.key,
                "day": one.occasion.day.isoformat(),
                "targets": one.occasion.targets,
                "for": one.occasion.beneficiary,
                "cancelled": one.occasion.cancelled,
                "standing": one.standing,
                "place": one.place,
            }
            for one in plan.taken
        ],
        "ignored": dict(plan.ignored),
        "unknown": dict(plan.unknown),
        "left_out": [
            {"place": flaw.place, "key": flaw.key, "problem": flaw.message.key, "message": flaw.message.text(lang)}
            for flaw in plan.flaws
        ],
        "notes": [{"place": note.place, "message": note.message.text(lang)} for note in plan.file.notes],
    }
