"""Waiting for approval: ask, take up what the ledger says was decided, ask again when the plan changed, let silence refuse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, update

from temanashi.changes import Plan
from temanashi.people import Actor
from temanashi.runbooks.approval import Approval
from temanashi.runs.approvals.expiry import expires_at
from temanashi.runs.approvals.faults import RunAltered
from temanashi.runs.approvals.plans import ToldPlan, differences, told
from temanashi.runs.approvals.rules import Vote, ruling
from temanashi.runs.approvals.store import Asked, ask, latest, mark, votes_of
from temanashi.runs.engine import Engine
from temanashi.runs.events import RunWaited
from temanashi.runs.journal import draft_of
from temanashi.runs.lease import Lease
from temanashi.runs.results import Waiting
from temanashi.runs.tables import RUNS, WAITS
from temanashi.text.local import LocalText, Phrase, phrase

__all__ = ["Approved", "Place", "Refused", "wait_for_approval"]

SYSTEM = Actor(name="temanashi", kind="system")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a run waits: the step (or the place before the first one), its rule, what to ask, and how to plan what is asked for.

    `plan` makes the plan afresh and reads at most; `keep` stores it as what the run will do. `begun`: something that was approved
    here was begun, so that its plan is no longer compared. `before` is the plan of an earlier request, whose difference is told.
    """

    step: str
    rule: Approval
    prompt: LocalText
    plan: Callable[[], Plan]
    keep: Callable[[Connection, Plan], None]
    begun: bool = False
    before: ToldPlan | None = None


@dataclass(frozen=True)
class Approved:
    """Enough people approved this very plan."""

    by: tuple[str, ...]


@dataclass(frozen=True)
class Refused:
    """Somebody refused, or nobody approved in time."""

    reason: Phrase


def wait_for_approval(engine: Engine, lease: Lease, row: Any, place: Place) -> Waiting | Approved | Refused:
    """Ask for approval, or take up the answer; raises what planning raises, with nothing touched."""
    with engine.database.reading() as connection:
        asked = latest(connection, row.id, place.step, lock=False)
        votes = votes_of(engine, connection, asked) if asked is not None else ()
    if asked is not None and asked.rule != place.rule:
        raise RunAltered(row.id)
    if asked is None:
        return _ask(engine, lease, row, place, place.plan(), number=1, before=place.before)
    now = ruling(asked.rule, votes)
    if now == "open":
        # Between reading and writing somebody may have decided: then take that up.
        return _open(engine, lease, row, place, asked) or wait_for_approval(engine, lease, row, place)
    if now == "refused":
        no = next(vote for vote in votes if vote.verdict == "refused")
        return Refused(phrase("runs.refused-by", actor=no.name, note=no.note))
    if not place.begun:
        plan = place.plan()
        if plan.digest != asked.digest:
            return _ask(engine, lease, row, place, plan, number=asked.number + 1, before=asked.plan, lapsed=asked)
        with lease.writing() as connection:
            place.keep(connection, plan)
    return _approved(votes)


def _approved(votes: tuple[Vote, ...]) -> Approved:
    return Approved(tuple(vote.name for vote in votes if vote.verdict == "approved"))


def _open(engine: Engine, lease: Lease, row: Any, place: Place, asked: Asked) -> Waiting | Refused | None:
    with lease.writing() as connection:
        if ruling(asked.rule, votes_of(engine, connection, asked)) != "open":
            return None
        if asked.until <= engine.clock.now():
            mark(connection, asked, "expired")
            where = (WAITS.c.run == row.id) & (WAITS.c.step == place.step)
            connection.execute(update(WAITS).where(where).values(state="expired"))
            body = {"wait": "approval", "request": asked.number, "digest": asked.digest}
            draft = draft_of(row, "decision", actor=SYSTEM, channel="schedule", step=place.step, outcome="expired", body=body)
            engine.ledger.append(connection, draft)
            return Refused(phrase("approvals.silence"))
        _wait(connection, asked, place.prompt)
    return _told(engine, asked, place.prompt)


def _ask(
    engine: Engine,
    lease: Lease,
    row: Any,
    place: Place,
    plan: Plan,
    *,
    number: int,
    before: ToldPlan | None,
    lapsed: Asked | None = None,
) -> Waiting:
    shown = ToldPlan.model_validate(engine.redactor.value(told(plan).model_dump(mode="json")))
    with lease.writing() as connection:
        now = engine.clock.now()
        until = expires_at(place.rule.expires, now, engine.directory(connection).calendar, engine.zone)
        asked = Asked(
            run=row.id,
            step=place.step,
            number=number,
            kind="before",
            state="open",
            plan=shown,
            rule=place.rule,
            opened_at=now,
            until=until,
            before=before,
        )
        if lapsed is not None:
            mark(connection, lapsed, "lapsed")
        place.keep(connection, plan)
        ask(connection, asked)
        _wait(connection, asked, place.prompt)
        engine.ledger.append(connection, draft_of(row, "noted", step=place.step, outcome="approval-asked", body=_body(asked)))
    return _told(engine, asked, place.prompt)


def _body(asked: Asked) -> dict[str, Any]:
    changed = differences(asked.before, asked.plan) if asked.before is not None else []
    return {
        "request": asked.number,
        "digest": asked.digest,
        "rule": asked.rule.model_dump(mode="json"),
        "until": asked.until.isoformat(),
        "plan": [change.summary.text("en") for change in asked.plan.changes],
        "differences": [sentence.text("en") for sentence in changed],
    }


def _wait(connection: Connection, asked: Asked, prompt: LocalText) -> None:
    """The run's open wait is this request; a row that was changed by hand is put right."""
    where = (WAITS.c.run == asked.run) & (WAITS.c.step == asked.step)
    connection.execute(delete(WAITS).where(where))
    times = {"opened_at": asked.opened_at.isoformat(), "until": asked.until.isoformat()}
    texts = {"kind": "approval", "state": "open", "prompt": prompt.model_dump_json()}
    connection.execute(insert(WAITS).values(run=asked.run, step=asked.step, **texts, **times))
    connection.execute(update(RUNS).where(RUNS.c.id == asked.run).values(state="waiting"))


def _told(engine: Engine, asked: Asked, prompt: LocalText) -> Waiting:
    engine.tell(RunWaited(run=asked.run, step=asked.step, prompt=prompt, until=asked.until))
    return Waiting(
        run=asked.run,
        step=asked.step,
        kind="approval",
        prompt=prompt,
        until=asked.until,
        number=asked.number,
        digest=asked.digest,
    )
