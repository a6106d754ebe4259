"""A gate where people sign in: one user of every role, and the ways in which they call it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from fixtures_prefect import Place, gate_running, make_place, prefect_settings
from temanashi.people import ROLES, Actor
from temanashi.runbooks.kinds import step_kinds
from temanashi.runs.requests import RunRequest, request_run
from temanashi.signin.tokens import make_token
from temanashi.signin.users import add_user
from temanashi.workspace.first_admin import book_of
from temanashi.workspace.live import live_directory
from temanashi.workspace.local_token import local_token
from temanashi.workspace.opening import Installation, open_installation
from temanashi.workspace.publishing import current_version

__all__ = ["NOBODY", "PASSWORD", "House", "guarded"]

PASSWORD = "four short words here"
NOBODY = "nobody"
USERS = {**{role: (role,) for role in ROLES}, "staff2": ("staff",), "roleless": ()}
SETUP = Actor(name="setup", kind="system")


class House:
    """The gate, its users' sessions, and what lies behind it."""

    def __init__(self, place: Place, opened: Installation) -> None:
        self.place, self.opened = place, opened
        self.url = f"http://127.0.0.1:{place.settings.port}"
        self.own = {"origin": self.url, "sec-fetch-site": "same-origin"}
        self._clients: dict[str, httpx.Client] = {}
        self._every: list[httpx.Client] = []
        self.deployments: dict[str, str] = {}

    def client(self, user: str = NOBODY) -> httpx.Client:
        """A browser of this user, signed in; of nobody, one that is not."""
        if user not in self._clients:
            client = self._made(self.own)
            if user != NOBODY:
                form = {"name": user, "password": PASSWORD, "next": "/tema/me"}
                answer = client.post("/tema/sign-in", data=form)
                assert (answer.status_code, answer.headers["location"]) == (303, "/tema/me"), answer.text
            self._clients[user] = client
        return self._clients[user]

    def fresh(self, user: str = NOBODY) -> httpx.Client:
        """The same, in a browser of its own."""
        kept = self._clients.pop(user, None)
        found = self.client(user)
        del self._clients[user]
        if kept is not None:
            self._clients[user] = kept
        return found

    def bearer(self, token: str) -> httpx.Client:
        """A program with a token."""
        return self._made({"authorization": f"Bearer {token}"})

    @property
    def worker(self) -> httpx.Client:
        """The worker's way in."""
        if "" not in self._clients:
            self._clients[""] = self.bearer(local_token(self.place.settings))
        return self._clients[""]

    def _made(self, headers: dict[str, str]) -> httpx.Client:
        client = httpx.Client(base_url=self.url, trust_env=False, timeout=30, headers=headers)
        self._every.append(client)
        return client

    def token(self, user: str, *scopes: str) -> str:
        """A new token of a user."""
        with self.opened.database.transaction() as connection:
            more: Any = {"user": user, "scopes": scopes, "until": None, "actor": SETUP, "channel": "cli"}
            return make_token(book_of(self.opened), connection, "test", **more)[1]

    def begin(self, user: str, runbook: str, **inputs: Any) -> dict[str, Any]:
        """A flow run, asked for through Prefect's API as its form does."""
        path = f"/api/deployments/{self.deployments[runbook]}/create_flow_run"
        answer = self.client(user).post(path, json={"parameters": inputs, "state": {"type": "SCHEDULED"}})
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def asked(self, user: str, runbook: str, **more: Any) -> str:
        """A run of ours that somebody verified asked for, carried forward to where it ends or waits."""
        from temanashi.runs.advancing import advance

        engine = self.opened.engine()
        with self.opened.database.reading() as connection:
            published = current_version(connection, kinds=step_kinds())
        assert published is not None
        actor = Actor(name=user, assurance="verified", account=user)
        fields: Any = {"inputs": {}, "actor": actor, "channel": "page", "flow_run": str(uuid4())} | more
        request = RunRequest(
            runbook=published.runbooks[runbook], workspace_version=published.digest, inventory=published.inventory, **fields
        )
        run = request_run(engine, request)
        advance(engine, run)
        return run

    def noted(self) -> list[dict[str, Any]]:
        """What the ledger notes, the oldest first."""
        with self.opened.database.reading() as connection:
            records = self.opened.ledger.records(connection, kinds=("noted", "decision"))
            return [
                {"actor": r.draft.actor, "outcome": r.draft.outcome, "assurance": r.draft.assurance, **r.draft.body}
                for r in records
            ]

    def close(self) -> None:
        for client in self._every:
            client.close()


def _workspace(root: Path) -> Place:
    place = make_place(root, sign_in=True)
    echo = {"id": "go", "command": {"run": ["echo", "{{ params.word }}"]}}
    word = [{"name": "word", "type": "string", "title": {"ja": "言葉", "en": "Word"}, "default": "ok"}]
    place.runbook("for-all", echo, parameters=word)
    place.runbook("for-staff", echo, parameters=word, allow=["staff", "staff2"])
    place.runbook("for-others", echo, parameters=word, allow=["operator"])
    place.runbook("to-approve", echo, parameters=word, approve="group:leads", allow=["staff", "operator", "approver", "admin"])
    place.runbook(
        "by-hand", {"id": "hand", "manual": {"text": {"ja": "数えます。", "en": "Count."}, "minutes": 1}}, allow=["staff"]
    )
    people = {
        "people": {user: {"name": user} for user in USERS if user != "roleless"},
        "groups": {"leads": ["approver", "admin", "operator", "staff"]},
    }
    (root / "runbooks" / "site").mkdir(parents=True)
    (root / "runbooks" / "site" / "people.yaml").write_text(json.dumps(people), encoding="utf-8")
    place.publish()
    return place


def _users(opened: Installation) -> None:
    with opened.database.transaction() as connection:
        people = live_directory(connection).people
        for user, roles in USERS.items():
            more: Any = {"password": PASSWORD, "people": people, "actor": SETUP, "channel": "cli", "roles": roles}
            add_user(book_of(opened), connection, user, one_time=False, **more)


def _deployed(place: Place, opened: Installation) -> dict[str, str]:
    from prefect.client.orchestration import get_client

    from temanashi.orchestration.deployments import ensure_pool, sync_deployments

    with prefect_settings(place.settings), get_client(sync_client=True) as client:
        ensure_pool(client)
        with opened.database.reading() as connection:
            published = current_version(connection, kinds=step_kinds())
        sync_deployments(client, place.settings, published, now=opened.clock.now())
        return {found.name: str(found.id) for found in client.read_deployments()}


@contextmanager
def guarded(root: Path) -> Iterator[House]:
    """The gate, for as long as the block lasts. No worker: nothing is carried out."""
    place = _workspace(root)
    with open_installation(root) as opened:
        _users(opened)
        with gate_running(place.settings):
            house = House(place, opened)
            try:
                house.deployments = _deployed(place, opened)
                yield house
            finally:
                house.close()
