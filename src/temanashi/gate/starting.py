"""A request for a run through Prefect's API: judged by our own rules, and written anew from what may be said in it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from temanashi.errors import InputError
from temanashi.faq.masking import mask
from temanashi.gate.plain_values import unwrapped
from temanashi.orchestration.tags import AGAIN, BENEFICIARY, CHANNEL, IDENTITY, REASON, TICKET
from temanashi.pages.mine import is_mine
from temanashi.pages.site import Site
from temanashi.people import Channel, People
from temanashi.people.identity_check import check_identity
from temanashi.redaction import one_line
from temanashi.runbooks.calls import called_by
from temanashi.runbooks.inputs import validate_inputs
from temanashi.runbooks.model import Runbook
from temanashi.runs.approvals.requesting import check_request
from temanashi.runs.reading import run_view
from temanashi.runs.requests import RunRequest, offers_for, wish_of
from temanashi.runs.results import NoRun
from temanashi.runs.stopping import refuse_when_stopped
from temanashi.signin.recognising import SignedIn
from temanashi.workspace.first import runbook_named
from temanashi.workspace.permitted import may_start
from temanashi.workspace.publishing import NothingPublished, PublishedWorkspace

__all__ = ["ASKING", "ForbiddenField", "MayNotStart", "is_flow", "rebuilt"]

DANGEROUS = (
    "job_variables",
    "infrastructure_document_id",
    "parent_task_run_id",
    "context",
    "labels",
)
TAGS = (BENEFICIARY, TICKET, REASON, IDENTITY, AGAIN)
USUAL: Mapping[str, Callable[[Any], bool]] = {
    "work_queue_name": lambda given: given in {None, "", "default"} if isinstance(given, (str, type(None))) else False,
    "empirical_policy": lambda given: given is None or (isinstance(given, dict) and not any(given.values())),
}
"""What Prefect's own form fills in by itself; it is passed over, and anything else refused."""

NAME_LENGTH, TAG_LENGTH, MOST_TAGS = 100, 1000, 20


ASKING = "answer-question"
"""The flow with which staff ask the FAQ."""


class MayNotStart(InputError):
    """No role of the person and no `allow:` of the runbook lets them ask for this."""

    key = "gate.may-not-start"

    def __init__(self, runbook: str, actor: str) -> None:
        super().__init__(runbook=runbook, actor=actor)


class ForbiddenField(InputError):
    """A request for a run says how it is to be carried out, in what state it is, or whose it is. Data: field."""

    key = "gate.forbidden-field"

    def __init__(self, field: str) -> None:
        super().__init__(field=field)


def rebuilt(site: Site, runbook: str, body: Mapping[str, Any], me: SignedIn) -> dict[str, Any]:
    """The request as it goes on to Prefect. Raises MayNotStart, ForbiddenField, BadInputs, RunsStopped and what permits raise."""
    _check_fields(body)
    tags = [*_tags(body.get("tags")), f"{CHANNEL}{_channel(me)}"]
    with site.installation.database.reading() as connection:
        published = site.published(connection)
        if published is None:
            raise NothingPublished
        if runbook not in published.runbooks and is_flow(published.flows, runbook):
            return _for_flow(runbook, body, tags, me)
        found = runbook_named(published, runbook)
        engine = site.installation.engine()
        people = engine.directory(connection).people
        if not may_start(found, me, people, engine.today()):
            raise MayNotStart(runbook, me.actor.name)
        refuse_when_stopped(connection)
        asked = _asked(published, found, body, tags, me)
        check_request(engine, connection, wish_of(asked))
        check_identity(people, asked.beneficiary, asked.identity_check)
        _check_again(connection, asked, me, people)
    inputs = validate_inputs(found, asked.inputs, offers=offers_for(engine, asked))
    given = {name: value for name, value in inputs.items() if value is not None}
    # Our check took them a moment ago; the form that Prefect keeps may list older choices.
    return {**_common(body, tags), "parameters": given, "enforce_parameter_schema": False}


def _check_again(connection: Connection, asked: RunRequest, me: SignedIn, people: People) -> None:
    """Approvers are told what changed since the earlier run: it is one of this runbook, and one that the person may see."""
    if not asked.again:
        return
    try:
        earlier = run_view(connection, asked.again)
    except NoRun as error:
        raise ForbiddenField("tags") from error
    if earlier.runbook != asked.runbook.id or not (me.may("see-all") or is_mine(earlier, me.actor, people)):
        raise ForbiddenField("tags")


def _for_flow(name: str, body: Mapping[str, Any], tags: list[str], me: SignedIn) -> dict[str, Any]:
    """A flow in Python composes runbooks, each of which asks by itself who may; its own parameters are Prefect's to check."""
    if not (me.may("start") or (name == ASKING and me.may("ask"))):
        raise MayNotStart(name, me.actor.name)
    given = _parameters(body)
    if name == ASKING:
        # Before Prefect stores it: what somebody types there may hold a password.
        given = {key: mask(value).text if isinstance(value, str) else value for key, value in given.items()}
    return {**_common(body, tags), "parameters": given, "enforce_parameter_schema": True}


def is_flow(flows: Collection[str], name: str) -> bool:
    """Whether a deployment is of a flow file: `a_b.py` has `a-b`, and `a-b-c` where its function is `c`."""
    return any(name == bare or name.startswith(f"{bare}-") for bare in (stem.replace("_", "-") for stem in flows))


def _asked(published: PublishedWorkspace, runbook: Runbook, body: Mapping[str, Any], tags: list[str], me: SignedIn) -> RunRequest:
    def about(prefix: str) -> str:
        return next((tag.removeprefix(prefix) for tag in tags if tag.startswith(prefix)), "")

    return RunRequest(
        runbook=runbook,
        workspace_version=published.digest,
        inventory=published.inventory,
        inputs=_parameters(body),
        actor=me.actor,
        channel=_channel(me),
        called=called_by(runbook, published.runbooks),
        beneficiary=about(BENEFICIARY),
        ticket=about(TICKET),
        reason=about(REASON),
        identity_check=about(IDENTITY),
        again=about(AGAIN),
    )


def _channel(me: SignedIn) -> Channel:
    return "api" if me.by_token else "form"


def _check_fields(body: Mapping[str, Any]) -> None:
    for field, usual in USUAL.items():
        if not usual(body.get(field)):
            raise ForbiddenField(field)
    for field in DANGEROUS:
        if body.get(field) not in (None, {}, [], ""):
            raise ForbiddenField(field)
    if body.get("enforce_parameter_schema") is False:
        raise ForbiddenField("enforce_parameter_schema")
    state = body.get("state")
    if state is None:
        return
    if not isinstance(state, dict) or state.get("type") not in {None, "SCHEDULED"} or state.get("data") is not None:
        raise ForbiddenField("state")
    details = state.get("state_details") or {}
    if not isinstance(details, dict) or any(
        value not in (None, {}, False) for name, value in details.items() if name != "scheduled_time"
    ):
        raise ForbiddenField("state.state_details")


def _common(body: Mapping[str, Any], tags: list[str]) -> dict[str, Any]:
    state: dict[str, Any] = {"type": "SCHEDULED"}
    details = (body.get("state") or {}).get("state_details") or {}
    if moment := details.get("scheduled_time"):
        state["state_details"] = {"scheduled_time": _moment(moment)}
    made: dict[str, Any] = {"state": state, "tags": tags}
    if isinstance(body.get("name"), str) and body["name"].strip():
        made["name"] = one_line(body["name"])[:NAME_LENGTH]
    if isinstance(body.get("idempotency_key"), str):
        raise ForbiddenField("idempotency_key")  # the run of somebody else would be given for it
    return made


def _moment(text: Any) -> str:
    try:
        return datetime.fromisoformat(str(text)).isoformat()
    except ValueError as error:
        raise ForbiddenField("state.state_details.scheduled_time") from error


def _parameters(body: Mapping[str, Any]) -> dict[str, Any]:
    given = {} if body.get("parameters") is None else body["parameters"]
    if not isinstance(given, dict):
        raise ForbiddenField("parameters")
    try:
        return {str(name): plain for name, value in given.items() if (plain := unwrapped(value)) is not None}
    except ValueError as error:
        raise ForbiddenField("parameters") from error


def _tags(given: Any) -> list[str]:
    """For whom, for which ticket and why; who asked, and how, is not said by tags."""
    if given is None:
        return []
    if (
        not isinstance(given, list)
        or len(given) > MOST_TAGS
        or not all(isinstance(tag, str) and len(tag) <= TAG_LENGTH for tag in given)
    ):
        raise ForbiddenField("tags")
    return [one_line(tag) for tag in given if tag.startswith(TAGS)]
