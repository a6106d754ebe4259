"""What is asked of a request before anything is planned: who may run this, could anybody approve it, is an emergency allowed."""

from __future__ import annotations

from collections.abc import Sequence

from temanashi.people import AUTOMATIC, Actor, Channel, People
from temanashi.runbooks.approval import Approval
from temanashi.runbooks.model import Runbook
from temanashi.runs.approvals.faults import (
    EmergencyNotAllowed,
    EmergencyNotNeeded,
    EmergencyWithoutReason,
    NobodyCouldApprove,
    NotAllowed,
)
from temanashi.runs.approvals.rules import Case, Standing, approvers
from temanashi.runs.directory import Directory

__all__ = ["check_allowed", "check_approvable", "check_emergency", "rules_of"]


def rules_of(runbook: Runbook, more: Approval | None = None) -> list[Approval]:
    """The approvals that a runbook asks for: before its first change (or `more`, where it asks for none), and in its steps."""
    steps = [item.spec for item in runbook.steps if isinstance(item.spec, Approval)]
    first = runbook.approve or more
    return [*([first] if first is not None else []), *steps]


def check_allowed(runbook: Runbook, actor: Actor, channel: Channel, directory: Directory, standing: Standing) -> None:
    """Raise NotAllowed unless `allow:` names the person, or the schedule or alert by which it starts."""
    if runbook.allow is None:
        return
    people = directory.people
    if actor.kind == "system":
        allowed = channel in AUTOMATIC and channel in runbook.allow
    else:
        allowed = _is_one_of(runbook.allow, actor, standing)
    if not allowed:
        raise NotAllowed(runbook.id, actor.name, _names(runbook.allow, people))


def check_approvable(runbook: Runbook, actor: Actor, beneficiary: str, standing: Standing, *, more: Approval | None = None) -> None:
    """Raise NobodyCouldApprove when, without requester and beneficiary, too few people are left to approve."""
    for rule in rules_of(runbook, more):
        case = Case(run="", rule=rule, requester=actor, beneficiary=beneficiary)
        able = approvers(case, Standing(people=standing.people, day=standing.day, escalated=True))
        if len(able) < rule.count:
            left = sorted(standing.people.name(person) for person in able)
            raise NobodyCouldApprove(runbook.id, count=rule.count, left=left)


def check_emergency(runbook: Runbook, actor: Actor, reason: str, standing: Standing) -> None:
    """Raise what keeps somebody from running this at once: no approval to put off, no reason, not authorised."""
    rules = rules_of(runbook)
    if not rules:
        raise EmergencyNotNeeded(runbook.id)
    if not reason.strip():
        raise EmergencyWithoutReason
    for rule in rules:
        if actor.kind != "person" or not _is_one_of(rule.emergency, actor, standing):
            raise EmergencyNotAllowed(runbook.id, actor.name, _names(rule.emergency, standing.people))


def _is_one_of(who: Sequence[str], actor: Actor, standing: Standing) -> bool:
    me = standing.people.find(actor.name)
    return me is not None and me in standing.people.members(who) and standing.people.here(me, standing.day)


def _names(who: Sequence[str], people: People) -> list[str]:
    return sorted({*(people.name(person) for person in people.members(who)), *(word for word in who if word in AUTOMATIC)})
