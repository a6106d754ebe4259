"""One person's approval or refusal: judged, and written to the ledger, in the transaction in which it counts."""

from __future__ import annotations

from typing import Any, Literal

from sqlalchemy import Connection, update

from temanashi.people import Actor, Channel
from temanashi.runs.approvals.expiry import escalated
from temanashi.runs.approvals.faults import ApprovalExpired, NotAnApproval, PlanChanged, RefusalWithoutNote
from temanashi.runs.approvals.rules import Case, Mandate, Standing, Vote, judge, ruling
from temanashi.runs.approvals.store import AFTERWARDS, Asked, case_of, latest, mark, votes_of
from temanashi.runs.directory import Directory
from temanashi.runs.engine import Engine
from temanashi.runs.journal import draft_of
from temanashi.runs.signatures import signed_body
from temanashi.runs.tables import WAITS

__all__ = ["due_afterwards", "standing_of", "vote"]


def due_afterwards(connection: Connection, run: str) -> Asked | None:
    """The approval after the fact that an emergency run still lacks; its row is held."""
    asked = latest(connection, run, AFTERWARDS, lock=True)
    return asked if asked is not None and asked.state == "open" else None


def standing_of(engine: Engine, connection: Connection, asked: Asked) -> tuple[Directory, Standing]:
    """Who is who now, and the moment as the rules see it."""
    directory, now = engine.directory(connection), engine.clock.now()
    late = escalated(asked.rule, asked.opened_at, now)
    return directory, Standing(people=directory.people, day=now.astimezone(engine.zone).date(), escalated=late)


def vote(
    engine: Engine,
    connection: Connection,
    row: Any,
    asked: Asked,
    *,
    actor: Actor,
    channel: Channel,
    verdict: str,
    note: str,
    human_seconds: int | None = None,
    digest: str = "",
) -> None:
    """Count one decision about a run's request. `digest` is that of the plan which the person saw; empty: the one of now.

    Raises what keeps the person from deciding: OwnRequest, DeputyOfRequester, AlreadyVoted, NotAnApprover, HasLeft, NotAPerson,
    ApprovalExpired, PlanChanged, NotAnApproval and RefusalWithoutNote.
    """
    if verdict not in {"approved", "refused"}:
        raise NotAnApproval(row.id, "approval")
    if asked.kind == "before" and asked.until <= engine.clock.now():
        raise ApprovalExpired(row.id)
    if digest and digest != asked.digest:
        raise PlanChanged(row.id)
    if verdict == "refused" and not note.strip():
        raise RefusalWithoutNote
    case = case_of(row, asked, votes_of(engine, connection, asked))
    directory, standing = standing_of(engine, connection, asked)
    mandate = judge(case, standing, actor)
    clean = engine.redactor.text(note)
    known = directory.people.known(actor)
    body = _body(case, asked, mandate, standing, actor, clean)
    draft = draft_of(
        row,
        "decision",
        actor=known,
        channel=channel,
        step=asked.step,
        outcome=verdict,
        approvers=(*_names(case), *([known.name] if verdict == "approved" else [])),
        human_seconds=human_seconds or 0,
        human_source="entered" if human_seconds else "",
        body=signed_body(engine.signatures, run=row.id, step=asked.step, outcome=verdict, actor=known, body=body),
    )
    record = engine.ledger.append(connection, draft)
    given: Literal["approved", "refused"] = "approved" if verdict == "approved" else "refused"
    mine = Vote(
        approver=mandate.approver,
        principal=mandate.principal,
        name=known.name,
        verdict=given,
        note=clean,
        at=record.recorded_at,
        identities=frozenset(draft.body["identities"]),
    )
    _settle(connection, asked, ruling(asked.rule, (*case.votes, mine)))


def _names(case: Case) -> tuple[str, ...]:
    return tuple(vote.name for vote in case.votes if vote.verdict == "approved")


def _body(case: Case, asked: Asked, mandate: Mandate, standing: Standing, actor: Actor, note: str) -> dict[str, Any]:
    own = mandate.principal == mandate.approver
    identities = standing.people.identities(actor) | {f"person:{mandate.principal}"}
    return {
        "wait": "approval",
        "after_the_fact": asked.kind == "after",
        "request": asked.number,
        "digest": asked.digest,
        "approver": mandate.approver,
        "on_behalf_of": "" if own else mandate.principal,
        "identities": sorted(identities),
        "account": actor.account,
        "requester": case.requester.name,
        "beneficiary": case.beneficiary,
        "note": note,
    }


def _settle(connection: Connection, asked: Asked, now: str) -> None:
    """Let go of the wait when the votes are enough; what happens then, the ledger decides."""
    if now == "open":
        return
    mark(connection, asked, "approved" if now == "approved" else "refused")
    if asked.kind == "before":
        where = (WAITS.c.run == asked.run) & (WAITS.c.step == asked.step)
        connection.execute(update(WAITS).where(where).values(state=now))
