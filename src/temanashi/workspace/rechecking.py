"""The request that measures again what was wrong in a run, with the version that is published now."""

from __future__ import annotations

from temanashi.monitoring.rechecking import NothingWrong, wrong_checks
from temanashi.people import Actor, Channel
from temanashi.runbooks.calls import called_by
from temanashi.runbooks.model import Runbook
from temanashi.runbooks.steps.checks import ChecksSpec
from temanashi.runs.frozen import Only
from temanashi.runs.journal import read_rows, read_run
from temanashi.runs.reading import run_view
from temanashi.runs.requests import RunRequest
from temanashi.runs.results import NotOver
from temanashi.workspace.first import runbook_named
from temanashi.workspace.opening import Installation
from temanashi.workspace.versions import PublishedWorkspace

__all__ = ["recheck_request"]


def recheck_request(
    installation: Installation, published: PublishedWorkspace, run: str, *, actor: Actor, channel: Channel, reason: str = ""
) -> RunRequest:
    """A request over the checks of an ended run that were not good; raises NoRun, NotOver, NothingWrong and UnknownRunbook."""
    with installation.database.reading() as connection:
        view = run_view(connection, run)
        if view.ended_at is None:
            raise NotOver(run, view.state)
        wrong = wrong_checks(read_rows(connection, run), run=run)
        row = read_run(connection, run)
    wanted = runbook_named(published, view.runbook)
    only = _still_there(wrong, wanted, published)
    if not only:
        raise NothingWrong(run)
    return RunRequest(
        runbook=wanted,
        called=called_by(wanted, published.runbooks),
        workspace_version=published.digest,
        inventory=published.inventory,
        inputs=view.inputs,
        actor=actor,
        channel=channel,
        beneficiary=view.beneficiary,
        ticket=view.ticket,
        reason=reason,
        slot=view.slot,
        mode=row.mode if row is not None else "live",
        only=only,
        origin=f"again:{run}",
    )


def _still_there(wrong: Only, runbook: Runbook, published: PublishedWorkspace) -> Only:
    """Without what has left the runbook or the inventory since."""
    known = {
        item.id: {str(check["id"]) for check in item.spec.items} for item in runbook.steps if isinstance(item.spec, ChecksSpec)
    }
    found = {
        step: {
            target: kept
            for target, names in targets.items()
            if target in published.inventory.hosts and (kept := tuple(name for name in names if name in known[step]))
        }
        for step, targets in wrong.items()
        if step in known
    }
    return {step: targets for step, targets in found.items() if targets}
