"""Acknowledging a problem: somebody knows, says why, and until when. Then, or when it gets worse, it alarms again."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from temanashi.changes import Verdict
from temanashi.clock import Clock
from temanashi.errors import InputError
from temanashi.ledger.chain import event_id
from temanashi.ledger.ledger import Ledger
from temanashi.ledger.records import Draft, TargetOutcome
from temanashi.monitoring.model import Problem, worse
from temanashi.monitoring.store import moment, read_problems, stamp
from temanashi.monitoring.tables import ACKNOWLEDGEMENTS, PROBLEMS
from temanashi.people import Actor, Channel

__all__ = [
    "AckNotAhead",
    "Acknowledgement",
    "NoSuchProblem",
    "acknowledge",
    "acknowledgements_of",
    "problems_named",
    "withdraw",
]

REASON_LENGTH = 500


class NoSuchProblem(InputError):
    """Nothing open has this name."""

    key = "monitoring.no-such-problem"

    def __init__(self, name: str) -> None:
        super().__init__(name=name)


class AckNotAhead(InputError):
    """An acknowledgement that would be over at once."""

    key = "monitoring.ack-not-ahead"

    def __init__(self, until: str) -> None:
        super().__init__(until=until)


@dataclass(frozen=True, kw_only=True)
class Acknowledgement:
    """Who knows of a problem until when. `verdict` is how bad it was then."""

    id: str
    problem: str
    verdict: Verdict
    reason: str
    actor: str
    made_at: datetime
    until: datetime
    ended_at: datetime | None = None

    def covers(self, problem: Problem, at: datetime) -> bool:
        """Whether it keeps the problem quiet: not ended, not over, and the problem not worse than what was acknowledged."""
        return self.ended_at is None and at < self.until and not worse(problem.verdict, self.verdict)


def problems_named(connection: Connection, name: str) -> list[Problem]:
    """Open problems by id, by the id of their alert, or as `RUN/CHECK`; raises NoSuchProblem."""
    run, slash, check = name.partition("/")
    if slash:
        found = [one for one in read_problems(connection, where=(PROBLEMS.c.run == run,)) if check in {one.key.name, _short(one)}]
    else:
        either = (PROBLEMS.c.id == name) | (PROBLEMS.c.alert == name)
        found = read_problems(connection, where=(either,))
    if not found:
        raise NoSuchProblem(name)
    return found


def _short(problem: Problem) -> str:
    return f"{problem.key.name}@{problem.key.target}"


def acknowledge(
    connection: Connection,
    ledger: Ledger,
    problems: Sequence[Problem],
    *,
    until: datetime,
    reason: str,
    actor: Actor,
    channel: Channel,
    clock: Clock,
) -> list[Acknowledgement]:
    """Acknowledge problems, on the record; a new one takes the place of the last. Raises AckNotAhead."""
    now = clock.now()
    if until <= now:
        raise AckNotAhead(until.isoformat(timespec="minutes"))
    made = []
    for problem in problems:
        withdraw_one(connection, problem.id, actor.name, now)
        one = Acknowledgement(
            id=event_id(now, secrets.token_bytes(10)),
            problem=problem.id,
            verdict=problem.verdict,
            reason=reason.strip()[:REASON_LENGTH],
            actor=actor.name,
            made_at=now,
            until=until,
        )
        times = {"made_at": stamp(now), "until": stamp(until)}
        row = {**vars(one), **times, "verdict": str(one.verdict), "ended_at": None, "ended_by": None}
        connection.execute(insert(ACKNOWLEDGEMENTS).values(**row))
        _record(ledger, connection, "acknowledged", problem, one, actor=actor, channel=channel)
        made.append(one)
    return made


def withdraw(
    connection: Connection,
    ledger: Ledger,
    problems: Sequence[Problem],
    *,
    reason: str = "",
    actor: Actor,
    channel: Channel,
    clock: Clock,
) -> int:
    """Take acknowledgements back, on the record; how many there were."""
    known = acknowledgements_of(connection, [problem.id for problem in problems])
    for problem in problems:
        if problem.id in known:
            withdraw_one(connection, problem.id, actor.name, clock.now())
            _record(ledger, connection, "ack_withdrawn", problem, known[problem.id], actor=actor, channel=channel, reason=reason)
    return len(known)


def withdraw_one(connection: Connection, problem: str, by: str, now: datetime) -> None:
    """End what stands of a problem, without a record."""
    mine = update(ACKNOWLEDGEMENTS).where(ACKNOWLEDGEMENTS.c.problem == problem, ACKNOWLEDGEMENTS.c.ended_at.is_(None))
    connection.execute(mine.values(ended_at=stamp(now), ended_by=by))


def acknowledgements_of(connection: Connection, problems: Sequence[str] | None = None) -> dict[str, Acknowledgement]:
    """What stands, by problem; of every problem that is open by default. Whether it still covers its problem is for `covers`."""
    query = select(ACKNOWLEDGEMENTS).where(ACKNOWLEDGEMENTS.c.ended_at.is_(None))
    if problems is not None:
        query = query.where(ACKNOWLEDGEMENTS.c.problem.in_(list(problems)))
    else:
        query = query.join(PROBLEMS, PROBLEMS.c.id == ACKNOWLEDGEMENTS.c.problem).where(PROBLEMS.c.closed_at.is_(None))
    return {row.problem: _ack(row) for row in connection.execute(query.order_by(ACKNOWLEDGEMENTS.c.made_at))}


def _ack(row: Any) -> Acknowledgement:
    texts: dict[str, Any] = {name: getattr(row, name) for name in ("id", "problem", "reason", "actor")}
    times: dict[str, Any] = {name: datetime.fromisoformat(getattr(row, name)) for name in ("made_at", "until")}
    return Acknowledgement(**texts, **times, verdict=Verdict(row.verdict), ended_at=moment(row.ended_at))


def _record(
    ledger: Ledger,
    connection: Connection,
    outcome: str,
    problem: Problem,
    ack: Acknowledgement,
    *,
    actor: Actor,
    channel: Channel,
    reason: str | None = None,
) -> None:
    draft = Draft(
        kind="noted",
        runbook=problem.key.runbook,
        run=problem.run,
        step=problem.key.step,
        actor=actor.name,
        actor_kind=actor.kind,
        assurance=actor.assurance,
        channel=channel,
        reason=ack.reason if reason is None else reason,
        outcome=outcome,
        targets=(TargetOutcome(target=problem.key.target, outcome="already", verdict=problem.verdict),),
        body={"id": ack.id, "problem": problem.id, "check": problem.key.name, "until": stamp(ack.until), "by": ack.actor},
    )
    ledger.append(connection, draft)
