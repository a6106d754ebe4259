"""The pages on a real database, without a server: Starlette's client calls the application."""

import anyio
import httpx
import pytest

from fixtures_mail import mail, mail_server
from fixtures_prefect import make_place
from fixtures_runs import ALICE
from temanashi.orchestration.submitting import NotReachable
from temanashi.pages import Links, Site, build_pages
from temanashi.pages.identity import SIGNED_IN
from temanashi.people import Actor
from temanashi.runs.advancing import advance
from temanashi.runs.requests import RunRequest, request_run
from temanashi.signin.recognising import SignedIn
from temanashi.signin.rights import rights_of
from temanashi.workspace.opening import open_installation
from temanashi.workspace.publishing import current_version

__all__ = ["Calls", "Seen", "Visitor", "mail", "mail_server"]


class Seen:
    """What the pages asked Prefect for; `last_seen` and `broken` are what it answers."""

    def __init__(self):
        self.woken, self.last_seen, self.broken = [], None, False
        self.submitted, self.refused = [], ""
        self.queue = {}

    def wake(self, run):
        if self.broken:
            raise ConnectionError("no server")
        self.woken.append(run.id)

    def submit(self, runbook, inputs, actor, about):
        if self.broken:
            raise NotReachable("http://127.0.0.1:1/api", "refused")
        self.submitted.append((runbook, inputs, actor.name, about))
        return f"00000000-0000-0000-0000-{len(self.submitted):012}"

    def queued(self, user):
        if self.broken:
            raise ConnectionError("no server")
        return self.queue.get(user, ())

    def worker_seen(self):
        if self.broken:
            raise ConnectionError("no server")
        return self.last_seen


class Calls:
    """Requests to an application that is mounted under `/tema`, one event loop each."""

    def __init__(self, app):
        self.me = None

        async def recognised(scope, receive, send):
            await app({**scope, SIGNED_IN: self.me} if self.me is not None else scope, receive, send)

        self.app = recognised
        self._transport = httpx.ASGITransport(app=recognised, root_path="/tema")

    def request(self, method, path, *, headers=None, **more):
        async def call():
            given = {"accept-language": "", **(headers or {})}
            async with httpx.AsyncClient(transport=self._transport, base_url="http://testserver") as client:
                return await client.request(method, f"/tema{path}", headers=given, **more)

        return anyio.run(call)

    def get(self, path, **more):
        return self.request("GET", path, **more)

    def post(self, path, **more):
        return self.request("POST", path, **more)


class Visitor:
    """A browser, and the installation behind the pages."""

    def __init__(self, place, opened, seen):
        self.place, self.opened, self.seen = place, opened, seen
        self.engine = opened.engine()
        self.links = links = Links(
            wake=seen.wake,
            worker_seen=seen.worker_seen,
            submit=seen.submit,
            refusal=lambda _: seen.refused,
            flow_run=lambda flow_run: f"/v2/runs/flow-run/{flow_run}",
            start="/v2/deployments",
            queued=seen.queued,
        )
        self.site = Site(installation=opened, links=links)
        self.pages = build_pages(self.site)
        self.http = Calls(self.pages)

    def get(self, path, **more):
        return self.http.get(path, **more)

    def sign_in(self, user, *roles):
        """From now on the gate says that this person is there."""
        with self.opened.database.reading() as connection:
            people = self.engine.directory(connection).people
        actor = Actor(name=people.name(user), assurance="verified", account=user)
        self.http.me = SignedIn(user=user, actor=actor, roles=frozenset(roles), rights=rights_of(roles))
        return actor

    def send(self, run, **form):
        headers = form.pop("headers", {"origin": "http://testserver"})
        return self.http.post(f"/runs/{run}", data=form, headers=headers)

    def run(self, name, *, through=True, **more):
        with self.opened.database.reading() as connection:
            published = current_version(connection, kinds=self.engine.kinds)
        asked = {
            "runbook": published.runbooks[name],
            "workspace_version": published.digest,
            "inventory": published.inventory,
            "inputs": {},
            "actor": ALICE,
            "channel": "cli",
        }
        made = request_run(self.engine, RunRequest(**asked | more))
        if through:
            advance(self.engine, made)
        return made


@pytest.fixture
def place(tmp_path):
    place = make_place(tmp_path)
    place.runbook(
        "count-cash",
        {"id": "count", "manual": {"text": {"ja": "数えてください。<b>", "en": "Count.<b>"}, "minutes": 10, "expires_hours": 8}},
        {"id": "after", "title": {"ja": "後始末", "en": "Afterwards"}, "command": {"run": ["echo", "ok"]}},
        parameters=[{"name": "branch", "type": "string", "title": {"ja": "支店", "en": "Branch"}, "default": "tokyo"}],
    )
    place.runbook("full-disk", {"id": "disk", "checks": [{"id": "root", "kind": "disk", "path": "/", "crit": "0"}]})
    return place


@pytest.fixture
def seen():
    return Seen()


@pytest.fixture
def empty(place, seen):
    with open_installation(place.root) as opened:
        yield Visitor(place, opened, seen)


@pytest.fixture
def visitor(empty):
    empty.place.publish()
    return empty
