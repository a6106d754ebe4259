"""Noting what a finished run found: states, problems and history, exactly once a run, in one transaction with their mark.

Whoever ends a run calls this; a process that died in between leaves the run unmarked, and the next look takes it up.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.exc import IntegrityError

from temanashi.clock import Clock
from temanashi.hosts.inventory import Host
from temanashi.ledger.chain import event_id
from temanashi.ledger.database import Database
from temanashi.monitoring.model import CheckState, Key, Problem, Result
from temanashi.monitoring.results import KIND, down_hosts, orphaned_hosts, results_of
from temanashi.monitoring.states import moved
from temanashi.monitoring.store import read_problems, read_states, stamp, take_turn, write_hosts, write_problems, write_states
from temanashi.monitoring.tables import CHANGES, NOTED, STATES
from temanashi.runs.journal import read_rows
from temanashi.runs.tables import RUNS
from temanashi.text.local import phrase

__all__ = ["After", "forget_changes", "note_finished_runs", "runs_to_note"]

After = Callable[[Connection, str], None]
"""What else belongs into the transaction that notes a run; called with the run's id."""


def runs_to_note(connection: Connection) -> list[str]:
    """Live runs that ended and were not noted yet, in the order in which they ended. Dry runs and drills never count."""
    noted = select(NOTED.c.run).where(NOTED.c.run == RUNS.c.id).exists()
    query = select(RUNS.c.id).where(RUNS.c.ended_at.is_not(None), RUNS.c.mode == "live", ~noted)
    return list(connection.execute(query.order_by(RUNS.c.ended_at, RUNS.c.id)).scalars())


def note_finished_runs(database: Database, *, clock: Clock, after: After | None = None) -> list[str]:
    """Note every run that is due; the runs that this call noted. Raises LedgerError."""
    with database.reading() as connection:
        due = runs_to_note(connection)
    done = []
    for run in due:
        try:
            with database.transaction() as connection:
                if not _note(connection, run, clock.now()):
                    continue
                if after is not None:
                    after(connection, run)
        except IntegrityError:  # another process was quicker
            continue
        done.append(run)
    return done


def forget_changes(connection: Connection, before: datetime) -> None:
    """Forget the history of long ago; what was measured is in the ledger."""
    connection.execute(delete(CHANGES).where(CHANGES.c.at < stamp(before)))


def _note(connection: Connection, run: str, now: datetime) -> bool:
    take_turn(connection)
    if connection.execute(select(NOTED.c.run).where(NOTED.c.run == run)).first() is not None:
        return False
    connection.execute(insert(NOTED).values(run=run, noted_at=stamp(now)))
    row = connection.execute(select(RUNS).where(RUNS.c.id == run)).one()
    ended = datetime.fromisoformat(row.ended_at)
    frozen = json.loads(row.frozen)
    owner = str(frozen["runbook"].get("owner", ""))
    results = results_of(read_rows(connection, run), run=run, runbook=row.runbook, owner=owner, ended_at=ended)
    if not results:
        return True
    hosts = {name: Host.model_validate(fields) for name, fields in frozen["inventory"]["hosts"].items()}
    _close_gone(connection, row.runbook, frozen, run, ended)
    settled = orphaned_hosts(results, hosts)
    _write(connection, row.runbook, settled, now)
    targets = {result.key.target for result in settled}
    write_hosts(connection, [_host_row(host, now) for name, host in hosts.items() if name in targets])
    return True


def _write(connection: Connection, runbook: str, results: list[Result], now: datetime) -> None:
    states = {state.key: state for state in read_states(connection, runbook=runbook)}
    problems = {problem.key: problem for problem in read_problems(connection, runbook=runbook)}
    down = down_hosts(results)
    new_states, new_problems, changes = [], [], []
    for result in results:
        before = states.get(result.key)
        if before is not None and result.at < before.at:
            continue  # a run that was measured earlier and ended later says nothing new
        step = moved(before, problems.get(result.key), result, problem_id=_new_id(now), down=result.key.target in down)
        new_states.append(step.state)
        if step.problem is not None:
            new_problems.append(step.problem)
        if step.changed:
            changes.append(_change_row(before, step.state, step.problem, now))
    write_states(connection, new_states)
    write_problems(connection, new_problems)
    if changes:
        connection.execute(insert(CHANGES), changes)


def _close_gone(connection: Connection, runbook: str, frozen: Mapping[str, Any], run: str, ended: datetime) -> None:
    """A check or a host that is no longer there has no state, and its problem is over: nobody could ever see it become good."""
    steps = {item.get("id", f"step-{number}"): item for number, item in enumerate(frozen["runbook"]["steps"], 1)}
    checks = {
        (name, str(check.get("id"))) for name, item in steps.items() for check in item.get(KIND, ()) if isinstance(check, dict)
    }

    def gone(key: Key) -> bool:
        return (key.step, key.name) not in checks or key.target not in frozen["inventory"]["hosts"]

    for state in read_states(connection, runbook=runbook):
        if gone(state.key):
            where = [STATES.c[name] == value for name, value in state.key._asdict().items()]
            connection.execute(delete(STATES).where(*where))
    over = [problem for problem in read_problems(connection, runbook=runbook) if gone(problem.key)]
    reason = phrase("monitoring.gone")
    write_problems(connection, [replace(one, closed_at=ended, changed_at=ended, run=run, reason=reason) for one in over])


def _change_row(before: CheckState | None, state: CheckState, problem: Problem | None, now: datetime) -> dict[str, Any]:
    return {
        **state.key._asdict(),
        "id": _new_id(now),
        "previous": str(before.measured) if before is not None and before.measured is not None else None,
        "verdict": str(state.measured),
        "reason": state.reason.model_dump_json(),
        "run": state.run,
        "at": stamp(state.at),
        "hard": int(problem is not None and problem.hard_at is not None),
        "flapping": int(state.flapping),
    }


def _host_row(host: Host, now: datetime) -> dict[str, Any]:
    texts = {"name": host.name, "system": host.system, "site": host.site, "seen_at": stamp(now)}
    return {**texts, "jump": json.dumps(list(host.jump)), "tags": json.dumps(list(host.tags))}


def _new_id(now: datetime) -> str:
    return event_id(now, secrets.token_bytes(10))
