"""How a request goes on whose sender may not make it as it is: rebuilt, narrowed to their own, or refused with words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from temanashi.errors import InputError, RunError, TemanashiError
from temanashi.gate.exchange import TooLong, look_at, read_object, saying
from temanashi.gate.own_runs import OwnRuns
from temanashi.gate.plain_values import is_plain
from temanashi.gate.recognition import Recognition
from temanashi.gate.refusing import refuse
from temanashi.gate.rules import Rule
from temanashi.gate.starting import ASKING, is_flow, rebuilt
from temanashi.gate.steering import decided, state_for
from temanashi.pages.site import Site
from temanashi.signin.recognising import SignedIn
from temanashi.text import LANGUAGES, explain
from temanashi.workspace.permitted import permitted

__all__ = ["Narrowing"]

LOOKS = ("show_promotional_content", "v2_enabled", "enabled")


class Narrowing:
    """One method a treatment of the table."""

    def __init__(self, site: Site, recognition: Recognition) -> None:
        self._site, self._recognition, self._own = site, recognition, OwnRuns()

    async def __call__(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, rule: Rule, me: SignedIn) -> None:
        """Pass the request on as its sender may make it."""
        try:
            await self._treated(app, scope, receive, send, rule, me)
        except TooLong:
            await refuse(scope, receive, send, key="gate.too-long", status=413)
        except TemanashiError as error:
            status = 409 if isinstance(error, (InputError, RunError)) else 503
            sentences = [
                " ".join(part for part in (told.what, told.next) if part) for told in (explain(error, x) for x in LANGUAGES)
            ]
            await JSONResponse({"detail": " / ".join(sentences)}, status_code=status)(scope, receive, send)

    async def _treated(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, rule: Rule, me: SignedIn) -> None:
        if rule.treatment in {"named", "named-one"}:
            names = await run_in_threadpool(self._permitted, me)
            narrow = self._own.named if rule.treatment == "named" else self._own.named_one
            await narrow(app, scope, receive, send, names)
            return
        if rule.treatment == "nothing":
            await JSONResponse([])(scope, receive, send)
            return
        if rule.treatment == "looks":
            settings = await look_at(app, scope, "/api/admin/settings")
            shown = {name: settings["server"]["ui"][name] for name in LOOKS} if isinstance(settings, dict) else {}
            await JSONResponse({"server": {"ui": shown}})(scope, receive, send)
            return
        own = self._own
        ways = {
            "runs": own.runs,
            "run": own.run,
            "run-child": own.child,
            "run-query": own.by_query,
            "run-ids": own.by_ids,
            "logs": own.logs,
        }
        ways |= {"start": self._start, "state": self._state, "resume": self._resume}
        await ways[rule.treatment](app, scope, receive, send, me)

    def _permitted(self, me: SignedIn) -> frozenset[str]:
        installation = self._site.installation
        with installation.database.reading() as connection:
            published = self._site.published(connection)
            people = self._recognition.people(connection)
        today = installation.clock.now().astimezone(installation.settings.zone).date()
        if published is None:
            return frozenset()
        asks = {ASKING} if me.may("ask") and is_flow(published.flows, ASKING) else set()
        return permitted(published.runbooks, me, people, today) | asks

    async def _body(self, scope: Scope, receive: Receive, send: Send) -> dict[str, Any] | None:
        """The body, plain; None where it was refused."""
        body = await read_object(receive)
        if body is None:
            await refuse(scope, receive, send, key="gate.not-understood", status=422)
            return None
        if not is_plain(body):
            await refuse(scope, receive, send, key="gate.not-plain", status=409)
            return None
        return body

    async def _start(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, me: SignedIn) -> None:
        body = await self._body(scope, receive, send)
        if body is None:
            return
        deployment = await look_at(app, scope, f"/api/deployments/{scope['path'].split('/')[3]}")
        name = deployment.get("name") if isinstance(deployment, dict) else None
        if not isinstance(name, str):
            await refuse(scope, receive, send, key="gate.not-there", status=404)
            return
        fresh = await run_in_threadpool(rebuilt, self._site, name, body, me)
        await app(*saying(scope, fresh, receive), send)

    async def _state(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, me: SignedIn) -> None:
        body = await self._body(scope, receive, send)
        if body is None:
            return
        flow_run = scope["path"].split("/")[3]
        own = await self._own.is_own(app, scope, flow_run, me)
        if not own and not me.may("see-all"):
            await refuse(scope, receive, send, key="gate.not-there", status=404)
            return
        fresh = await run_in_threadpool(state_for, self._site, flow_run, body, me, own=own)
        if fresh is None:
            await refuse(scope, receive, send, key="gate.not-permitted")
            return
        await app(*saying(scope, fresh, receive), send)

    async def _resume(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, me: SignedIn) -> None:
        body = await self._body(scope, receive, send)
        if body is None:
            return
        flow_run = scope["path"].split("/")[3]
        found = await look_at(app, scope, f"/api/flow_runs/{flow_run}")
        if not isinstance(found, dict):
            await refuse(scope, receive, send, key="gate.not-there", status=404)
            return
        if not await run_in_threadpool(decided, self._site, flow_run, _keyset(found), body, me):
            await refuse(scope, receive, send, key="gate.waits-for-nothing", status=409)
            return
        given = {name: value for name, value in (body.get("run_input") or {}).items() if name in {"answer", "note", "minutes"}}
        await app(*saying(scope, {"run_input": given}, receive), send)


def _keyset(flow_run: Mapping[str, Any]) -> Mapping[str, Any]:
    details = (flow_run.get("state") or {}).get("state_details") or {}
    found = details.get("run_input_keyset")
    return found if isinstance(found, dict) else {}
