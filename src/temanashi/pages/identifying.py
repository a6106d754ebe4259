"""How the person was identified for whom somebody else asks: what can be chosen, and what is wrong with what was chosen."""

from __future__ import annotations

from dataclasses import replace

from starlette.requests import Request

from temanashi.errors import InputError
from temanashi.pages.identity import actor_for
from temanashi.pages.request_form import Asked
from temanashi.people.identity_check import CALL_BACK, WAYS, check_identity, numbers_of
from temanashi.runbooks.model import Runbook
from temanashi.text import Phrase
from temanashi.workspace.publishing import PublishedWorkspace

__all__ = ["identified", "ways_of"]


def identified(published: PublishedWorkspace, runbook: Runbook, request: Request, asked: Asked) -> Asked:
    """With what is wrong with how the person was identified for whom somebody else asks."""
    people = published.people
    if runbook.identified and not asked.beneficiary:
        return _wrong(asked, "beneficiary", Phrase(key="staff.beneficiary-missing"))
    myself = people.identity(asked.beneficiary) in people.identities(actor_for(request, asked.name or "-"))
    if not asked.beneficiary or (myself and not runbook.identified):
        return replace(asked, identity="")
    if not asked.identity:
        return _wrong(asked, "identity", Phrase(key="staff.identity-missing"))
    if asked.identity == "none" and runbook.privileged:
        return _wrong(asked, "identity", Phrase(key="staff.identity-privileged"))
    try:
        return replace(asked, identity=check_identity(people, asked.beneficiary, asked.identity))
    except InputError as error:
        return _wrong(asked, "identity", Phrase(key=error.key, data=error.data))


def _wrong(asked: Asked, field: str, problem: Phrase) -> Asked:
    return replace(asked, problems={**asked.problems, field: problem})


def ways_of(published: PublishedWorkspace, asked: Asked) -> list[str]:
    """How somebody can have been identified: a call back is to a number that the directory lists."""
    numbers = numbers_of(published.people, asked.beneficiary)
    calls = [f"{CALL_BACK} {number}" for number in numbers] or [CALL_BACK]
    return [*calls, *(way for way in WAYS if way != CALL_BACK)]
