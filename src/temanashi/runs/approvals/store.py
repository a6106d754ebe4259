"""Requests for approval as rows, and their votes as the ledger has them: a row alone approves nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Column, Connection, Integer, MetaData, Table, Text, insert, select, update

from temanashi.ledger.ledger import Ledger
from temanashi.ledger.records import Record
from temanashi.ledger.witness import witnessed
from temanashi.people import Actor
from temanashi.runbooks.approval import Approval
from temanashi.runs.approvals.plans import ToldPlan
from temanashi.runs.approvals.rules import Case, Vote
from temanashi.runs.engine import Engine
from temanashi.runs.tables import RUNS

__all__ = [
    "AFTERWARDS",
    "APPROVALS",
    "FIRST",
    "Asked",
    "approvers_of",
    "ask",
    "case_of",
    "deciders_of",
    "latest",
    "mark",
    "overtaken",
    "votes_of",
]

FIRST = "0-approval"
"""The place of the wait before the first change; no step has such an id, and Prefect takes it as part of a key."""

AFTERWARDS = "0-afterwards"
"""The place of an emergency run's approval after the fact."""

State = Literal["open", "approved", "refused", "expired", "lapsed"]

APPROVALS = Table(
    "approvals",
    MetaData(),
    *(Column(name, Text, primary_key=True) for name in ("run", "step")),
    Column("number", Integer, primary_key=True),
    *(Column(name, Text) for name in ("kind", "state", "digest", "plan", "rule", "opened_at", "until", "before")),
)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request: the `number`th at this place of the run. `after` is for an emergency's approval after the fact."""

    run: str
    step: str
    number: int
    kind: Literal["before", "after"]
    state: State
    plan: ToldPlan
    rule: Approval
    opened_at: datetime
    until: datetime
    before: ToldPlan | None

    @property
    def digest(self) -> str:
        """What the approval is bound to."""
        return self.plan.digest


def latest(connection: Connection, run: str, step: str, *, lock: bool) -> Asked | None:
    """The newest request at a place; `lock` holds its row until the transaction ends, so that votes come one after the other."""
    here = (APPROVALS.c.run == run) & (APPROVALS.c.step == step)
    query = select(APPROVALS).where(here).order_by(APPROVALS.c.number.desc()).limit(1)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return None if row is None else asked_of(row)


def asked_of(row: Any) -> Asked:
    """The request that a row holds."""
    return Asked(
        run=row.run,
        step=row.step,
        number=row.number,
        kind=row.kind,
        state=row.state,
        plan=ToldPlan.model_validate_json(row.plan),
        rule=Approval.model_validate_json(row.rule),
        opened_at=datetime.fromisoformat(row.opened_at),
        until=datetime.fromisoformat(row.until),
        before=ToldPlan.model_validate_json(row.before) if row.before else None,
    )


def ask(connection: Connection, asked: Asked) -> None:
    """Keep a new request."""
    values = {
        "run": asked.run,
        "step": asked.step,
        "number": asked.number,
        "kind": asked.kind,
        "state": asked.state,
        "digest": asked.digest,
        "plan": asked.plan.model_dump_json(),
        "rule": asked.rule.model_dump_json(),
        "opened_at": asked.opened_at.isoformat(),
        "until": asked.until.isoformat(),
        "before": asked.before.model_dump_json() if asked.before is not None else None,
    }
    connection.execute(insert(APPROVALS).values(**values))


def mark(connection: Connection, asked: Asked, state: State) -> None:
    """Keep what became of a request, for lists; what counts is in the ledger."""
    where = (APPROVALS.c.run == asked.run) & (APPROVALS.c.step == asked.step) & (APPROVALS.c.number == asked.number)
    connection.execute(update(APPROVALS).where(where).values(state=state))


def overtaken(connection: Connection, run: str) -> ToldPlan | None:
    """The last plan that a run had asked approval for, so that a new request can tell what changed since."""
    query = select(APPROVALS.c.plan).where((APPROVALS.c.run == run) & (APPROVALS.c.step == FIRST))
    found = connection.execute(query.order_by(APPROVALS.c.number.desc()).limit(1)).scalar()
    return ToldPlan.model_validate_json(found) if found else None


def votes_of(engine: Engine, connection: Connection, asked: Asked) -> tuple[Vote, ...]:
    """The votes of a request, from records that stand in the chain and are bound to its very plan.

    Where decisions are signed, one that the gate did not sign, or that was given for another requester, is none.
    """
    records = witnessed(engine.ledger, connection, asked.run, ("decision",))
    return tuple(vote for record in records if _counts(engine, connection, record) and (vote := _vote(record, asked)) is not None)


def _counts(engine: Engine, connection: Connection, record: Record) -> bool:
    if engine.signatures is None:
        return True
    draft = record.draft
    row = connection.execute(select(RUNS.c.actor, RUNS.c.beneficiary).where(RUNS.c.id == draft.run)).one()
    asked_by = (Actor.model_validate_json(row.actor).name, row.beneficiary)
    told_of = (draft.body.get("requester"), draft.body.get("beneficiary"))
    return asked_by == told_of and engine.signatures.prove(draft.run, draft.step, draft.outcome, draft.actor, draft.body)


def _vote(record: Record, asked: Asked) -> Vote | None:
    draft, body = record.draft, record.draft.body
    bound = (draft.step, body.get("request"), body.get("digest")) == (asked.step, asked.number, asked.digest)
    if not bound or draft.actor_kind != "person" or draft.outcome not in {"approved", "refused"}:
        return None
    return Vote(
        approver=body["approver"],
        principal=body["on_behalf_of"] or body["approver"],
        name=draft.actor,
        verdict="approved" if draft.outcome == "approved" else "refused",
        note=body["note"],
        at=record.recorded_at,
        identities=frozenset(body["identities"]),
    )


def approvers_of(ledger: Ledger, connection: Connection, run: str) -> tuple[str, ...]:
    """The names of those who approved anything of a run, in the order of the ledger."""
    records = witnessed(ledger, connection, run, ("decision",))
    return tuple(dict.fromkeys(record.draft.actor for record in records if record.draft.outcome == "approved"))


def deciders_of(ledger: Ledger, connection: Connection, run: str) -> tuple[str, ...]:
    """The names of those who approved or refused anything of a run."""
    records = witnessed(ledger, connection, run, ("decision",))
    people = [record.draft for record in records if record.draft.actor_kind == "person"]
    return tuple(dict.fromkeys(draft.actor for draft in people if draft.outcome in {"approved", "refused"}))


def case_of(row: Any, asked: Asked, votes: Sequence[Vote]) -> Case:
    """What is to be judged: the run's row, the request and its votes."""
    requester = Actor.model_validate_json(row.actor)
    return Case(run=row.id, rule=asked.rule, requester=requester, beneficiary=row.beneficiary, votes=tuple(votes))
