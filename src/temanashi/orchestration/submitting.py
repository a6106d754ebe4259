"""Handing a run to the server and following it: what `tema run --submit` does. Plain HTTP, so that it need not import Prefect."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple
from uuid import uuid4

import httpx

from temanashi.clock import Clock, SystemClock
from temanashi.errors import InputError, ServerError
from temanashi.orchestration.environment import WATCH, api_url
from temanashi.orchestration.tags import ACTOR, AGAIN, BENEFICIARY, CHANNEL, IDENTITY, REASON, TICKET
from temanashi.people import Actor, Channel
from temanashi.redaction import one_line
from temanashi.settings import Settings
from temanashi.workspace.local_token import PERSONAL, bearer

__all__ = ["FlowRunGone", "Followed", "NotDeployed", "NotReachable", "ServerRefused", "ask_watch", "follow", "submit"]

TIMEOUT = 10.0
POLL_SECONDS = 0.3
FINAL = frozenset({"COMPLETED", "FAILED", "CRASHED", "CANCELLED"})
PAGE = 200
BUSY_ATTEMPTS, BUSY_SECONDS = 20, 0.25


class NotReachable(ServerError):
    """Nothing of ours answers at the address of the server."""

    key = "orchestration.not-reachable"

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(url=url, reason=reason)


class NotDeployed(InputError):
    """The server knows no such runbook."""

    key = "orchestration.not-deployed"

    def __init__(self, runbook: str) -> None:
        super().__init__(runbook=runbook)


class ServerRefused(InputError):
    """The server refused the request; nothing was started."""

    key = "orchestration.server-refused"

    def __init__(self, runbook: str, reason: str) -> None:
        super().__init__(runbook=runbook, reason=reason)


class FlowRunGone(ServerError):
    """A flow run that was being followed is no longer there."""

    key = "orchestration.flow-run-gone"

    def __init__(self, flow_run: str) -> None:
        super().__init__(flow_run=flow_run)


class Followed(NamedTuple):
    """Something that happened to a flow run: a new state (`name`, `kind` of Prefect) or a line of its log."""

    what: Literal["state", "log"]
    at: datetime
    text: str
    name: str = ""
    kind: str = ""

    @property
    def final(self) -> bool:
        """Whether nothing more will happen."""
        return self.kind in FINAL

    @property
    def waiting(self) -> bool:
        """Whether a person has to answer first."""
        return self.kind == "PAUSED"


def submit(
    settings: Settings,
    runbook: str,
    inputs: Mapping[str, Any],
    *,
    actor: Actor,
    ticket: str = "",
    beneficiary: str = "",
    reason: str = "",
    identity_check: str = "",
    again: str = "",
    channel: Channel = "cli",
    checked: bool = False,
    headers: Mapping[str, str] | None = None,
) -> str:
    """The id of a new flow run of the runbook's deployment; raises NotReachable, NotDeployed and ServerRefused.

    `checked` says that `validate_inputs` took the inputs a moment ago: the form that Prefect has may list older choices.
    `headers` say who asks, where it is not this machine: then the gate judges the request, and writes it anew.
    """
    more = ((TICKET, ticket), (BENEFICIARY, beneficiary), (REASON, reason), (IDENTITY, identity_check), (AGAIN, again))
    tags = [f"{ACTOR}{actor.name}", f"{CHANNEL}{channel}", *(f"{prefix}{one_line(text)}" for prefix, text in more if text)]
    personal = headers is None and bool(os.environ.get(PERSONAL))
    with _client(settings, headers) as client:
        found = _call(client, "GET", f"/deployments/name/{runbook}/{runbook}")
        if found.status_code == httpx.codes.NOT_FOUND:
            raise NotDeployed(runbook)
        body: dict[str, Any] = {
            "parameters": dict(inputs),
            "tags": tags,
            "state": {"type": "SCHEDULED"},
        }
        if not personal:
            body["idempotency_key"] = str(uuid4())
        if checked and not personal:
            body["enforce_parameter_schema"] = False
        answer = _call(client, "POST", f"/deployments/{found.json()['id']}/create_flow_run", json=body)
    if answer.is_error:
        raise ServerRefused(runbook, _detail(answer))
    return str(answer.json()["id"])


def ask_watch(settings: Settings, *, headers: Mapping[str, str] | None = None) -> None:
    """Have the watch run now: it wakes runs that were decided, and takes over what was published; raises NotReachable."""
    with _client(settings, headers) as client:
        found = _call(client, "GET", f"/deployments/name/{WATCH}/{WATCH}")
        if found.is_success:
            _call(client, "POST", f"/deployments/{found.json()['id']}/create_flow_run", json={"state": {"type": "SCHEDULED"}})


def follow(settings: Settings, flow_run: str, *, clock: Clock | None = None) -> Iterator[Followed]:
    """States and log lines as they come, until a final state or one that waits for a person; raises NotReachable, FlowRunGone."""
    clock = clock or SystemClock()
    seen: set[str] = set()
    last = ""
    with _client(settings) as client:
        while True:
            answer = _call(client, "GET", f"/flow_runs/{flow_run}")
            if answer.is_error:
                raise FlowRunGone(flow_run)
            state = answer.json().get("state") or {}
            yield from _lines(client, flow_run, seen)
            if state and state["id"] != last:
                last = state["id"]
                at = datetime.fromisoformat(state["timestamp"])
                yield (now := Followed("state", at, state.get("message") or "", state["name"], state["type"]))
                if now.final or now.waiting:
                    yield from _rest(client, flow_run, seen, clock)
                    return
            clock.sleep(POLL_SECONDS)


def _rest(client: httpx.Client, flow_run: str, seen: set[str], clock: Clock) -> Iterator[Followed]:
    """Logs travel behind the state, in batches of two seconds."""
    for _ in range(8):
        clock.sleep(POLL_SECONDS)
        yield from _lines(client, flow_run, seen)


def _lines(client: httpx.Client, flow_run: str, seen: set[str]) -> list[Followed]:
    """Lines that were not seen yet. Worker and run send theirs in batches, so that an older line may come after a newer one."""
    found: list[Followed] = []
    for offset in itertools.count(0, PAGE):
        body = {"logs": {"flow_run_id": {"any_": [flow_run]}}, "sort": "TIMESTAMP_ASC", "offset": offset, "limit": PAGE}
        answer = _call(client, "POST", "/logs/filter", json=body)
        rows = answer.json() if answer.is_success else []
        new = [row for row in rows if row["id"] not in seen]
        seen.update(row["id"] for row in new)
        found += [Followed("log", datetime.fromisoformat(row["timestamp"]), row["message"]) for row in new]
        if len(rows) < PAGE:
            break
    return found


def _client(settings: Settings, headers: Mapping[str, str] | None = None) -> httpx.Client:
    # A proxy of the environment must never see requests to this machine.
    given = bearer(settings) if headers is None else headers
    return httpx.Client(base_url=api_url(settings), timeout=TIMEOUT, trust_env=False, headers=dict(given))


def _call(client: httpx.Client, method: str, path: str, **options: Any) -> httpx.Response:
    for attempt in itertools.count(1):
        try:
            answer = client.request(method, path, **options)
        except httpx.HTTPError as error:
            raise NotReachable(str(client.base_url), str(error)) from error
        if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE or attempt == BUSY_ATTEMPTS:
            break
        time.sleep(BUSY_SECONDS)  # Prefect says so while another writer holds its SQLite database
    if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise NotReachable(str(client.base_url), f"HTTP {answer.status_code}")
    return answer


def _detail(answer: httpx.Response) -> str:
    try:
        said = answer.json()
    except ValueError:
        return answer.text[:300]
    return str(said.get("detail") or said.get("exception_detail") or said)[:300] if isinstance(said, dict) else str(said)[:300]
