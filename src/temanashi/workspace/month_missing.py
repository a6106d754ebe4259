"""What a month still lacks before it is closed, each with the page or command where it is mended. Nothing here blocks a closing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime, time
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import NonNegativeInt
from sqlalchemy import Connection, select

from temanashi.books import MonthFigures
from temanashi.books.incidents import incidents_of
from temanashi.books.operations_reading import read_operations
from temanashi.books.tasks import Frozen
from temanashi.calendars import Month, day_of
from temanashi.ledger.verified import ChainStatus, chain_status
from temanashi.runs.expected import read_occurrences
from temanashi.runs.tables import RUNS
from temanashi.text.local import LocalText
from temanashi.workspace.expected_day import BAD
from temanashi.workspace.opening import Installation

__all__ = ["Lack", "LackItem", "LackKind", "lacks", "ledger_state"]

LackKind = Literal[
    "open-runs",
    "unknown-runs",
    "missed-runs",
    "unsigned-tasks",
    "unassigned-alerts",
    "no-demand",
    "unverified-demand",
    "earlier-month",
    "void-closing",
    "open-corrections",
    "ledger",
]
OPEN = ("planned", "running", "waiting")


class LackItem(Frozen):
    """One thing that is lacking: a name, and the page (`runs/ID`, under /tema/) or the command that mends it."""

    name: LocalText
    page: str = ""
    command: str = ""


class Lack(Frozen):
    """One kind of what is lacking, with every case of it."""

    kind: LackKind
    count: NonNegativeInt
    items: tuple[LackItem, ...]


def lacks(
    installation: Installation,
    connection: Connection,
    month: Month,
    figures: MonthFigures,
    *,
    closed: Collection[str] = (),
    void: Sequence[int] = (),
    waiting: Sequence[int] = (),
) -> tuple[Lack, ...]:
    """Everything that a month lacks, in the order in which it is best mended.

    `closed` are the closed months, `void` records that say a month is closed and do not count, `waiting` undecided corrections.
    """
    zone = installation.settings.zone
    corrections = [LackItem(name=_plain(f"#{seq}"), command=f"tema month approve --correction {seq}") for seq in waiting]
    found: list[tuple[LackKind, list[LackItem]]] = [
        ("open-runs", list(_runs(connection, month, OPEN, installation))),
        ("unknown-runs", list(_runs(connection, month, ("unknown",), installation))),
        ("missed-runs", list(_missed(connection, month, installation))),
        ("unsigned-tasks", list(_unsigned(figures))),
        ("unassigned-alerts", list(_unassigned(installation, connection, month))),
        ("no-demand", list(_undemanded(figures))),
        ("unverified-demand", list(_unverified(figures))),
        ("earlier-month", list(_earlier(month, closed))),
        ("open-corrections", corrections),
        ("void-closing", [LackItem(name=_plain(f"#{seq}"), page=f"audit/records/{seq}") for seq in void]),
        ("ledger", list(_ledger(ledger_state(installation, connection), month, zone=zone))),
    ]
    return tuple(Lack(kind=kind, count=len(items), items=tuple(items)) for kind, items in found if items)


def ledger_state(installation: Installation, connection: Connection) -> ChainStatus:
    """What is known of the chain."""
    return chain_status(installation.ledger, connection, state=installation.settings.state_dir, now=installation.clock.now())


def _plain(text: str) -> LocalText:
    return LocalText(plain=text or "-")


def _bounds(month: Month, installation: Installation) -> tuple[datetime, datetime]:
    zone = installation.settings.zone
    first, after = (datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC) for day in (month.first, month.next.first))
    return first, after


def _runs(connection: Connection, month: Month, states: Sequence[str], installation: Installation) -> Iterable[LackItem]:
    """Live runs in some states that serve a day of the month, or were asked for in it."""
    first, after = _bounds(month, installation)
    live = (RUNS.c.mode == "live") & RUNS.c.parent.is_(None)
    query = select(RUNS.c.id, RUNS.c.runbook, RUNS.c.slot, RUNS.c.requested_at)
    for row in connection.execute(query.where(RUNS.c.state.in_(states) & live).order_by(RUNS.c.requested_at)):
        day = _day(row.slot)
        if day in month if day is not None else first <= datetime.fromisoformat(row.requested_at) < after:
            when = day or day_of(datetime.fromisoformat(row.requested_at), installation.settings.zone)
            yield LackItem(name=_plain(f"{row.runbook} {when.isoformat()}"), page=f"runs/{row.id}")


def _missed(connection: Connection, month: Month, installation: Installation) -> Iterable[LackItem]:
    first, after = _bounds(month, installation)
    for one in read_occurrences(connection, since=first, until=after, states=BAD):
        at = one.at.astimezone(installation.settings.zone)
        yield LackItem(name=_plain(f"{one.name} {at:%Y-%m-%d %H:%M}"), page=f"runbooks/{one.runbook}/run")


def _unsigned(figures: MonthFigures) -> Iterable[LackItem]:
    """Tasks that runs served and nobody signed."""
    ran = {entry.task for entry in figures.not_counted if entry.reason == "unsigned"}
    for task in figures.unsigned:
        if task.task in ran:
            yield LackItem(
                name=task.title, command=f"tema baseline sign {task.task} --minutes N --since {figures.month}-01 --force"
            )


def _unassigned(installation: Installation, connection: Connection, month: Month) -> Iterable[LackItem]:
    """Incidents of alerts for which no rule names whose they are."""
    told = read_operations(installation.ledger, connection, month, zone=installation.settings.zone)
    for one in incidents_of(told, installation.settings.zone).values():
        if one.unassigned and one.day in month:
            yield LackItem(name=_plain(one.title or one.key), page="incidents")


def _undemanded(figures: MonthFigures) -> Iterable[LackItem]:
    """Tasks on request whose runs served no recorded demand."""
    on_request = {task.task: task for task in figures.signed if task.demand.on_request}
    for entry in figures.not_counted:
        if entry.reason == "no_demand_unit" and entry.task in on_request:
            yield _demand(on_request[entry.task].title, entry.task, figures.month)


def _unverified(figures: MonthFigures) -> Iterable[LackItem]:
    """Tasks on request of which no demand was recorded in the whole month."""
    for task in figures.signed:
        if "demand_unverified" in task.flags:
            none = f"tema demand none {task.task} --month {figures.month}"
            yield LackItem(name=task.title, command=f"tema demand add {task.task} --day {figures.month}-DD / {none}")


def _demand(title: LocalText, task: str, month: str) -> LackItem:
    return LackItem(name=title, command=f"tema demand add {task} --day {month}-DD")


def _earlier(month: Month, closed: Collection[str]) -> Iterable[LackItem]:
    """Months between the last closed one and this one."""
    last = max((name for name in closed if name < str(month)), default="")
    between = Month.parse(last).next if last else month
    while between < month:
        yield LackItem(name=_plain(str(between)), page=f"month?month={between}")
        between = between.next


def _ledger(status: ChainStatus, month: Month, *, zone: ZoneInfo) -> Iterable[LackItem]:
    """The ledger was not verified since the month ended, or not found intact."""
    verified = day_of(status.verified.at, zone) if status.verified is not None else None
    if status.state != "intact" or verified is None or verified <= month.last:
        yield LackItem(name=_plain(status.state), page="audit", command="tema audit verify")


def _day(slot: str) -> date | None:
    try:
        return date.fromisoformat(slot)
    except ValueError:
        return None
