"""Cancel, retry and Resume in Prefect's UI: done by our own rules under the name of who signed in, and only then passed on."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from temanashi.errors import InputError
from temanashi.orchestration.said_in_form import said_in_form
from temanashi.pages.site import Site
from temanashi.runs.approvals.faults import PlanChanged
from temanashi.runs.approvals.reading import approval_of
from temanashi.runs.decisions import decide
from temanashi.runs.reading import by_flow_run, waiting_under
from temanashi.runs.results import AlreadyEnded
from temanashi.runs.stopping import cancel
from temanashi.signin.recognising import SignedIn

__all__ = ["NotThisState", "decided", "state_for"]

CANCEL = {"CANCELLING": "Cancelling", "CANCELLED": "Cancelled"}
RETRY = "AwaitingRetry"


class NotThisState(InputError):
    """States are made by runs themselves; people cancel and retry. Data: state."""

    key = "gate.not-this-state"

    def __init__(self, state: str) -> None:
        super().__init__(state=state)


def state_for(site: Site, flow_run: str, body: Mapping[str, Any], me: SignedIn, *, own: bool) -> dict[str, Any] | None:
    """The body that goes on to Prefect, after our own record; None where it is not this person's to do. Raises NotThisState."""
    state = body.get("state")
    kind = state.get("type") if isinstance(state, dict) else None
    if isinstance(kind, str) and kind in CANCEL:
        if not (me.may("steer", "manage") or own):
            return None
        _cancel(site, flow_run, me)
        return {"state": {"type": kind, "name": CANCEL[kind], "message": me.actor.name}, "force": False}
    if isinstance(state, dict) and kind == "SCHEDULED" and state.get("name") == RETRY:
        if not me.may("steer", "manage"):
            return None
        return {"state": {"type": kind, "name": RETRY, "message": me.actor.name}, "force": False}
    raise NotThisState(str(kind)[:40])


def _cancel(site: Site, flow_run: str, me: SignedIn) -> None:
    """On our own record, under the person's name; a flow run that began no run of ours has none."""
    engine = site.installation.engine()
    with engine.database.reading() as connection:
        run = by_flow_run(connection, flow_run)
    if run is not None:
        with suppress(AlreadyEnded):
            cancel(engine, run, actor=me.actor, channel="form", reason="cancelled in Prefect")


def decided(site: Site, flow_run: str, keyset: Mapping[str, Any], body: Mapping[str, Any], me: SignedIn) -> bool:
    """Write what somebody says in Prefect's Resume form as our own decision; whether the flow run waits for one.

    `keyset` names the form: an answer to an earlier plan does not count for the one of now. Raises what keeps the person from
    deciding.
    """
    engine = site.engine()
    with engine.database.reading() as connection:
        run = waiting_under(connection, flow_run)
        if run is None:
            return False
        view = approval_of(engine, connection, run)
    given = body.get("run_input")
    said = said_in_form(given if isinstance(given, dict) else {})
    # Prefect puts the state's name before our own key: suspended-KEY-response.
    if view is not None and f"-{run}-{view.step}-{view.number}r" not in f"-{keyset.get('response', '')}":
        raise PlanChanged(run)
    decide(
        engine,
        run,
        actor=me.actor,
        channel="form",
        verdict=said.verdict,
        note=said.note,
        human_seconds=said.human_seconds,
        digest=view.digest if view is not None else "",
    )
    return True
