"""A figure of a month of an installation, explained: from the records of now, with what was issued where the month is closed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, select

from temanashi.books import month_workings, proposed_tasks, read_material
from temanashi.books.explaining import Explained, explained, figure_named, seconds_of
from temanashi.calendars import BusinessCalendar, Month
from temanashi.ledger.tables import ledger
from temanashi.workspace.closings import read_closings
from temanashi.workspace.opening import Installation
from temanashi.workspace.publishing import PublishedWorkspace

__all__ = ["explain_month", "with_times"]

_CHUNK = 500


def explain_month(
    installation: Installation,
    connection: Connection,
    published: PublishedWorkspace | None,
    month: Month,
    figure: str,
    task: str = "",
) -> Explained:
    """The explanation, without the times of its records; raises UnknownFigure, UnknownTaskOfMonth and LedgerError."""
    named, settings = figure_named(figure), installation.settings
    workings = month_workings(
        read_material(installation.ledger, connection, month, zone=settings.zone),
        proposed_tasks(published.runbooks.values()) if published else (),
        month,
        now=installation.clock.now(),
        zone=settings.zone,
        goal=settings.goal,
        calendar=published.calendar if published else BusinessCalendar(),
    )
    told = explained(workings, named, task)
    closing = read_closings(installation, connection).get(str(month))
    if closing is None:
        return told
    sealed = closing.figures.sums
    if task:
        sealed = next((one.sums for one in closing.figures.tasks if one.task == task), sealed.model_validate({}))
    ratio = sealed.reduction if named == "reduction" else None
    issued = {"issued": seconds_of(sealed, named), "issued_ratio": None if ratio is None else float(ratio)}
    return told.model_copy(update=issued)


def with_times(installation: Installation, connection: Connection, told: Explained, *, most: int | None = None) -> Explained:
    """The same with the time of each record; `most`: of so many lines and runs, the others are left out."""
    lines, nothing = told.lines[:most], told.nothing[:most]
    seqs = {line.seq for line in lines} | {one.seq for one in nothing}
    times = _times(installation, connection, seqs)
    return told.model_copy(
        update={
            "lines": tuple(line.model_copy(update={"at": times.get(line.seq)}) for line in lines),
            "nothing": tuple(one.model_copy(update={"at": times.get(one.seq)}) for one in nothing),
        }
    )


def _times(installation: Installation, connection: Connection, seqs: Collection[int]) -> dict[int, datetime]:
    wanted, found = sorted(seqs), {}
    for start in range(0, len(wanted), _CHUNK):
        chosen = (ledger.c.chain == installation.ledger.chain) & ledger.c.seq.in_(wanted[start : start + _CHUNK])
        for row in connection.execute(select(ledger.c.seq, ledger.c.recorded_at).where(chosen)):
            found[row.seq] = datetime.fromisoformat(row.recorded_at)
    return found
