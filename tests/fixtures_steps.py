# ruff: noqa: ARG005  (every case has the same signature)
"""One place on which every kind of step can act, and one case a kind: what the contract suite runs over all of them."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from fixtures_runs import make_engine, runbook_of
from temanashi.hosts.connecting import connect
from temanashi.hosts.inventory import Inventory
from temanashi.hosts.transport import Transport
from temanashi.runbooks.steps.channels import Channels
from temanashi.runs.engine import Engine
from temanashi.runs.frozen import FrozenRun

SECRET = "pa55 wörd/'+\"$x"

PRINTING = """import base64, os, shlex, sys, urllib.parse
s = os.environ["PASSWORD"]
forms = [s, shlex.quote(s), base64.b64encode(s.encode()).decode(), urllib.parse.quote(s), urllib.parse.quote(s, safe="")]
print(len(s), *forms, sep="\\n")
print(*forms, sep="\\n", file=sys.stderr)
sys.exit(int(sys.argv[1]))
"""


class Site(BaseHTTPRequestHandler):
    """Objects that are made, looked at and removed; a repetition under the same Idempotency-Key does nothing again."""

    server: Server

    def log_message(self, *args: object) -> None:
        pass

    def answer(self, status: int, value: Any = None, **headers: str) -> None:
        body = b"" if value is None else json.dumps(value).encode()
        self.send_response(status)
        for name, text in headers.items():
            self.send_header(name.replace("_", "-"), text)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def handle_any(self) -> None:
        size = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(size).decode()
        site = self.server
        page, _, rest = self.path.lstrip("/").partition("/")
        name, _, query = rest.partition("?")
        with site.lock:
            site.requests.append((self.command, self.path, body, dict(self.headers)))
            number = len(site.requests)
        if page == "objects":
            self.objects(unquote(name), query)
        elif page == "echo":
            self.echo(body)
        elif page == "flaky":
            self.answer(503 if number % 2 else 200, {"number": number})
        elif page == "slow":
            time.sleep(1.5)
            self.answer(200, {})
        elif page == "status":
            self.answer(int(name), {"error": "a\nb\x1b[31m"})
        elif page == "raw":
            self.raw(name)
        else:
            self.answer(404, {})

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = handle_any  # noqa: N815  (names that the server looks for)

    def raw(self, name: str) -> None:
        text = {"text": b"all is well", "long": b"x" * 1_200_000, "null": b"null"}[name]
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def echo(self, body: str) -> None:
        given = self.headers.get("X-Secret", "")
        text = given.encode("latin-1").decode() if given else body
        import base64
        import shlex
        from urllib.parse import quote

        forms = [text, shlex.quote(text), base64.b64encode(text.encode()).decode(), quote(text), quote(text, safe="")]
        self.answer(int(self.headers.get("X-Wanted", "200")), {"length": len(text), "forms": forms}, X_Told=quote(text))

    def objects(self, name: str, query: str) -> None:
        site = self.server
        key = self.headers.get("Idempotency-Key")
        if self.command in {"GET", "HEAD"}:
            self.answer(200 if name in site.objects else 404, {"name": name, "state": "there"} if name in site.objects else {})
            return
        with site.lock:
            if key is None or (key, self.command) not in site.keys:
                site.keys.add((key or "", self.command))
                if self.command == "DELETE":
                    site.objects.pop(name, None)
                else:
                    site.objects[name] = 1 if self.command == "PUT" else site.objects.get(name, 0) + 1
        if query == "slow":
            time.sleep(1.5)
        self.answer(201, {"name": name})


class Server(ThreadingHTTPServer):
    """The site, with what it was asked and what it has."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Site)
        self.requests: list[tuple[str, str, str, dict[str, str]]] = []
        self.objects: dict[str, int] = {}
        self.keys: set[tuple[str, str]] = set()
        self.lock = threading.Lock()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients of these tests hang up."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def serving_site() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@dataclass
class World:
    """A folder that steps write in, a site, who was told, and an engine whose connections are counted."""

    folder: Path
    site: Server
    engine: Engine = field(init=False)
    connections: int = 0
    failing: bool = False

    def __post_init__(self) -> None:
        self.place.mkdir(exist_ok=True)
        self.engine = self.new_engine()

    @property
    def place(self) -> Path:
        return self.folder / "place"

    @property
    def marks(self) -> Path:
        return self.place / "marks"

    @property
    def told(self) -> list[list[str]]:
        file = self.folder / "told"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def new_engine(self, **more: Any) -> Engine:
        engine = make_engine(self.folder, connect=self._connect, **more)
        channel = Channels(
            {"": ("env:X",), "ops": ("env:X", "env:Y")},
            database=engine.database,
            clock=engine.clock,
            lang="ja",
            secret=lambda ref: f"json://{ref}",
            deliver=self._deliver,
        )
        return Engine(**{**vars(engine), "channel": channel})

    def _connect(self, host: Any, stop: threading.Event) -> Transport:
        self.connections += 1
        return connect(host, stop)

    def _deliver(self, url: str, *, title: str, body: str, recovery: bool) -> bool:
        if self.failing:
            return False
        with (self.folder / "told").open("a") as file:
            file.write(json.dumps([title, body]) + "\n")
        if "slow" in body:
            time.sleep(1.5)
        return True

    def seen(self) -> Any:
        """Everything that a step could have touched."""
        files = {str(p): (p.read_bytes(), p.stat().st_mtime_ns) for p in sorted(self.place.rglob("*")) if p.is_file()}
        return files, len(self.site.requests), dict(self.site.objects), len(self.told)

    def frozen(self, step: dict[str, Any], *, inputs: dict[str, Any] | None = None, **more: Any) -> FrozenRun:
        book = runbook_of([step], **more)
        inventory = Inventory.model_validate({"hosts": {"web1": {"transport": "local"}, "dead": {"shell": "none"}}})
        return FrozenRun(
            id="some-run", runbook=book, inventory=inventory, inputs=inputs or {}, today=self.engine.today(), actor="alice"
        )

    def planned(self, step: dict[str, Any], **more: Any) -> tuple[Any, list[Any]]:
        """The step, ready to act, and its changes."""
        run = self.frozen(step, **more)
        item = run.runbook.steps[0]
        ready = self.engine.step(item, run)
        return ready, ready.plan(run.context(item, {}, hosts=run.hosts(item)))

    def applied(self, step: dict[str, Any], **more: Any) -> Any:
        """The outcome of a step with one change."""
        ready, [change] = self.planned(step, **more)
        return ready.apply(change, f"some-run/{change.step}/0/{change.target}")


INSTALLED = Path(__file__).parent / "steps" / "installed"


@contextmanager
def sample_functions() -> Iterator[None]:
    """The package of `tests/steps/installed`, as if it were installed."""
    from temanashi.runbooks.steps import functions

    def forget() -> None:
        functions._registered.cache_clear()
        functions.find_function.cache_clear()

    sys.path.insert(0, str(INSTALLED))
    forget()
    try:
        yield
    finally:
        sys.path.remove(str(INSTALLED))
        forget()


Written = Callable[[World], dict[str, Any]]


@dataclass(frozen=True)
class Acting:
    """A kind that changes something: the same effect once, failing, too slow, and with a secret.

    `count` is how often the effect is there. `hanging` has its effect at once and does not end in time; `blind` is the same
    without anything that could tell whether it happened; `middle` takes a second and a half.
    """

    name: str
    good: Written
    count: Callable[[World], int]
    failing: Written
    slow: Written
    hanging: Written
    middle: Written
    showing: Callable[[World, bool], dict[str, Any]] | None = None
    undone: bool = True

    def blind(self, world: World) -> dict[str, Any]:
        return _without(self.hanging(world), "observe")


def _marked(world: World) -> int:
    return world.marks.read_text().split().count("here") if world.marks.exists() else 0


def _mark(world: World, after: str = "") -> list[str]:
    return ["sh", "-c", f'echo here >> "$1"; {after}', "mark", str(world.marks)]


def _command(world: World, after: str = "") -> dict[str, Any]:
    look = ["grep", "-qx", "here", str(world.marks)]
    return {"run": _mark(world, after), "observe": look, "undo": ["sed", "-i", "/here/d", str(world.marks)]}


def _script(world: World, after: str = "") -> dict[str, Any]:
    return {
        "run": f'echo "$WORD" >> "$1"\n{after}\n',
        "args": [str(world.marks)],
        "env": {"WORD": "here"},
        "observe": 'grep -qx "$WORD" "$1"',
        "undo": 'sed -i "/$WORD/d" "$1"',
    }


def _post(world: World, query: str = "") -> dict[str, Any]:
    return {
        "method": "POST",
        "url": f"{world.site.url}/objects/one{query}",
        "json": {"size": 1},
        "expect": {"status": 201, "json": {"name": "one"}},
        "observe": {"url": f"{world.site.url}/objects/one", "expect": {"json": {"$.state": "there"}}},
        "undo": {"method": "DELETE", "url": f"{world.site.url}/objects/one"},
    }


def _python(world: World, seconds: float = 0) -> dict[str, Any]:
    arguments = {"file": str(world.marks), "word": "here", "seconds": seconds}
    return {"function": "append_mark", "arguments": arguments, "observe": "marked", "undo": "remove_mark"}


def _without(step: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in step.items() if name not in names}


def _file(world: World) -> Path:
    return world.place / "made.conf"


ACTING = {
    case.name: case
    for case in (
        Acting(
            "command",
            good=_command,
            count=_marked,
            failing=lambda w: {"run": ["sh", "-c", "printf 'no\\033[31m\\nway\\rhidden' >&2; exit 3"]},
            slow=lambda w: {"run": ["sleep", "20"]},
            hanging=lambda w: _command(w, "sleep 20"),
            middle=lambda w: _command(w, "sleep 1.5"),
            showing=lambda w, ok: {
                "run": [sys.executable, "-c", PRINTING, "0" if ok else "3"],
                "secrets": {"PASSWORD": "env:TEMA_TEST_PASSWORD"},
            },
        ),
        Acting(
            "script",
            good=_script,
            count=_marked,
            failing=lambda w: {"run": "printf 'no\\033[31m\\nway\\rhidden' >&2\nexit 3\n"},
            slow=lambda w: {"run": "sleep 20\n"},
            hanging=lambda w: _script(w, "sleep 20"),
            middle=lambda w: _script(w, "sleep 1.5"),
            showing=lambda w, ok: {
                "run": PRINTING,
                "interpreter": sys.executable,
                "args": ["0" if ok else "3"],
                "secrets": {"PASSWORD": "env:TEMA_TEST_PASSWORD"},
            },
        ),
        Acting(
            "http",
            good=_post,
            count=lambda w: w.site.objects.get("one", 0),
            failing=lambda w: {"method": "POST", "url": f"{w.site.url}/status/409"},
            slow=lambda w: {"method": "POST", "url": f"{w.site.url}/slow"},
            hanging=lambda w: _post(w, "?slow"),
            middle=lambda w: _post(w, "?slow"),
            showing=lambda w, ok: {
                "method": "POST",
                "url": f"{w.site.url}/echo",
                "body": "",
                "headers": {"X-Wanted": "200" if ok else "409"},
                "secrets": {"X-Secret": "env:TEMA_TEST_PASSWORD"},
            },
        ),
        Acting(
            "notify",
            good=lambda w: {"title": "報告", "text": "done {{ params.x }}"},
            count=lambda w: len(w.told),
            failing=lambda w: {"text": "never"},
            slow=lambda w: {"text": "slow"},
            hanging=lambda w: {"text": "slow"},
            middle=lambda w: {"text": "slow"},
            undone=False,
        ),
        Acting(
            "template",
            good=lambda w: {"path": str(_file(w)), "content": "a\nb\n", "mode": "0640"},
            count=lambda w: int(_file(w).exists() and _file(w).read_text() == "a\nb\n"),
            failing=lambda w: {"path": str(w.place / "no" / "such" / "file"), "content": "a"},
            slow=lambda w: {"path": str(w.place / "pipe"), "content": "a"},
            hanging=lambda w: {"path": str(_file(w)), "content": "a"},
            middle=lambda w: {"path": str(_file(w)), "content": "a\nb\n"},
        ),
        Acting(
            "python",
            good=_python,
            count=_marked,
            failing=lambda w: {"function": "fail"},
            slow=lambda w: {"function": "hang"},
            hanging=lambda w: _python(w, 20),
            middle=lambda w: _python(w, 1.5),
            showing=lambda w, ok: {
                "function": "show",
                "arguments": {"fails": not ok},
                "secrets": {"secret": "env:TEMA_TEST_PASSWORD"},
            },
        ),
    )
}


def reading(world: World) -> dict[str, dict[str, Any]]:
    """One step of each kind that changes nothing on a target."""
    check = {"id": "age", "kind": "file_age", "path": str(world.place), "warn": "9999999"}
    return {
        "command": {"run": ["ls", str(world.place)], "reads": True},
        "script": {"run": 'ls "$1"\n', "args": [str(world.place)], "reads": True},
        "http": {"url": f"{world.site.url}/objects/one", "expect": {"status": [200, 404]}},
        "checks": [check],
        "wait_until": {"check": check, "every": 0.05},
        "template": "just a text",
        "python": {"function": "typed", "arguments": {"count": 1, "ratio": 1, "names": []}, "reads": True},
    }
