"""Cancelling a run, and the emergency stop that halts all of them."""

from __future__ import annotations

import json
from contextlib import suppress

from sqlalchemy import Connection, delete, insert, select, update

from temanashi.canonical import canonical_json
from temanashi.ledger.records import Draft
from temanashi.people import Actor, Channel
from temanashi.runs.engine import Engine
from temanashi.runs.lease import free_to_end
from temanashi.runs.results import AlreadyEnded, NoRun, RunsStopped
from temanashi.runs.tables import FLAGS, RUNS

__all__ = ["OVER", "asked_to_cancel", "cancel", "lift_stop", "refuse_when_stopped", "stop_everything", "stopped"]

OVER = ("done", "failed", "unknown", "cancelled", "refused")
STOP = "emergency_stop"


def stopped(connection: Connection) -> dict[str, str] | None:
    """Who stopped everything and why, or None."""
    value = connection.execute(select(FLAGS.c.value).where(FLAGS.c.name == STOP)).scalar()
    return json.loads(value) if value else None


def refuse_when_stopped(connection: Connection) -> None:
    """Raise RunsStopped while the emergency stop is on."""
    if stop := stopped(connection):
        raise RunsStopped(reason=stop["reason"], actor=stop["actor"])


def asked_to_cancel(connection: Connection, run: str) -> dict[str, str] | None:
    """Who wants this run cancelled (itself, or by the emergency stop), or None."""
    value = connection.execute(select(RUNS.c.cancel).where(RUNS.c.id == run)).scalar()
    return json.loads(value) if value else None


def cancel(engine: Engine, run: str, *, actor: Actor, channel: Channel, reason: str) -> bool:
    """Ask a run, and the runs that it called, to stop.

    True when it is over now (nobody was working on it); False when its worker will stop it.
    """
    over = _cancel(engine, run, actor=actor, channel=channel, reason=reason)
    with engine.database.reading() as connection:
        called = RUNS.c.parent.startswith(f"{run}/", autoescape=True) & RUNS.c.state.not_in(OVER)
        children = connection.execute(select(RUNS.c.id).where(called)).scalars().all()
    for child in children:
        with suppress(AlreadyEnded):
            cancel(engine, str(child), actor=actor, channel=channel, reason=reason)
    return over


def _cancel(engine: Engine, run: str, *, actor: Actor, channel: Channel, reason: str) -> bool:
    from temanashi.runs.finishing import finish_run  # noqa: PLC0415  (finishing reads `stopped`)

    with engine.database.transaction() as connection:
        row = connection.execute(select(RUNS.c.state, RUNS.c.lease_owner, RUNS.c.lease_until).where(RUNS.c.id == run)).one_or_none()
        if row is None:
            raise NoRun(run)
        if row.state in OVER:
            raise AlreadyEnded(run, row.state)
        wish = {"actor": actor.model_dump(), "channel": channel, "reason": reason}
        connection.execute(update(RUNS).where(RUNS.c.id == run).values(cancel=canonical_json(wish)))
        if not free_to_end(row.lease_owner, row.lease_until, engine.clock.now()):
            return False
        connection.execute(update(RUNS).where(RUNS.c.id == run).values(fence=RUNS.c.fence + 1))
        finish_run(engine, connection, run, outcome="cancelled")
        return True


def stop_everything(engine: Engine, *, actor: Actor, channel: Channel, reason: str) -> list[str]:
    """Refuse new runs and cancel every live one until the stop is lifted; the ids of the runs that were told."""
    with engine.database.transaction() as connection:
        connection.execute(delete(FLAGS).where(FLAGS.c.name == STOP))
        connection.execute(insert(FLAGS).values(name=STOP, value=canonical_json({"actor": actor.name, "reason": reason})))
        rows = connection.execute(select(RUNS.c.id).where(RUNS.c.state.not_in(OVER))).scalars().all()
        engine.ledger.append(connection, _draft(actor, channel, reason, "on", list(rows)))
    for run in rows:
        try:
            cancel(engine, run, actor=actor, channel=channel, reason=reason)
        except AlreadyEnded:
            continue
    return [str(run) for run in rows]


def lift_stop(engine: Engine, *, actor: Actor, channel: Channel, reason: str) -> bool:
    """Allow runs again; False when no stop was on."""
    with engine.database.transaction() as connection:
        if stopped(connection) is None:
            return False
        connection.execute(delete(FLAGS).where(FLAGS.c.name == STOP))
        engine.ledger.append(connection, _draft(actor, channel, reason, "lifted", []))
        return True


def _draft(actor: Actor, channel: Channel, reason: str, outcome: str, runs: list[str]) -> Draft:
    return Draft(
        kind="emergency_stop",
        actor=actor.name,
        actor_kind=actor.kind,
        assurance=actor.assurance,
        channel=channel,
        reason=reason,
        emergency=True,
        outcome=outcome,
        body={"runs": runs},
    )
