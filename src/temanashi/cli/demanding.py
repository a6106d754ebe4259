"""`tema demand`: occasions on which a person would have acted, recorded by hand or taken over from tickets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from temanashi.cli.language import language
from temanashi.cli.options import Actor, Json, Reason, Root, day_of_option
from temanashi.cli.output import answer, emit, progress, say_here

if TYPE_CHECKING:
    from datetime import date

    from temanashi.books import Register, Requested
    from temanashi.calendars import Month
    from temanashi.workspace.demanding import Recording
    from temanashi.workspace.opening import Installation
    from temanashi.workspace.publishing import PublishedWorkspace

__all__ = ["published_of", "register", "tell_earlier_months"]

Task = Annotated[str, typer.Argument(metavar="TASK", help=say_here("demand.help-task"))]
Slot = Annotated[str, typer.Argument(metavar="SLOT", help=say_here("demand.help-slot"))]
Key = Annotated[str, typer.Option("--key", metavar="KEY", help=say_here("demand.help-key"))]
Day = Annotated[str, typer.Option("--day", metavar="YYYY-MM-DD", help=say_here("demand.help-day"))]
Targets = Annotated[int, typer.Option("--targets", min=0, help=say_here("demand.help-targets"))]
Ticket = Annotated[str, typer.Option("--ticket", metavar="TICKET", help=say_here("demand.help-ticket"))]
For = Annotated[str, typer.Option("--for", metavar="NAME", help=say_here("demand.help-for"))]
MonthOption = Annotated[str, typer.Option("--month", metavar="YYYY-MM", help=say_here("demand.help-month"))]
TaskOption = Annotated[str, typer.Option("--task", metavar="TASK", help=say_here("demand.help-only-task"))]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    from temanashi.cli import demand_tickets

    group = typer.Typer(help=say_here("demand.help"), no_args_is_help=True)
    group.command("list", help=say_here("demand.help-list"))(list_demand)
    group.command("add", help=say_here("demand.help-add"))(add)
    group.command("cancel", help=say_here("demand.help-cancel"))(cancel)
    group.command("none", help=say_here("demand.help-none"))(none)
    demand_tickets.register(group)
    app.add_typer(group, name="demand")


def published_of(opened: Installation) -> PublishedWorkspace:
    """The live version, with a note where it was just made or the files have changed since."""
    from temanashi.workspace.first import published_or_first

    published, note = published_or_first(opened)
    if note is not None:
        progress(note.text(language()))
    return published


def _recording(actor: str | None) -> Recording:
    from temanashi.people import current_actor
    from temanashi.workspace.demanding import Recording

    return Recording(recorder="hand", actor=current_actor(actor), channel="cli")


def add(
    task: Task,
    key: Key = "",
    day: Day = "",
    targets: Targets = 0,
    ticket: Ticket = "",
    beneficiary: For = "",
    actor: Actor = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Record one occasion."""
    import secrets

    from temanashi.books import Occasion, tidy_key
    from temanashi.workspace.demanding import record_occasions, today_of
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace) as opened:
        published, today = published_of(opened), today_of(opened)
        one = Occasion(
            task=task,
            key=tidy_key(key or ticket or f"hand-{secrets.token_hex(6)}"),
            day=day_of_option(day) or today,
            targets=targets,
            ticket=ticket.strip(),
            beneficiary=beneficiary.strip(),
        )
        with opened.database.transaction() as connection:
            (standing,) = record_occasions(opened, connection, published, [one], _recording(actor))
    if json:
        emit({"task": task, "key": one.key, "day": one.day.isoformat(), "standing": standing})
        return
    title = _title(published, task)
    answer(say_here(f"demand.added-{standing}", task=title, key=one.key, day=one.day.isoformat()))
    if standing == "new":
        tell_earlier_months([one.day], today)
        progress(say_here("demand.added-next", task=task, key=one.key))


def cancel(task: Task, slot: Slot, reason: Reason = "", actor: Actor = None, workspace: Root = None, json: Json = False) -> None:
    """Record that an occasion fell away."""
    from temanashi.workspace.demanding import cancel_occasion
    from temanashi.workspace.opening import open_installation

    with open_installation(workspace) as opened:
        published = published_of(opened)
        with opened.database.transaction() as connection:
            before = cancel_occasion(opened, connection, published, task, slot, reason=reason, recording=_recording(actor))
    if json:
        emit({"task": task, "key": slot, "cancelled": before is None, "reason": before.reason if before else reason.strip()})
    elif before is not None:
        answer(say_here("demand.cancelled-before", task=_title(published, task), key=slot, by=before.by, reason=before.reason))
    else:
        answer(say_here("demand.cancelled", task=_title(published, task), key=slot))


def none(
    task: Task,
    month: MonthOption,
    reason: Reason = "",
    actor: Actor = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Record that nobody asked in a whole month."""
    from temanashi.calendars import Month
    from temanashi.workspace.demanding import record_none
    from temanashi.workspace.opening import open_installation

    wanted = Month.parse(month)
    with open_installation(workspace) as opened:
        published = published_of(opened)
        why = reason.strip() or say_here("demand.none-reason")
        with opened.database.transaction() as connection:
            before = record_none(opened, connection, published, task, wanted, reason=why, recording=_recording(actor))
    if json:
        emit({"task": task, "month": str(wanted), "none": True, "new": before is None, "reason": before.reason if before else why})
    elif before is not None:
        answer(say_here("demand.none-before", task=_title(published, task), month=str(wanted), by=before.by))
    else:
        answer(say_here("demand.none-said", task=_title(published, task), month=str(wanted)))
        progress(say_here("demand.none-undo", task=task))


def list_demand(month: MonthOption = "", task: TaskOption = "", workspace: Root = None, json: Json = False) -> None:
    """List the occasions of a month by task and day."""
    from temanashi.books import UnknownTask, read_register
    from temanashi.calendars import Month
    from temanashi.workspace.demanding import read_rules
    from temanashi.workspace.opening import open_installation
    from temanashi.workspace.reporting import current_month

    with open_installation(workspace) as opened:
        published = published_of(opened)
        wanted = Month.parse(month) if month else current_month(opened)
        with opened.database.reading() as connection:
            rules = read_rules(opened, connection, published)
            register = read_register(opened.ledger, connection, zone=opened.settings.zone, since=wanted, task=task)
    if task and task not in {*rules.known, *register.requested}:
        raise UnknownTask(task, known=rules.known)
    if json:
        emit(
            {"month": str(wanted), "occasions": [_as_json(register, unit) for unit in _units(register, wanted)]}
            | _slots(register, wanted)
        )
        return
    _tell(published, register, wanted)


def _units(register: Register, month: Month) -> list[Requested]:
    return [unit for task in sorted(register.requested) for unit in register.of(task, month)]


def _slots(register: Register, month: Month) -> dict[str, Any]:
    """Cancelled slots of calendars: days of the month that nobody recorded as an occasion."""
    found = sorted((task, slot, why) for (task, slot), why in register.cancelled.items() if slot.startswith(f"{month}-"))
    return {
        "cancelled_slots": [
            {"task": task, "slot": slot, "reason": why.reason, "by": why.by}
            for task, slot, why in found
            if register.find(task, slot) is None
        ]
    }


def _as_json(register: Register, unit: Requested) -> dict[str, Any]:
    why = register.cancelled.get((unit.task, unit.slot))
    return {
        "task": unit.task,
        "key": unit.slot,
        "day": unit.day.isoformat(),
        "targets": unit.targets,
        "source": unit.source,
        "by": unit.by,
        "recorded_at": unit.at.isoformat() if unit.at else None,
        "record": unit.seq,
        "ticket": unit.ticket,
        "for": unit.beneficiary,
        "cancelled": {"reason": why.reason, "by": why.by} if why else None,
    }


def _tell(published: PublishedWorkspace, register: Register, month: Month) -> None:
    from temanashi.cli.hosts import aligned

    units = _units(register, month)
    standing = [unit for unit in units if (unit.task, unit.slot) not in register.cancelled]
    answer(say_here("demand.count", month=str(month), count=len(standing), cancelled=len(units) - len(standing)), style="bold")
    for task in sorted({unit.task for unit in units}):
        answer(f"{task}  {_title(published, task)}")
        for line in aligned([_row(register, unit) for unit in units if unit.task == task]):
            answer(f"  {line}")
    slots = _slots(register, month)["cancelled_slots"]
    if slots:
        answer(say_here("demand.cancelled-slots"))
    for one in slots:
        answer(f"  {one['slot']}  {one['task']}  {say_here('demand.reason', reason=one['reason'], by=one['by'])}")
    if not units and not slots:
        answer(say_here("demand.none-next"))


def _row(register: Register, unit: Requested) -> tuple[str, ...]:
    why = register.cancelled.get((unit.task, unit.slot))
    return (
        unit.day.isoformat(),
        unit.slot,
        say_here("demand.targets", count=unit.targets) if unit.targets else "",
        say_here(f"demand.source-{unit.source}"),
        unit.by,
        say_here("demand.for", name=unit.beneficiary) if unit.beneficiary else "",
        say_here("demand.reason", reason=" ".join(why.reason.split()), by=why.by) if why else "",
    )


def tell_earlier_months(days: list[date], today: date) -> None:
    """Say that occasions of earlier months count in those months."""
    from collections import Counter

    from temanashi.calendars import Month

    earlier = Counter(str(Month.of(day)) for day in days if Month.of(day) < Month.of(today))
    for month, count in sorted(earlier.items()):
        progress(say_here("demand.earlier-month", month=month, count=count))


def _title(published: PublishedWorkspace, task: str) -> str:
    runbook = next((r for r in published.runbooks.values() if r.id == task), None) or next(
        (r for r in published.runbooks.values() if r.task == task), None
    )
    return runbook.title.text(language()) if runbook is not None else task
