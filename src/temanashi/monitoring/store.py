"""States and problems in the database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select, text
from sqlalchemy.dialects import postgresql, sqlite

from temanashi.changes import Verdict
from temanashi.monitoring.model import CheckState, Key, Problem
from temanashi.monitoring.tables import HOSTS, PROBLEMS, STATES
from temanashi.text.local import LocalText, Phrase

__all__ = [
    "moment",
    "read_problems",
    "read_states",
    "stamp",
    "take_turn",
    "upsert",
    "write_hosts",
    "write_problems",
    "write_states",
]

_LOCK = 0x74656D61_00000008


def stamp(at: datetime) -> str:
    """UTC in one width, so that text order is time order."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def moment(written: str | None) -> datetime | None:
    """The time that a column holds."""
    return datetime.fromisoformat(written) if written else None


def take_turn(connection: Connection) -> None:
    """Wait until nobody else looks at problems and alerts to change them; until the end of the transaction.

    SQLite lets one writer in at a time by itself.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def upsert(connection: Connection, table: Any, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows, or replace those with the same key."""
    if not rows:
        return
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    keys = [column.name for column in table.primary_key]
    insert = dialect.insert(table)
    changed = {column.name: insert.excluded[column.name] for column in table.columns if column.name not in keys}
    connection.execute(insert.on_conflict_do_update(index_elements=keys, set_=changed), rows)


def read_states(connection: Connection, *, runbook: str = "", where: Iterable[Any] = ()) -> list[CheckState]:
    """States of checks, in the order of their keys; of one runbook where it is named."""
    wanted = [*where, *([STATES.c.runbook == runbook] if runbook else [])]
    order = (STATES.c.runbook, STATES.c.step, STATES.c.name, STATES.c.target, STATES.c.item)
    return [_state(row) for row in connection.execute(select(STATES).where(*wanted).order_by(*order))]


def write_states(connection: Connection, states: Iterable[CheckState]) -> None:
    """Write states as they are now."""
    upsert(connection, STATES, [_state_row(state) for state in states])


def read_problems(connection: Connection, *, runbook: str = "", open_only: bool = True, where: Iterable[Any] = ()) -> list[Problem]:
    """Problems, the oldest first."""
    wanted = [*where, *([PROBLEMS.c.runbook == runbook] if runbook else [])]
    if open_only:
        wanted.append(PROBLEMS.c.closed_at.is_(None))
    return [_problem(row) for row in connection.execute(select(PROBLEMS).where(*wanted).order_by(PROBLEMS.c.since, PROBLEMS.c.id))]


def write_problems(connection: Connection, problems: Iterable[Problem]) -> None:
    """Write problems as they are now."""
    upsert(connection, PROBLEMS, [_problem_row(problem) for problem in problems])


def write_hosts(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Write what groups hosts: how they are reached and what they belong to."""
    upsert(connection, HOSTS, rows)


def _state(row: Any) -> CheckState:
    return CheckState(
        key=Key(row.runbook, row.step, row.name, row.target, row.item),
        kind=row.kind,
        title=_title(row.title),
        owner=row.owner,
        verdict=Verdict(row.verdict),
        reason=Phrase.model_validate_json(row.reason),
        at=datetime.fromisoformat(row.at),
        run=row.run,
        measured=Verdict(row.measured) if row.measured else None,
        measured_at=moment(row.measured_at),
        since=moment(row.since),
        ok_at=moment(row.ok_at),
        previous=Verdict(row.previous) if row.previous else None,
        changed_at=moment(row.changed_at),
        attempts=row.attempts,
        slots=row.slots,
        flapping=bool(row.flapping),
        seconds=row.seconds or 0.0,
        value=row.value,
        unit=row.unit or "",
        problem=row.problem or "",
    )


def _state_row(state: CheckState) -> dict[str, Any]:
    times = {name: _stamped(getattr(state, name)) for name in ("at", "measured_at", "since", "ok_at", "changed_at")}
    plain = {name: getattr(state, name) for name in ("kind", "owner", "run", "attempts", "slots", "seconds", "value", "unit")}
    return {
        **state.key._asdict(),
        **times,
        **plain,
        "title": state.title.model_dump_json() if state.title else None,
        "verdict": str(state.verdict),
        "reason": state.reason.model_dump_json(),
        "measured": str(state.measured) if state.measured else None,
        "previous": str(state.previous) if state.previous else None,
        "flapping": int(state.flapping),
        "problem": state.problem or None,
    }


def _problem(row: Any) -> Problem:
    return Problem(
        id=row.id,
        key=Key(row.runbook, row.step, row.name, row.target, row.item),
        kind=row.kind,
        title=_title(row.title),
        verdict=Verdict(row.verdict),
        worst=Verdict(row.worst),
        reason=Phrase.model_validate_json(row.reason),
        run=row.run,
        since=datetime.fromisoformat(row.since),
        changed_at=datetime.fromisoformat(row.changed_at),
        hard_at=moment(row.hard_at),
        closed_at=moment(row.closed_at),
        alert=row.alert or "",
        down=bool(row.down),
    )


def _problem_row(problem: Problem) -> dict[str, Any]:
    times = {name: _stamped(getattr(problem, name)) for name in ("since", "changed_at", "hard_at", "closed_at")}
    return {
        **problem.key._asdict(),
        **times,
        "id": problem.id,
        "kind": problem.kind,
        "title": problem.title.model_dump_json() if problem.title else None,
        "verdict": str(problem.verdict),
        "worst": str(problem.worst),
        "reason": problem.reason.model_dump_json(),
        "run": problem.run,
        "alert": problem.alert or None,
        "down": int(problem.down),
    }


def _title(written: str | None) -> LocalText | None:
    return LocalText.model_validate_json(written) if written else None


def _stamped(at: datetime | None) -> str | None:
    return stamp(at) if at is not None else None
