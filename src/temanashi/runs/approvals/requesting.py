"""What happens to a request for a run: its permits are checked, an emergency opens an approval after the fact."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from temanashi.changes import Plan
from temanashi.ledger.records import Mode, Record
from temanashi.ledger.witness import witnessed
from temanashi.people import Actor, Channel
from temanashi.runbooks.approval import Approval
from temanashi.runbooks.model import Runbook
from temanashi.runs.approvals.expiry import end_of_business_day
from temanashi.runs.approvals.faults import RunAltered
from temanashi.runs.approvals.permits import check_allowed, check_approvable, check_emergency, rules_of
from temanashi.runs.approvals.plans import ToldPlan, told
from temanashi.runs.approvals.rules import Standing
from temanashi.runs.approvals.store import AFTERWARDS, Asked, ask
from temanashi.runs.engine import Engine
from temanashi.runs.signatures import NotVerified

__all__ = ["Wish", "approval_on_record", "check_request", "open_afterwards", "request_on_record"]


@dataclass(frozen=True, kw_only=True)
class Wish:
    """As much of a request as permits need. `approve` is who must approve where the runbook itself asks for nobody."""

    runbook: Runbook
    actor: Actor
    channel: Channel
    mode: Mode
    beneficiary: str
    reason: str
    emergency: bool
    approve: Approval | None = None


def check_request(engine: Engine, connection: Connection, wish: Wish) -> Actor:
    """Who asks, under the listed name; raises NotAllowed, NobodyCouldApprove and the errors of emergencies."""
    directory = engine.directory(connection)
    standing = Standing(people=directory.people, day=engine.today())
    check_allowed(wish.runbook, wish.actor, wish.channel, directory, standing)
    if wish.mode != "dry_run":
        _check_verified(engine, wish)
        if wish.emergency:
            check_emergency(wish.runbook, wish.actor, wish.reason, standing)
        check_approvable(wish.runbook, wish.actor, wish.beneficiary, standing, more=wish.approve)
    return directory.people.known(wish.actor)


def _check_verified(engine: Engine, wish: Wish) -> None:
    """Whoever asserts a name could approve their own wish under the right one."""
    person = wish.actor.kind == "person" and wish.actor.assurance != "verified"
    if person and engine.signatures is not None and rules_of(wish.runbook, wish.approve):
        raise NotVerified(wish.actor.name)


def open_afterwards(engine: Engine, connection: Connection, run: str, wish: Wish, plan: Plan) -> None:
    """An emergency's approval after the fact is due at the end of the next business day."""
    now = engine.clock.now()
    rule = rules_of(wish.runbook)[0]
    until: datetime = end_of_business_day(now, 1, engine.directory(connection).calendar, engine.zone)
    shown = ToldPlan.model_validate(engine.redactor.value(told(plan).model_dump(mode="json")))
    ask(
        connection,
        Asked(
            run=run,
            step=AFTERWARDS,
            number=1,
            kind="after",
            state="open",
            plan=shown,
            rule=rule,
            opened_at=now,
            until=until,
            before=None,
        ),
    )


def approval_on_record(record: Record) -> Approval | None:
    """Who must approve by the word of whoever asked, where the runbook itself asks for nobody."""
    asked = record.draft.body.get("approve")
    return Approval.model_validate(asked) if asked is not None else None


def request_on_record(engine: Engine, connection: Connection, row: Any, version: str) -> Record:
    """The ledger's record of the request for a run; raises RunAltered where its row says something else.

    `version` is that of the runbook which the run is about to follow.
    """
    record = next(witnessed(engine.ledger, connection, row.id, ("run_requested",)), None)
    if record is None or record.draft.version != version or record.draft.emergency != bool(row.emergency):
        raise RunAltered(row.id)
    if (record.draft.actor, record.draft.beneficiary) != (Actor.model_validate_json(row.actor).name, row.beneficiary):
        raise RunAltered(row.id)
    return record
