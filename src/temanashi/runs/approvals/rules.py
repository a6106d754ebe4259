"""Who may approve, pure: the requester and the beneficiary never, a deputy in one person's place, nobody twice."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from temanashi.people import Actor, People
from temanashi.runbooks.approval import Approval
from temanashi.runs.approvals.faults import AlreadyVoted, DeputyOfRequester, HasLeft, NotAnApprover, NotAPerson, OwnRequest

__all__ = ["Case", "Mandate", "Ruling", "Standing", "Vote", "approvers", "judge", "ruling"]

Ruling = Literal["open", "approved", "refused"]
SEPARATORS = re.compile(r"[,;、，；]")
"""Signs between the names of several people for whom something is done."""


@dataclass(frozen=True, kw_only=True)
class Vote:
    """One person's decision. `principal` is in whose place they decided (themselves, mostly); ids of people."""

    approver: str
    principal: str
    name: str
    verdict: Literal["approved", "refused"]
    note: str
    at: datetime
    identities: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Mandate:
    """The right by which somebody decides: their own, or that of a person whose deputy they are today."""

    approver: str
    principal: str


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is to be approved: the run, the rule, who asked, for whom, and what was decided so far."""

    run: str
    rule: Approval
    requester: Actor
    beneficiary: str
    votes: tuple[Vote, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Standing:
    """The moment of judging: who is who, the day, and whether those to whom it was escalated may approve too."""

    people: People
    day: date
    escalated: bool = False


def involved(case: Case, people: People) -> frozenset[str]:
    """Everybody who must not approve: who asked, whose account it was, and for whom it is done."""
    names = [case.beneficiary, *SEPARATORS.split(case.beneficiary)]
    return people.identities(case.requester) | {people.identity(name) for name in names if name.strip()}


def approvers(case: Case, standing: Standing) -> frozenset[str]:
    """The ids of those who may approve in their own right: of the rule, here today, not involved."""
    rule, people = case.rule, standing.people
    words = (*rule.by, *(rule.escalate.to if rule.escalate is not None and standing.escalated else ()))
    out = involved(case, people)
    return frozenset(p for p in people.members(words) if people.here(p, standing.day) and f"person:{p}" not in out)


def judge(case: Case, standing: Standing, actor: Actor) -> Mandate:
    """By which right somebody decides; raises what keeps them from it."""
    people, run = standing.people, case.run
    if actor.kind != "person":
        raise NotAPerson(run, actor.name)
    mine = people.identities(actor)
    if mine & involved(case, people):
        raise OwnRequest(run, actor.name)
    me = people.find(actor.name)
    may = approvers(case, standing)
    if me is None:
        raise NotAnApprover(run, actor.name, _names(may, people))
    if not people.here(me, standing.day):
        raise HasLeft(run, actor.name)
    used = frozenset().union(*(vote.identities for vote in case.votes))
    if mine & used:
        raise AlreadyVoted(run, actor.name)
    if me in may:
        return Mandate(approver=me, principal=me)
    return _as_deputy(case, standing, actor, me, used)


def _as_deputy(case: Case, standing: Standing, actor: Actor, me: str, used: frozenset[str]) -> Mandate:
    people, may = standing.people, approvers(case, standing)
    represented = people.stands_in_for(me, standing.day)
    free = sorted(person for person in represented & may if f"person:{person}" not in used)
    if free:
        return Mandate(approver=me, principal=free[0])
    out = involved(case, people)
    if own := sorted(person for person in represented & people.members(case.rule.by) if f"person:{person}" in out):
        raise DeputyOfRequester(case.run, actor.name, people.name(own[0]))
    if represented & may:
        raise AlreadyVoted(case.run, actor.name)
    raise NotAnApprover(case.run, actor.name, _names(may, people))


def _names(persons: frozenset[str], people: People) -> list[str]:
    return sorted(people.name(person) for person in persons)


def ruling(rule: Approval, votes: Sequence[Vote]) -> Ruling:
    """What the votes add up to: one refusal refuses; approvals count where every one is of other people."""
    if any(vote.verdict == "refused" for vote in votes):
        return "refused"
    used: frozenset[str] = frozenset()
    count = 0
    for vote in votes:
        if not vote.identities & used:
            used, count = used | vote.identities, count + 1
    return "approved" if count >= rule.count else "open"
