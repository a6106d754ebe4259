"""Which runbooks somebody may start: those whose `allow:` names them, and, with the right `start`, those that name nobody."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from temanashi.people import People
from temanashi.runbooks.model import Runbook
from temanashi.signin.recognising import SignedIn

__all__ = ["may_start", "permitted"]


def may_start(runbook: Runbook, me: SignedIn, people: People, day: date) -> bool:
    """Whether they may ask for a run of it; `people` with the roles that were given at the gate."""
    if runbook.allow is None:
        return me.may("start")
    return me.may("start", "start-named") and me.user in people.members(runbook.allow) and people.here(me.user, day)


def permitted(runbooks: Mapping[str, Runbook], me: SignedIn, people: People, day: date) -> frozenset[str]:
    """The ids of what they may start."""
    return frozenset(name for name, runbook in runbooks.items() if may_start(runbook, me, people, day))
