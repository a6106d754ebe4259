"""What of Prefect somebody sees who may see only their own: lists are narrowed beforehand, single things are looked at."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from starlette.types import ASGIApp, Receive, Scope, Send

from temanashi.gate.exchange import hear, look_at, read_object, saying, send_on
from temanashi.gate.refusing import refuse
from temanashi.signin.recognising import SignedIn

__all__ = ["OwnRuns"]

MOST_KEPT = 5000
MOST_NAMED = 50
MOST_COUNTED = 200
LISTING = ("sort", "limit", "offset", "page")
NAMED_FILTERS = ("flows", "deployments")
LOG_FILTERS = ("level", "timestamp", "text")


class OwnRuns:
    """Narrows requests to what is one's own. Who asked for a flow run never changes, so it is kept."""

    def __init__(self) -> None:
        self._creators: OrderedDict[str, str] = OrderedDict()

    async def is_own(self, app: ASGIApp, scope: Scope, flow_run: Any, me: SignedIn) -> bool:
        """Whether this person asked for a flow run."""
        try:
            ident = str(UUID(str(flow_run)))
        except ValueError:
            return False
        if ident not in self._creators:
            found = await look_at(app, scope, f"/api/flow_runs/{ident}")
            if not isinstance(found, dict):
                return False
            creator = found.get("created_by") or {}
            self._creators[ident] = str(creator.get("id")) if creator.get("type") == "USER" else ""
            if len(self._creators) > MOST_KEPT:
                self._creators.popitem(last=False)
        return self._creators[ident] == str(me.uuid)

    async def runs(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, me: SignedIn) -> None:
        """A list of runs, or of what belongs to runs: of one's own."""
        body = await read_object(receive)
        given = (body or {}).get("flow_runs")
        if body is None or not isinstance(given, (dict, type(None))):
            return await refuse(scope, receive, send, key="gate.not-understood", status=422)
        own = {**(given or {}), "operator": "and_", "created_by": {"id_": [str(me.uuid)]}}
        return await app(*saying(scope, {**body, "flow_runs": own}, receive), send)

    async def named(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, permitted: Collection[str]) -> None:
        """A list of flows or deployments: of those that one may start. Other filters could tell of others' runs."""
        body = await read_object(receive)
        what = scope["path"].split("/")[2]
        kept = {name: value for name, value in (body or {}).items() if name in (*LISTING, *NAMED_FILTERS) and value is not None}
        given = kept.get(what, {})
        if body is None or not isinstance(given, dict) or not isinstance(given.get("name") or {}, dict):
            return await refuse(scope, receive, send, key="gate.not-understood", status=422)
        name = {**(given.get("name") or {})}
        wanted = name.get("any_")
        names = sorted(permitted if not isinstance(wanted, list) else {n for n in wanted if n in permitted})
        kept[what] = {**given, "operator": "and_", "name": {**name, "any_": names or [""]}}
        return await app(*saying(scope, kept, receive), send)

    async def named_one(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, permitted: Collection[str]) -> None:
        """One flow or deployment: nothing is said of one that is not one's to start."""
        heard = await hear(app, scope, receive)
        data = heard.data
        if heard.status == 200 and not (isinstance(data, dict) and data.get("name") in permitted):  # noqa: PLR2004  (OK)
            return await refuse(scope, receive, send, key="gate.not-there", status=404)
        return await send_on(heard, send)

    async def run(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, me: SignedIn) -> None:
        """Something of one flow run, which the address names."""
        if not await self.is_own(app, scope, scope["path"].split("/")[3], me):
            return await refuse(scope, receive, send, key="gate.not-there", status=404)
        return await app(scope, receive, send)

    async def child(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, me: SignedIn) -> None:
        """A task run or an artifact: of one's own flow run."""
        heard = await hear(app, scope, receive)
        data = heard.data
        if heard.status == 200:  # noqa: PLR2004  (OK)
            flow_run = data.get("flow_run_id") if isinstance(data, dict) else None
            if flow_run is None or not await self.is_own(app, scope, flow_run, me):
                return await refuse(scope, receive, send, key="gate.not-there", status=404)
        return await send_on(heard, send)

    async def by_query(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, me: SignedIn) -> None:
        """States of the flow run that the query names."""
        named = parse_qs(scope["query_string"].decode("latin-1")).get("flow_run_id", [])
        if len(named) != 1 or not await self.is_own(app, scope, named[0], me):
            return await refuse(scope, receive, send, key="gate.not-there", status=404)
        return await app(scope, receive, send)

    async def by_ids(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, me: SignedIn) -> None:
        """Numbers of each flow run that the body names: of one's own, and none of the others."""
        body = await read_object(receive) or {}
        named = body.get("flow_run_ids")
        if not isinstance(named, list) or len(named) > MOST_COUNTED:
            return await refuse(scope, receive, send, key="gate.not-understood", status=422)
        own = [flow_run for flow_run in named if await self.is_own(app, scope, flow_run, me)]
        return await app(*saying(scope, {"flow_run_ids": own}, receive), send)

    async def logs(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, me: SignedIn) -> None:
        """Log lines of one's own flow runs, each of which the filter must name."""
        body = await read_object(receive) or {}
        given = _object(body.get("logs"))
        flow_runs = _object(given.get("flow_run_id")).get("any_")
        if not isinstance(flow_runs, list) or not 0 < len(flow_runs) <= MOST_NAMED:
            return await refuse(scope, receive, send, key="gate.not-there", status=404)
        for flow_run in flow_runs:
            if not await self.is_own(app, scope, flow_run, me):
                return await refuse(scope, receive, send, key="gate.not-there", status=404)
        own = {name: given[name] for name in LOG_FILTERS if name in given} | {
            "flow_run_id": {"any_": flow_runs},
            "operator": "and_",
        }
        kept = {name: body[name] for name in LISTING if name in body}
        return await app(*saying(scope, {**kept, "logs": own}, receive), send)


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
