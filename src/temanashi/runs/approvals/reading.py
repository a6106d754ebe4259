"""Approvals as their readers see them: what waits, for whom, until when, and what changed since it was asked before."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection, select

from temanashi.errors import RunError
from temanashi.people import Actor, People
from temanashi.runs.approvals.expiry import escalated
from temanashi.runs.approvals.plans import differences
from temanashi.runs.approvals.rules import Case, Standing, approvers, judge
from temanashi.runs.approvals.store import AFTERWARDS, APPROVALS, Asked, asked_of, case_of, latest, votes_of
from temanashi.runs.engine import Engine
from temanashi.runs.tables import RUNS, WAITS
from temanashi.text.local import LocalText, Phrase

__all__ = ["ApprovalView", "VoteView", "approval_of", "approvals_waiting", "may_decide", "why_not"]


class _View(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class VoteView(_View):
    """One decision; `on_behalf_of` is a name, or nothing."""

    name: str
    on_behalf_of: str
    verdict: Literal["approved", "refused"]
    note: str
    at: datetime


class ApprovalView(_View):
    """One request. `kind` `after` is an emergency's; `approvers` are names; `changed` are sentences since the last request.

    `deputies` are pairs of names: who may approve in whose place today. `late`: its time is over. `needed` is the number of
    approvals that are still missing.
    """

    run: str
    step: str
    number: int
    kind: Literal["before", "after"]
    title: LocalText
    requester: Actor
    beneficiary: str
    identity_check: str
    reason: str
    prompt: LocalText | None
    digest: str
    plan: tuple[Phrase, ...]
    changed: tuple[Phrase, ...]
    again: bool
    approvers: tuple[str, ...]
    deputies: tuple[tuple[str, str], ...]
    count: int
    needed: int
    votes: tuple[VoteView, ...]
    opened_at: datetime
    until: datetime
    escalated: bool
    late: bool


def approval_of(engine: Engine, connection: Connection, run: str) -> ApprovalView | None:
    """What a run waits to have approved (or an emergency still lacks); None where it waits for no approval."""
    row = connection.execute(select(RUNS).where(RUNS.c.id == run)).one_or_none()
    if row is None:
        return None
    open_ = (WAITS.c.run == run) & (WAITS.c.kind == "approval") & (WAITS.c.state == "open")
    wait = connection.execute(select(WAITS).where(open_)).one_or_none()
    asked = latest(connection, run, wait.step if wait is not None else AFTERWARDS, lock=False)
    if asked is None or (wait is None and asked.state != "open"):
        return None
    return _view(engine, connection, row, asked, wait.prompt if wait is not None else None)


def approvals_waiting(engine: Engine, connection: Connection, *, limit: int = 200) -> list[ApprovalView]:
    """Every open request: emergencies that still lack approval, then the others, those with the least time left first."""
    waits = select(RUNS.c.id).join(WAITS, WAITS.c.run == RUNS.c.id)
    waits = waits.where((RUNS.c.state == "waiting") & (WAITS.c.state == "open") & (WAITS.c.kind == "approval"))
    after = select(APPROVALS.c.run).where((APPROVALS.c.kind == "after") & (APPROVALS.c.state == "open"))
    runs = dict.fromkeys([*connection.scalars(after.limit(limit)), *connection.scalars(waits.limit(limit))])
    found = [view for run in runs if (view := approval_of(engine, connection, run)) is not None]
    return sorted(found, key=lambda view: (view.kind == "before", view.until))


def may_decide(engine: Engine, connection: Connection, view: ApprovalView, actor: Actor) -> bool:
    """Whether somebody may approve or refuse this now."""
    return why_not(engine, connection, view, actor) is None


def why_not(engine: Engine, connection: Connection, view: ApprovalView, actor: Actor) -> RunError | None:
    """What keeps somebody from approving or refusing this; None where nothing does."""
    row = connection.execute(select(RUNS).where(RUNS.c.id == view.run)).one()
    asked = asked_of(
        connection.execute(
            select(APPROVALS).where(
                (APPROVALS.c.run == view.run) & (APPROVALS.c.step == view.step) & (APPROVALS.c.number == view.number)
            )
        ).one()
    )
    people = engine.directory(connection).people
    case = case_of(row, asked, votes_of(engine, connection, asked))
    try:
        judge(case, _standing(engine, people, asked), actor)
    except RunError as error:
        return error
    return None


def _standing(engine: Engine, people: People, asked: Asked) -> Standing:
    now = engine.clock.now()
    return Standing(people=people, day=now.astimezone(engine.zone).date(), escalated=escalated(asked.rule, asked.opened_at, now))


def _view(engine: Engine, connection: Connection, row: Any, asked: Asked, prompt: str | None) -> ApprovalView:
    people = engine.directory(connection).people
    votes = votes_of(engine, connection, asked)
    case = case_of(row, asked, votes)
    standing = _standing(engine, people, asked)
    given = sum(vote.verdict == "approved" for vote in votes)
    return ApprovalView(
        run=row.id,
        step=asked.step,
        number=asked.number,
        kind=asked.kind,
        title=LocalText.model_validate(json.loads(row.frozen)["runbook"]["title"]),
        requester=case.requester,
        beneficiary=row.beneficiary,
        identity_check=row.identity_check,
        reason=row.request_reason,
        prompt=LocalText.model_validate_json(prompt) if prompt is not None else None,
        digest=asked.digest,
        plan=tuple(change.summary for change in asked.plan.changes),
        changed=tuple(differences(asked.before, asked.plan)) if asked.before is not None else (),
        again=asked.before is not None,
        approvers=tuple(_who(case, standing)),
        deputies=tuple(_deputies(case, standing)),
        count=asked.rule.count,
        needed=max(asked.rule.count - given, 0),
        votes=_told(votes, people),
        opened_at=asked.opened_at,
        until=asked.until,
        escalated=standing.escalated,
        late=asked.until <= engine.clock.now(),
    )


def _who(case: Case, standing: Standing) -> list[str]:
    """The names of those who may still approve, without those who did."""
    used = frozenset().union(*(vote.identities for vote in case.votes))
    return sorted(standing.people.name(p) for p in approvers(case, standing) if f"person:{p}" not in used)


def _deputies(case: Case, standing: Standing) -> list[tuple[str, str]]:
    people, may = standing.people, approvers(case, standing)
    found = []
    for person in people.people:
        mandate = people.stands_in_for(person, standing.day) & may
        if mandate and person not in may and _can(case, standing, Actor(name=person)):
            found += [(people.name(person), people.name(principal)) for principal in sorted(mandate)]
    return found


def _can(case: Case, standing: Standing, actor: Actor) -> bool:
    try:
        judge(case, standing, actor)
    except RunError:
        return False
    return True


def _told(votes: Sequence[Any], people: People) -> tuple[VoteView, ...]:
    return tuple(
        VoteView(
            name=vote.name,
            on_behalf_of=people.name(vote.principal) if vote.principal != vote.approver else "",
            verdict=vote.verdict,
            note=vote.note,
            at=vote.at,
        )
        for vote in votes
    )
