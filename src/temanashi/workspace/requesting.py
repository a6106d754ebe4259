"""Asking once more, in one step, for a run that was refused: same runbook as it is now, same inputs."""

from __future__ import annotations

from temanashi.ledger.witness import witnessed
from temanashi.people import Actor, Channel
from temanashi.runbooks.calls import called_by
from temanashi.runs.approvals.faults import NotRequestedAgain
from temanashi.runs.approvals.requesting import approval_on_record
from temanashi.runs.engine import Engine
from temanashi.runs.reading import run_view
from temanashi.runs.requests import RunRequest, request_run
from temanashi.workspace.first import published_or_first, runbook_named
from temanashi.workspace.opening import Installation

__all__ = ["request_again"]


def request_again(
    installation: Installation, engine: Engine, run: str, *, actor: Actor, channel: Channel, reason: str = "", flow_run: str = ""
) -> str:
    """The id of a new run with the inputs of one that was refused; approvers are told what changed since.

    Raises NoRun, NotRequestedAgain, UnknownRunbook, DisabledRunbook and whatever asking for a run raises.
    """
    with installation.database.reading() as connection:
        old = run_view(connection, run)
        record = next(witnessed(engine.ledger, connection, run, ("run_requested",)), None)
    if old.state != "refused":
        raise NotRequestedAgain(run, old.state)
    published, _ = published_or_first(installation)
    wanted = runbook_named(published, old.runbook)
    request = RunRequest(
        runbook=wanted,
        called=called_by(wanted, published.runbooks),
        workspace_version=published.digest,
        inventory=published.inventory,
        inputs=old.inputs,
        actor=actor,
        channel=channel,
        beneficiary=old.beneficiary,
        identity_check=old.identity_check,
        ticket=old.ticket,
        reason=reason or old.request_reason,
        again=run,
        approve=approval_on_record(record) if record is not None else None,
        flow_run=flow_run,
    )
    return request_run(engine, request)
