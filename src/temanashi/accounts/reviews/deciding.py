"""What may be decided about a line, and what must be said with it. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from pydantic import BaseModel, ConfigDict

from temanashi.accounts.reviews.faults import (
    ExceptionNeedsDay,
    GroupNotHeld,
    GroupsNotNamed,
    NotHere,
    OwnAccount,
    ReasonNeeded,
    UnknownVerdict,
)
from temanashi.accounts.reviews.lines import VERDICTS, Line, Verdict
from temanashi.people import People

__all__ = ["LONGEST_REASON", "Asked", "check_decision"]

LONGEST_REASON = 500
OWN_KIND = "temanashi"


class Asked(BaseModel):
    """What somebody wants to decide about a line, as it was typed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    verdict: str
    reason: str = ""
    groups: tuple[str, ...] = ()
    until: date | None = None


def check_decision(line: Line, asked: Asked, *, identities: Collection[str], account: str, people: People, today: date) -> Asked:
    """The decision as it is recorded; raises UnknownVerdict, OwnAccount, ReasonNeeded, ExceptionNeedsDay and GroupNotHeld."""
    verdict: Verdict | None = next((one for one in VERDICTS if one == asked.verdict), None)
    if verdict is None:
        raise UnknownVerdict(asked.verdict)
    if line.belongs_to(identities, account, people):
        raise OwnAccount(line.entry.login, line.where)
    reason = " ".join(asked.reason.split())[:LONGEST_REASON]
    if not reason and (verdict in {"exception", "change"} or (verdict == "keep" and line.findings)):
        raise ReasonNeeded(line.entry.login, line.where)
    if verdict == "exception" and (asked.until is None or asked.until < today):
        raise ExceptionNeedsDay(line.entry.login, line.where)
    if verdict == "change":
        return Asked(verdict=verdict, reason=reason, groups=_groups(line, asked.groups))
    return Asked(verdict=verdict, reason=reason, until=asked.until if verdict == "exception" else None)


def _groups(line: Line, named: Collection[str]) -> tuple[str, ...]:
    if line.kind == OWN_KIND:
        raise NotHere(line.entry.login, line.where)
    if not named:
        raise GroupsNotNamed(line.entry.login, line.where)
    held = {*line.entry.groups, *line.all_groups}
    for group in named:
        if group not in held:
            raise GroupNotHeld(group, login=line.entry.login, where=line.where, held=sorted(held))
    return tuple(sorted(set(named)))
