"""Asking for a run: validate, plan, freeze, and record, before anything is touched."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from temanashi.canonical import canonical_json
from temanashi.changes import Plan
from temanashi.errors import InputError
from temanashi.hosts.inventory import Inventory
from temanashi.hosts.transport import Result
from temanashi.ledger.chain import event_id
from temanashi.ledger.records import Draft, Mode
from temanashi.people import Actor, Channel
from temanashi.people.identity_check import check_identity
from temanashi.runbooks.approval import Approval
from temanashi.runbooks.choices import ChoicesFrom
from temanashi.runbooks.inputs import validate_inputs
from temanashi.runbooks.model import Runbook
from temanashi.runbooks.offering import ChoicesUnavailable, Offering, Offers
from temanashi.runs.approvals.requesting import Wish, check_request, open_afterwards
from temanashi.runs.engine import Engine
from temanashi.runs.frozen import FrozenRun, Only, freeze
from temanashi.runs.journal import plan_rows
from temanashi.runs.overlap import enter_turn
from temanashi.runs.planning import plan_run
from temanashi.runs.stopping import refuse_when_stopped
from temanashi.runs.tables import JOURNAL, RUNS
from temanashi.text.local import phrase

__all__ = ["NotIdentified", "RunRequest", "dry_run", "offers_for", "request_run", "store_run", "wish_of"]


class NotIdentified(InputError):
    """Nobody said for whom this is done, or how that person was identified."""

    key = "runs.not-identified"

    def __init__(self, runbook: str) -> None:
        super().__init__(runbook=runbook)


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    """Who wants what done, with which inputs (raw), for whom, and by which way in.

    `slot` is the demand unit: an ISO day for calendar tasks (default: today), a ticket for requested ones. `flow_run` is the id
    of Prefect's run; the same one asks only once. `due` is when a schedule meant it to start; with `waits` it queues behind a
    run of the same work even where the runbook says `overlap: skip`. `limit` names the only hosts to touch, `only` the only
    checks to measure; `called` are the runbooks that may be called; `parent` is the key of the change that calls; `origin` is
    the run that this one answers to. `emergency` runs at once what is to be approved, which is then done afterwards. `again` is
    an earlier run: approvers are told what changed since its plan. `identity_check` says how the beneficiary was identified.
    `approve` says who must approve it where the runbook asks for nobody; it cannot take away what the runbook asks for.
    """

    runbook: Runbook
    workspace_version: str
    inventory: Inventory
    inputs: Mapping[str, Any]
    actor: Actor
    channel: Channel
    mode: Mode = "live"
    beneficiary: str = ""
    ticket: str = ""
    reason: str = ""
    slot: str | None = None
    flow_run: str = ""
    due: datetime | None = None
    waits: bool = False
    limit: tuple[str, ...] = ()
    only: Only = field(default_factory=dict)
    called: Mapping[str, Runbook] = field(default_factory=dict)
    parent: str = ""
    origin: str = ""
    emergency: bool = False
    again: str = ""
    approve: Approval | None = None
    identity_check: str = ""


def request_run(engine: Engine, request: RunRequest) -> str:
    """The id of a new planned run (or of the one that this `flow_run` asked for before); raises before anything is touched."""
    if request.flow_run:
        with engine.database.reading() as connection:
            known = connection.execute(select(RUNS.c.id).where(RUNS.c.flow_run == request.flow_run)).scalar()
        if known:
            return str(known)
    with engine.database.reading() as connection:
        refuse_when_stopped(connection)
        request = replace(request, actor=check_request(engine, connection, wish_of(request)))
        people = engine.directory(connection).people
    if not request.parent and not request.origin:  # the others go on with what was made sure of before
        request = replace(request, identity_check=check_identity(people, request.beneficiary, request.identity_check))
        _refuse_unidentified(request)
    run, plan = _planned(engine, request)
    with engine.database.transaction() as connection:
        refuse_when_stopped(connection)
        store_run(engine, connection, request, run, plan)
        now = engine.clock.now()
        enter_turn(connection, request.runbook, run.id, run.inputs, now=now, due=request.due, waits=request.waits)
        if request.emergency:
            open_afterwards(engine, connection, run.id, wish_of(request), plan)
        if _is_demand(request):
            engine.ledger.append(connection, _demanded(request, run))
    return run.id


def _refuse_unidentified(request: RunRequest) -> None:
    """What opens an account again is done for somebody who was made sure of, by whichever way in it is asked for."""
    if not request.runbook.identified or request.actor.kind != "person":
        return
    if not request.beneficiary or request.identity_check in {"", "none"}:
        raise NotIdentified(request.runbook.id)


def _is_demand(request: RunRequest) -> bool:
    """A person who asks is a demand, unless the task's rule names another recorder of it; a run that is called, or made again,
    serves one that is there already.
    """  # noqa: D205
    asked = request.mode == "live" and request.actor.kind == "person" and not request.parent and not request.origin
    rule = request.runbook.toil.demand
    return asked and rule.on_request and rule.source in {None, "requests"}


def dry_run(engine: Engine, request: RunRequest) -> Plan:
    """The plan, with nothing touched; that somebody looked is recorded and earns nothing."""
    with engine.database.reading() as connection:
        request = replace(request, mode="dry_run", actor=check_request(engine, connection, wish_of(request)))
    run, plan = _planned(engine, request, dry_run=True)
    draft = _requested(engine, request, run, plan).model_copy(update={"kind": "run_finished", "mode": "dry_run", "outcome": "done"})
    engine.ledger.record(draft)
    return plan


def wish_of(request: RunRequest) -> Wish:
    """As much of a request as its permits need."""
    return Wish(**{field.name: getattr(request, field.name) for field in fields(Wish)})


def _planned(engine: Engine, request: RunRequest, *, dry_run: bool = False) -> tuple[FrozenRun, Plan]:
    inputs = validate_inputs(request.runbook, request.inputs, offers=offers_for(engine, request))
    run = FrozenRun(
        id=event_id(engine.clock.now(), secrets.token_bytes(10)),
        runbook=request.runbook,
        inventory=request.inventory.with_local(engine.here),
        inputs=inputs,
        today=engine.today(),
        actor=request.actor.name,
        limit=request.limit,
        only=request.only,
        called=request.called,
    )
    return run, plan_run(engine, run, dry_run=dry_run)


def offers_for(engine: Engine, request: RunRequest) -> Offers:
    """What can be chosen for a run at this moment. It never starts on choices that nobody looked up: those cannot be chosen."""
    looked_up = any(getattr(parameter, "choices_from", None) is not None for parameter in request.runbook.parameters)
    found = engine.offers(request.workspace_version) if looked_up else None
    return found or Offering(inventory=request.inventory, run_on=_unknown)


def _unknown(source: ChoicesFrom) -> Result:
    raise ChoicesUnavailable(phrase("runbooks.choices-no-source", source=source.sort))


def _slot(request: RunRequest, run: FrozenRun) -> str:
    if request.slot is not None:
        return request.slot
    return (request.ticket or run.id) if request.runbook.toil.demand.on_request else run.today.isoformat()


def store_run(engine: Engine, connection: Connection, request: RunRequest, run: FrozenRun, plan: Plan) -> None:
    """Write a planned run and its journal, in the caller's transaction, and what was asked into the ledger."""
    runbook = request.runbook
    connection.execute(
        insert(RUNS).values(
            id=run.id,
            runbook=runbook.id,
            version=runbook.version,
            workspace_version=request.workspace_version,
            task=runbook.task,
            slot=_slot(request, run),
            mode=request.mode,
            state="planned",
            actor=request.actor.model_dump_json(),
            channel=request.channel,
            beneficiary=request.beneficiary,
            ticket=request.ticket,
            request_reason=request.reason,
            flow_run=request.flow_run or None,
            emergency=int(request.emergency),
            again=request.again or None,
            identity_check=request.identity_check,
            frozen=freeze(run),
            plan_digest=plan.digest,
            requested_at=engine.clock.now().isoformat(),
            fence=0,
            parent=request.parent or None,
            origin=request.origin or None,
        )
    )
    connection.execute(insert(JOURNAL), plan_rows(run.id, list(plan.changes)))
    engine.ledger.append(connection, _requested(engine, request, run, plan))


def _requested(engine: Engine, request: RunRequest, run: FrozenRun, plan: Plan) -> Draft:
    body = {"plan_digest": plan.digest, "inputs": dict(plan.inputs), "workspace_version": request.workspace_version}
    body |= {name: value for name in ("parent", "origin", "again", "limit", "only") if (value := getattr(request, name))}
    if request.approve is not None and request.runbook.approve is None:
        body["approve"] = request.approve.model_dump(mode="json")
    changes = [json.loads(change.model_dump_json(exclude={"payload"})) for change in plan.changes]
    return Draft(
        kind="run_requested",
        task=request.runbook.task,
        runbook=request.runbook.id,
        version=request.runbook.version,
        run=run.id,
        actor=request.actor.name,
        actor_kind=request.actor.kind,
        assurance=request.actor.assurance,
        beneficiary=request.beneficiary,
        identity_check=request.identity_check,
        channel=request.channel,
        ticket=request.ticket,
        reason=request.reason,
        system=request.runbook.system,
        team=request.runbook.owner,
        mode=request.mode,
        privileged=request.runbook.privileged,
        emergency=request.emergency,
        slot=_slot(request, run),
        body=engine.redactor.value({**body, "changes": json.loads(canonical_json(changes))}),
    )


def _demanded(request: RunRequest, run: FrozenRun) -> Draft:
    targets = sorted({host.name for item in run.runbook.steps for host in run.hosts(item)})
    return Draft(
        kind="demand",
        task=request.runbook.task,
        runbook=request.runbook.id,
        version=request.runbook.version,
        run=run.id,
        actor=request.actor.name,
        actor_kind=request.actor.kind,
        assurance=request.actor.assurance,
        beneficiary=request.beneficiary,
        identity_check=request.identity_check,
        channel=request.channel,
        ticket=request.ticket,
        system=request.runbook.system,
        team=request.runbook.owner,
        emergency=request.emergency,
        slot=_slot(request, run),
        body={"basis": "request", "source": "requests", "targets": len(targets)},
    )
