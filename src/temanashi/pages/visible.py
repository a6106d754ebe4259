"""What a reader may see: everything without sign-in or with the right to; else what is theirs, and what waits for their word."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection
from starlette.requests import Request

from temanashi.pages.identity import signed_in
from temanashi.pages.mine import is_mine
from temanashi.pages.site import Site
from temanashi.runbooks.model import Runbook
from temanashi.runs.approvals.reading import approval_of, may_decide
from temanashi.runs.approvals.store import deciders_of
from temanashi.runs.reading import RunView, run_view
from temanashi.runs.results import NoRun
from temanashi.workspace.permitted import may_start

__all__ = ["check_visible", "may_ask_for", "sees_everything", "visible"]


def sees_everything(request: Request) -> bool:
    """Whether nothing has to be left out."""
    me = signed_in(request)
    return me is None or me.may("see-all")


def visible(site: Site, connection: Connection, request: Request, runs: Sequence[RunView]) -> list[RunView]:
    """Those of some runs that the reader may see."""
    me = signed_in(request)
    if me is None or me.may("see-all"):
        return list(runs)
    engine = site.installation.engine()
    people = engine.directory(connection).people
    mine = people.identities(me.actor)

    def sees(run: RunView) -> bool:
        if is_mine(run, me.actor, people):
            return True
        asks = run.emergency or (run.wait is not None and run.wait.kind == "approval")
        asked = approval_of(engine, connection, run.id) if asks else None
        if asked is not None and may_decide(engine, connection, asked, me.actor):
            return True
        # Whoever answered may see what came of it.
        return any(people.identity(name) in mine for name in deciders_of(engine.ledger, connection, run.id))

    return [run for run in runs if sees(run)]


def check_visible(site: Site, connection: Connection, request: Request) -> RunView:
    """The run that the address names; raises NoRun for one that is not there, or not for this reader."""
    run = run_view(connection, request.path_params["run"])
    if not visible(site, connection, request, [run]):
        raise NoRun(run.id)
    return run


def may_ask_for(site: Site, connection: Connection, request: Request, runbook: Runbook) -> bool:
    """Whether the reader may start a runbook."""
    me = signed_in(request)
    engine = site.installation.engine()
    return me is None or may_start(runbook, me, engine.directory(connection).people, engine.today())
