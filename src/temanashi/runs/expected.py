"""What should have happened, and what did: one row for each occurrence of a schedule, whoever writes of it first.

The key (runbook, schedule, moment) lets nothing be counted or started twice, whatever is published, withdrawn or gone back from.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from temanashi.runs.schedule_tables import OCCURRENCES
from temanashi.runs.tables import RUNS
from temanashi.text.local import Phrase

__all__ = [
    "NOT_RUN",
    "OccurrenceState",
    "OccurrenceView",
    "claim",
    "drop_old",
    "expect",
    "of_flow_run",
    "read_occurrences",
    "settle_occurrence",
    "stamp",
]

OccurrenceState = Literal["expected", "started", "held", "skipped", "late", "superseded", "overlap", "refused", "missing"]
"""`expected`: nothing was heard yet. `late`, `superseded`: an outage was too long. `missing`: nothing was heard in time."""

NOT_RUN: tuple[OccurrenceState, ...] = ("held", "skipped", "late", "superseded", "overlap", "refused", "missing")


@dataclass(frozen=True, kw_only=True)
class OccurrenceView:
    """One occurrence; `result` is the state of its run."""

    runbook: str
    schedule: str
    at: datetime
    slot: date
    due: datetime
    state: OccurrenceState
    reason: Phrase | None
    run: str
    flow_run: str
    result: str
    alarm: str
    told: bool
    recovered: bool

    @property
    def name(self) -> str:
        """`RUNBOOK/SCHEDULE`."""
        return f"{self.runbook}/{self.schedule}"

    @property
    def key(self) -> tuple[str, str, str]:
        """The primary key."""
        return self.runbook, self.schedule, stamp(self.at)


def stamp(moment: datetime) -> str:
    """UTC to the second: one width, so that text order is time order."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def expect(
    connection: Connection, runbook: str, schedule: str, at: datetime, *, slot: date, version: str, due: datetime, now: datetime
) -> bool:
    """Write down that an occurrence is expected; False when its row is there already."""
    texts = {"runbook": runbook, "schedule": schedule, "at": stamp(at), "slot": slot.isoformat(), "version": version}
    values = {**texts, "due": stamp(due), "state": "expected", "noted_at": stamp(now)}
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    new = dialect.insert(OCCURRENCES).values(**values).on_conflict_do_nothing().returning(OCCURRENCES.c.at)
    return connection.scalar(new) is not None


def claim(connection: Connection, runbook: str, schedule: str, at: datetime, flow_run: str) -> bool:
    """Take an expected occurrence for a flow run; False when another one has it, or it was settled otherwise."""
    mine = OCCURRENCES.c.flow_run.is_(None) | (OCCURRENCES.c.flow_run == flow_run)
    open_ = OCCURRENCES.c.state.in_(("expected", "missing", "started"))
    taken = update(OCCURRENCES).where(_at(runbook, schedule, at), mine, open_).values(flow_run=flow_run)
    return connection.execute(taken).rowcount == 1


def settle_occurrence(
    connection: Connection,
    key: tuple[str, str, str],
    state: OccurrenceState,
    *,
    reason: Phrase | None = None,
    run: str | None = None,
    **more: Any,
) -> None:
    """Write what became of an occurrence."""
    runbook, schedule, at = key
    said = reason.model_dump_json() if reason is not None else None
    where = (OCCURRENCES.c.runbook == runbook) & (OCCURRENCES.c.schedule == schedule) & (OCCURRENCES.c.at == at)
    connection.execute(update(OCCURRENCES).where(where).values(state=state, reason=said, run=run, **more))


def of_flow_run(connection: Connection, flow_run: str) -> OccurrenceView | None:
    """The occurrence that a flow run was made for."""
    found = _views(connection, OCCURRENCES.c.flow_run == flow_run)
    return found[0] if found else None


def read_occurrences(
    connection: Connection,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    states: Sequence[OccurrenceState] = (),
    runbook: str = "",
    schedule: str = "",
    where: Iterable[Any] = (),
) -> list[OccurrenceView]:
    """Occurrences in order of time; `since` is included, `until` is not."""
    wanted = list(where)
    if since is not None:
        wanted.append(OCCURRENCES.c.at >= stamp(since))
    if until is not None:
        wanted.append(OCCURRENCES.c.at < stamp(until))
    if states:
        wanted.append(OCCURRENCES.c.state.in_(states))
    if runbook:
        wanted.append(OCCURRENCES.c.runbook == runbook)
    if schedule:
        wanted.append(OCCURRENCES.c.schedule == schedule)
    return _views(connection, *wanted)


def drop_old(connection: Connection, before: datetime) -> None:
    """Forget occurrences of long ago: what became of them is in the ledger."""
    connection.execute(delete(OCCURRENCES).where(OCCURRENCES.c.at < stamp(before), OCCURRENCES.c.state != "expected"))


def _at(runbook: str, schedule: str, at: datetime) -> Any:
    return (OCCURRENCES.c.runbook == runbook) & (OCCURRENCES.c.schedule == schedule) & (OCCURRENCES.c.at == stamp(at))


def _views(connection: Connection, *where: Any) -> list[OccurrenceView]:
    joined = OCCURRENCES.outerjoin(RUNS, RUNS.c.id == OCCURRENCES.c.run)
    query = select(OCCURRENCES, RUNS.c.state.label("result")).select_from(joined).where(*where)
    order = (OCCURRENCES.c.at, OCCURRENCES.c.runbook, OCCURRENCES.c.schedule)
    return [_view(row) for row in connection.execute(query.order_by(*order))]


def _view(row: Any) -> OccurrenceView:
    return OccurrenceView(
        runbook=row.runbook,
        schedule=row.schedule,
        at=datetime.fromisoformat(row.at),
        slot=date.fromisoformat(row.slot),
        due=datetime.fromisoformat(row.due),
        state=row.state,
        reason=Phrase.model_validate_json(row.reason) if row.reason else None,
        run=row.run or "",
        flow_run=row.flow_run or "",
        result=row.result or "",
        alarm=row.alarm or "",
        told=row.told_at is not None,
        recovered=row.recovered_at is not None,
    )
