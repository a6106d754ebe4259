"""A real SCIM server that is not ours, and a gate before it that writes down what is asked and answers otherwise when told to."""

from __future__ import annotations

import json
import os
import secrets
import ssl
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from fixtures_clock import StoppedClock
from fixtures_up import free_port, until
from temanashi.accounts.directories.scim import KIND
from temanashi.accounts.directory import Reached
from temanashi.accounts.model import Scope
from temanashi.accounts.wishes import Wish

__all__ = ["TOKEN", "Asked", "Gate", "Reply", "Service", "scim_gate", "scim_plain", "scim_plain_gate", "scim_server"]

TOKEN = "tok-" + "Zq7" * 12
CORE = "urn:ietf:params:scim:schemas:core:2.0:"


@dataclass
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Reply:
    """`raw` goes out as it is; a dict as JSON. `cut`: fewer bytes than promised. `hang`: the connection ends without an answer."""

    status: int = 200
    raw: Any = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    hang: bool = False


Way = Callable[[Asked, Callable[[], Reply]], Reply | None]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """A client that gave up is no error."""


class Gate:
    """A server on loopback; `ways` are asked in turn, and the first that gives a reply answers. Else the real server does."""

    def __init__(self, real: str = "", *, tls: ssl.SSLContext | None = None) -> None:
        self.real, self.asked, self.ways = real, list[Asked](), list[Way]()
        gate = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                asked = Asked(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body)
                gate.asked.append(asked)
                reply = None
                for way in list(gate.ways):
                    reply = way(asked, lambda: gate.forward(asked))
                    if reply is not None:
                        break
                self.reply(reply or gate.forward(asked))

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815

            def reply(self, reply: Reply) -> None:
                if reply.hang:
                    self.close_connection = True
                    return
                raw = reply.raw if isinstance(reply.raw, bytes) else json.dumps(reply.raw).encode()
                self.send_response(reply.status)
                if not isinstance(reply.raw, bytes):
                    self.send_header("Content-Type", "application/scim+json")
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(raw) + (10 if reply.cut else 0)))
                self.end_headers()
                self.wfile.write(raw)
                self.close_connection = reply.cut

            def log_message(self, *_: Any) -> None:
                pass

        self.server = _Server(("127.0.0.1", 0), Handler)
        if tls is not None:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def forward(self, asked: Asked) -> Reply:
        kept = ("authorization", "content-type", "if-match", "accept")
        request = urllib.request.Request(
            self.real + asked.path,
            method=asked.method,
            data=asked.body or None,
            headers={name: asked.headers[name] for name in kept if name in asked.headers},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=20) as answer:
                return Reply(answer.status, answer.read(), _shown(answer.headers))
        except urllib.error.HTTPError as error:
            with error:
                return Reply(error.code, error.read(), _shown(error.headers))

    def sent(self, *methods: str) -> list[Asked]:
        return [one for one in self.asked if one.method in methods]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(10)


def _shown(headers: Any) -> dict[str, str]:
    return {name: headers[name] for name in ("Content-Type", "ETag", "Location", "Retry-After") if headers[name]}


@dataclass
class Service:
    """One service of a test: nobody else's users are there. `done(do, login, ...)` reads, plans and applies as an engine would."""

    gate: Gate
    base: str
    clock: Any
    settings: dict[str, Any] = field(default_factory=dict)
    token: str = TOKEN
    timeout: float = 20
    root: Path = Path()

    def __call__(self, **settings: Any) -> Any:
        given = KIND.settings.model_validate({"url": self.base, "token": "env:SCIM_TOKEN", **self.settings, **settings})
        return KIND.open(
            Reached(
                where="saas",
                timeout=self.timeout,
                clock=self.clock,
                settings=given,
                secrets=lambda ref: {"env:SCIM_TOKEN": self.token}[ref],
                root=self.root,
            )
        )

    def done(self, do: str, login: str, directory: Any = None, **more: Any) -> tuple[list[str], Any]:
        directory = directory or self()
        wish = Wish(do=do, login=login, **more)
        seen = directory.read(Scope(logins=(login,)))
        changes = directory.plan(wish, seen)
        after = directory.apply(wish, changes, seen, secret=None) if changes else seen
        return [one.field for one in changes], after.account(login)

    def raw(self, method: str, path: str, body: Any = None) -> Any:
        """What somebody else does at the service, or looks up there."""
        headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/scim+json"}
        path = self.base.removeprefix(self.gate.url) + path
        reply = self.gate.forward(Asked(method, path, headers, b"" if body is None else json.dumps(body).encode()))
        return json.loads(reply.raw) if reply.raw else None

    def user(self, user_name: str, **more: Any) -> str:
        return self.raw("POST", "/Users", {"schemas": [CORE + "User"], "userName": user_name, **more})["id"]

    def group(self, name: str, *members: str, groups: tuple[str, ...] = ()) -> str:
        listed = [{"value": one, "type": "User"} for one in members] + [{"value": one, "type": "Group"} for one in groups]
        return self.raw("POST", "/Groups", {"schemas": [CORE + "Group"], "displayName": name, "members": listed})["id"]

    def members(self, group: str) -> set[str]:
        return {one["value"] for one in self.raw("GET", f"/Groups/{group}").get("members", [])}


@contextmanager
def _server(folder: Path, *options: str) -> Iterator[str]:
    port = free_port()
    code = "from scim2_server.testserver.cli import main; main()"
    words = ["--port", str(port), "--bearer-token", TOKEN, "--dynamic-tenants", *options]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-c", code, *words], stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}"

        def ready() -> bool:
            assert process.poll() is None, (folder / "log").read_text()
            return "Serving SCIM" in (folder / "log").read_text()

        until(ready, seconds=60, what="scim2-server", pause=0.02)
        yield url
    finally:
        process.terminate()
        process.wait(20)


def _present() -> None:
    try:
        import scim2_server  # noqa: F401
    except ImportError:
        reason = "scim2-server is not installed (dependency group dev)"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)


@pytest.fixture(scope="session")
def scim_gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    _present()
    with _server(tmp_path_factory.mktemp("scim")) as url:
        gate = Gate(url)
        yield gate
        gate.close()


@pytest.fixture(scope="session")
def scim_plain_gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    """A server without PATCH, versions and search."""
    _present()
    folder = tmp_path_factory.mktemp("scim-plain")
    no = {"supported": False}
    config = {"schemas": [CORE + "ServiceProviderConfig"], "patch": no, "changePassword": no, "sort": no, "etag": no}
    config |= {"bulk": {**no, "maxOperations": 0, "maxPayloadSize": 0}, "filter": {**no, "maxResults": 100}}
    config["authenticationSchemes"] = []
    (folder / "config.json").write_text(json.dumps(config))
    with _server(folder, "--service-provider-config", str(folder / "config.json")) as url:
        gate = Gate(url)
        yield gate
        gate.close()


def _service(gate: Gate) -> Service:
    gate.asked.clear()
    gate.ways.clear()
    return Service(gate, f"{gate.url}/t{secrets.token_hex(6)}/v2", StoppedClock())


@pytest.fixture
def scim_server(scim_gate: Gate) -> Iterator[Service]:
    """An empty service of one's own at the real server."""
    yield _service(scim_gate)
    scim_gate.ways.clear()


@pytest.fixture
def scim_plain(scim_plain_gate: Gate) -> Iterator[Service]:
    """The same at a server that can do little."""
    yield _service(scim_plain_gate)
    scim_plain_gate.ways.clear()
