"""Coming back to a run that is over: undo what it did, or name the targets on which it has to be tried again."""

from __future__ import annotations

import secrets
from dataclasses import replace

from sqlalchemy import select

from temanashi.changes import NO_TARGET, Plan
from temanashi.ledger.chain import event_id
from temanashi.people import Actor, Channel
from temanashi.runs.approvals.requesting import check_request
from temanashi.runs.engine import Engine
from temanashi.runs.frozen import thaw
from temanashi.runs.journal import read_rows, read_run
from temanashi.runs.requests import RunRequest, store_run, wish_of
from temanashi.runs.results import NoRun, NothingToRetry, NothingToUndo, NotOver
from temanashi.runs.stopping import OVER, refuse_when_stopped
from temanashi.runs.tables import RUNS
from temanashi.runs.undoing import is_undo, undo_changes

__all__ = ["failed_targets", "request_undo"]


def request_undo(engine: Engine, run: str, *, actor: Actor, channel: Channel, reason: str = "", parent: str = "") -> str:
    """The id of a new run that takes an ended one back, the last change first.

    Raises NoRun, NotOver, NothingToUndo, RunsStopped, and NotAllowed or NobodyCouldApprove where the runbook says who may.
    """
    with engine.database.transaction() as connection:
        refuse_when_stopped(connection)
        row = read_run(connection, run)
        if row is None:
            raise NoRun(run)
        if row.state not in OVER:
            raise NotOver(run, row.state)
        changes = undo_changes(connection, run)
        again = connection.execute(select(RUNS.c.id).where(RUNS.c.origin == f"undo:{run}")).scalar()
        if again is not None or not changes or any(is_undo(r.change) for r in read_rows(connection, run)):
            raise NothingToUndo(run)
        frozen = thaw(run, row.frozen, kinds=engine.kinds)
        made = replace(frozen, id=event_id(engine.clock.now(), secrets.token_bytes(10)), today=engine.today(), actor=actor.name)
        request = RunRequest(
            runbook=frozen.runbook,
            workspace_version=row.workspace_version,
            inventory=frozen.inventory,
            inputs=frozen.inputs,
            actor=actor,
            channel=channel,
            beneficiary=row.beneficiary,
            identity_check=row.identity_check,
            ticket=row.ticket,
            reason=reason,
            slot="",
            called=frozen.called,
            parent=parent,
            origin=f"undo:{run}",
        )
        if not parent:
            check_request(engine, connection, wish_of(request))
        plan = Plan(runbook=frozen.runbook.id, version=frozen.runbook.version, inputs=dict(frozen.inputs), changes=tuple(changes))
        store_run(engine, connection, request, made, plan)
    return made.id


def failed_targets(engine: Engine, run: str) -> tuple[str, ...]:
    """The hosts and other targets on which an ended run did not do everything; raises NoRun, NotOver and NothingToRetry."""
    with engine.database.reading() as connection:
        row = read_run(connection, run)
        if row is None:
            raise NoRun(run)
        if row.state not in OVER:
            raise NotOver(run, row.state)
        rows = [r for r in read_rows(connection, run) if r.change.left_out is None and not is_undo(r.change)]
    bad = {r.change.target for r in rows if r.outcome is None or not r.outcome.good} - {NO_TARGET}
    hosts = thaw(run, row.frozen, kinds=engine.kinds).inventory
    # Directories that are no hosts stand in no inventory.
    besides = {r.change.target for r in rows if r.change.payload.get("entry")} & bad
    found = (*(host.name for host in hosts.select("all") if host.name in bad), *sorted(besides))
    if not found and row.state == "done":
        raise NothingToRetry(run)
    return found
