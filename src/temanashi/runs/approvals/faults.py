"""Why somebody may not approve, or may not run."""

from __future__ import annotations

from collections.abc import Sequence

from temanashi.errors import InputError, LedgerError, RunError

__all__ = [
    "AlreadyVoted",
    "ApprovalExpired",
    "DeputyOfRequester",
    "EmergencyNotAllowed",
    "EmergencyNotNeeded",
    "EmergencyWithoutReason",
    "HasLeft",
    "NobodyCouldApprove",
    "NotAPerson",
    "NotAllowed",
    "NotAnApproval",
    "NotAnApprover",
    "NotRequestedAgain",
    "OwnRequest",
    "PlanChanged",
    "RefusalWithoutNote",
    "RunAltered",
]


class _MayNot(RunError):
    """Somebody may not decide. Data: run, actor."""

    def __init__(self, run: str, actor: str) -> None:
        super().__init__(run=run, actor=actor)


class NotAPerson(_MayNot):
    """A part of the system cannot approve."""

    key = "approvals.not-a-person"


class OwnRequest(_MayNot):
    """Whoever asked for a run, and for whom it is done, cannot approve it."""

    key = "approvals.own-request"


class DeputyOfRequester(RunError):
    """A deputy cannot approve what the person asked for in whose place they act."""

    key = "approvals.deputy-of-requester"

    def __init__(self, run: str, actor: str, person: str) -> None:
        super().__init__(run=run, actor=actor, person=person)


class AlreadyVoted(_MayNot):
    """Each approval is another person's."""

    key = "approvals.already-voted"


class HasLeft(_MayNot):
    """The person has left."""

    key = "approvals.has-left"


class NotAnApprover(RunError):
    """The person is not among those who may approve."""

    key = "approvals.not-an-approver"

    def __init__(self, run: str, actor: str, approvers: Sequence[str]) -> None:
        super().__init__(run=run, actor=actor, approvers=list(approvers))


class ApprovalExpired(RunError):
    """The time for approving is over, and silence refused."""

    key = "approvals.expired"

    def __init__(self, run: str) -> None:
        super().__init__(run=run)


class PlanChanged(RunError):
    """What is asked for now is not what the person saw."""

    key = "approvals.plan-changed"

    def __init__(self, run: str) -> None:
        super().__init__(run=run)


class NotAnApproval(RunError):
    """The run waits for a step to be done, not for an approval, or the other way round."""

    key = "approvals.not-an-approval"

    def __init__(self, run: str, kind: str) -> None:
        super().__init__(run=run, kind=kind)


class RefusalWithoutNote(InputError):
    """A refusal without a reason."""

    key = "approvals.refusal-without-note"


class NotAllowed(RunError):
    """The runbook says who may run it, and this is somebody else."""

    key = "approvals.not-allowed"

    def __init__(self, runbook: str, actor: str, allowed: Sequence[str]) -> None:
        super().__init__(runbook=runbook, actor=actor, allowed=list(allowed))


class NobodyCouldApprove(RunError):
    """Too few people are left who could approve when requester and beneficiary may not."""

    key = "approvals.nobody-could"

    def __init__(self, runbook: str, *, count: int, left: Sequence[str]) -> None:
        super().__init__(runbook=runbook, count=count, left=list(left), people=len(left))


class EmergencyNotAllowed(RunError):
    """Somebody may not run this without approval, emergency or not."""

    key = "approvals.emergency-not-allowed"

    def __init__(self, runbook: str, actor: str, allowed: Sequence[str]) -> None:
        super().__init__(runbook=runbook, actor=actor, allowed=list(allowed))


class EmergencyWithoutReason(InputError):
    """An emergency run without a reason."""

    key = "approvals.emergency-without-reason"


class EmergencyNotNeeded(InputError):
    """The runbook asks for no approval, so there is none to put off."""

    key = "approvals.emergency-not-needed"

    def __init__(self, runbook: str) -> None:
        super().__init__(runbook=runbook)


class NotRequestedAgain(RunError):
    """Only a run that was refused, or whose approval expired, can be asked for again."""

    key = "approvals.not-requested-again"

    def __init__(self, run: str, state: str) -> None:
        super().__init__(run=run, state=state)


class RunAltered(LedgerError):
    """A run's row does not say what the ledger says was requested."""

    key = "approvals.run-altered"

    def __init__(self, run: str) -> None:
        super().__init__(run=run)
