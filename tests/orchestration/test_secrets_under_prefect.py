"""Real runs under a real server that print secrets wherever they can; afterwards no file of the installation holds one."""

import base64
import html
import json
import os
import shlex
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote, quote_plus

import pytest

from fixtures_prefect import execute, gate_running, make_place, prefect_settings
from temanashi.clock import SystemClock

pytestmark = pytest.mark.server

IN_ENVIRONMENT = "env-pa55 wörd/'+\"$x<&>%\\"
IN_FILE = "file-s3cret/+" + "k" * 70 + "~end"
IN_BLOCK = "block-S3cret?&=/+'x"
SECRETS = {"environment": IN_ENVIRONMENT, "file": IN_FILE, "block": IN_BLOCK}

PRINTING = """
import base64, html, json, os, shlex, sys, urllib.parse as u
code, raw = int(sys.argv[1]), os.environ["TOKEN"]
b = raw.encode()
forms = [raw, shlex.quote(raw), u.quote(raw), u.quote(raw, safe=""), u.quote_plus(raw), json.dumps(raw), json.dumps({"t": raw}),
    json.dumps(raw, ensure_ascii=False), repr(raw), repr(b), html.escape(raw), b.hex(), b.hex().upper(),
    base64.b64encode(b).decode(), base64.b64encode(b"u:" + b).decode(), base64.b64encode(b"user:" + b + b"!").decode(),
    base64.urlsafe_b64encode(b"x" + b).decode(), base64.encodebytes(b"Basic " + b * 3).decode(),
    "\\x1b[31m" + raw + "\\x1b[0m\\n2026-01-01 00:00:00 ERROR forged"]
print(len(raw), *forms, sep="\\n")
print(*forms, sep="\\n", file=sys.stderr)
if code == 9:
    raise RuntimeError("broken by " + raw)
sys.exit(code)
"""


def forms(secret):
    """Every way in which the secret could be read from a file; base64 as the part that its neighbours do not change."""
    raw = secret.encode()
    whole = {
        "raw": secret,
        "shell": shlex.quote(secret),
        "url": quote(secret),
        "url all": quote(secret, safe=""),
        "form": quote_plus(secret),
    }
    whole |= {
        "json": json.dumps(secret)[1:-1],
        "json text": json.dumps(secret, ensure_ascii=False)[1:-1],
        "repr": repr(secret)[1:-1],
    }
    whole |= {"bytes": repr(raw)[2:-1], "html": html.escape(secret), "hex": raw.hex(), "HEX": raw.hex().upper()}
    whole |= {"json twice": json.dumps(json.dumps(secret)[1:-1])[1:-1]}
    for skip in range(3):
        text = base64.b64encode(b"\0" * skip + raw).decode()
        core = text[-(-8 * skip // 6) : 8 * (skip + len(raw)) // 6]
        whole |= {f"base64 {skip}": core, f"base64 {skip} url": core.replace("+", "-").replace("/", "_")}
        whole |= {f"base64 {skip} beginning": core[:24], f"base64 {skip} end": core[-24:]}
    return whole


class Echo(BaseHTTPRequestHandler):
    """A server that repeats in its error what it was sent."""

    def do_POST(self):
        said = f"refused: {self.headers['Authorization']} {base64.b64encode(self.headers['Authorization'].encode()).decode()}"
        self.send_response(500, "Internal Server Error")
        self.send_header("X-Echo", quote(self.headers["Authorization"]))
        self.end_headers()
        self.wfile.write(said.encode())

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def echo():
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def printing(code, ref):
    return {"run": [sys.executable, "-c", PRINTING, str(code)], "secrets": {"TOKEN": ref}}


@pytest.fixture(scope="module")
def place(tmp_path_factory, echo):
    place = make_place(tmp_path_factory.mktemp("secrets"))
    outside = tmp_path_factory.mktemp("outside") / "secret"
    outside.write_text(IN_FILE + "\n", encoding="utf-8")
    parameter = {"name": "token", "type": "secret", "title": {"ja": "合言葉", "en": "Password"}}
    reading = {"run": ["cat", str(outside)], "reads": True}
    later = {"run": ["echo", "{{ steps.first.stdout }}"], "reads": True}
    place.runbook(
        "print-secret",
        {"id": "first", "command": printing(0, "token")},
        {"id": "after", "command": later},
        parameters=[parameter],
    )
    place.runbook("fail-secret", {"id": "first", "command": printing(3, "token")}, parameters=[parameter])
    place.runbook("raise-secret", {"id": "first", "command": printing(9, "token")}, parameters=[parameter])
    # The first step prints what only the second one asks for.
    place.runbook("early-secret", {"id": "first", "command": reading}, {"id": "second", "command": printing(0, f"file:{outside}")})
    place.runbook("block-secret", {"id": "first", "command": printing(3, "prefect:tema-test")})
    place.runbook("no-block", {"id": "first", "command": printing(0, "prefect:no-such-block")})
    url = f"http://127.0.0.1:{echo}/"
    request = {"method": "POST", "url": url, "secrets": {"Authorization": "token"}, "json": {"a": 1}}
    place.runbook("http-secret", {"id": "first", "http": request}, parameters=[parameter])
    place.runbook(
        "take-word",
        {"id": "first", "command": ["echo", "{{ params.word }}"]},
        parameters=[{"name": "word", "title": {"ja": "語", "en": "Word"}}],
    )
    place.outside = outside
    place.publish()
    return place


@pytest.fixture(scope="module")
def ran(place):
    """All of them, once; then the server is stopped, so that its files are whole."""
    from prefect.blocks.system import Secret
    from prefect.client.orchestration import get_client

    from temanashi.orchestration.deployments import ensure_pool, sync_deployments
    from temanashi.runbooks.kinds import step_kinds
    from temanashi.workspace.opening import open_installation
    from temanashi.workspace.publishing import current_version

    ended = {}
    with gate_running(place.settings), prefect_settings(place.settings), get_client(sync_client=True) as client:
        os.environ["TEMA_TEST_TOKEN"] = IN_ENVIRONMENT
        Secret(value=IN_BLOCK).save("tema-test")
        with open_installation(place.root) as opened, opened.database.reading() as connection:
            published = current_version(connection, kinds=step_kinds())
        ensure_pool(client)
        sync_deployments(client, place.settings, published, now=SystemClock().now())

        def run(name, parameters=None, **more):
            deployment = client.read_deployment_by_name(f"{name}/{name}")
            body = {"parameters": parameters or {}, "state": {"type": "PENDING"}, **more}
            made = client.request("POST", "/deployments/{id}/create_flow_run", path_params={"id": deployment.id}, json=body).json()
            execute(made["id"])
            return client.read_flow_run(made["id"])

        for ref in ("env:TEMA_TEST_TOKEN", f"file:{place.outside}", "prefect:tema-test"):
            for name in ("print-secret", "fail-secret", "raise-secret", "http-secret"):
                ended[name, ref[:3]] = run(name, {"token": ref})
        for name in ("early-secret", "block-secret", "no-block"):
            ended[name] = run(name)
        ended["typed"] = run("print-secret", {"token": "hunter22-typed-by-mistake"}, enforce_parameter_schema=False)
        ended["forged"] = run("take-word", {"word": "x ERROR forged"})
        ended["wrong"] = run("take-word", {"word": "two\nlines\x1b[31m"}, enforce_parameter_schema=False)
        lines = client.read_logs(limit=200)
    return ended, [line.message for line in lines]


def test_the_runs_ended_as_they_should_and_the_commands_had_their_secrets(ran):
    ended, _ = ran
    for ref in ("env", "fil", "pre"):
        assert ended["print-secret", ref].state.name == "Completed", ended["print-secret", ref].state.message
        assert ended["fail-secret", ref].state.name == "Failed"
        assert ended["raise-secret", ref].state.name == "Failed"
        assert "●●●●" in ended["raise-secret", ref].state.message
        assert ended["http-secret", ref].state.type.value == "FAILED"
    assert ended["early-secret"].state.name == "Completed"
    assert ended["block-secret"].state.name == "Failed"
    assert "no-such-block" in ended["no-block"].state.message


def test_no_file_of_the_installation_holds_a_secret_in_any_form(ran, place):
    found = []
    for path in sorted(place.root.rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            for name, secret in SECRETS.items():
                found += [(path.name, name, form) for form, text in forms(secret).items() if text.encode() in data]
    assert found == []
    # It would have been found: the mask is there, in both databases.
    masked = {
        path.name for path in place.root.rglob("*") if path.is_file() and "●●●●" in path.read_bytes().decode("utf-8", "replace")
    }
    assert {"temanashi.db"} <= masked
    assert any("prefect.db" in name for name in masked) or r"\u25cf" in "".join(
        p.read_bytes().decode("latin-1") for p in place.root.rglob("prefect.db*")
    )


def test_a_secret_typed_in_place_of_a_reference_does_not_stay_with_the_flow_run(ran):
    ended, _ = ran
    assert ended["typed"].state.name == "Failed"
    assert ended["typed"].parameters == {"token": "●●●●"}
    assert "hunter22" not in ended["typed"].state.message


def test_a_value_forges_no_line_of_the_log(ran):
    ended, lines = ran
    assert lines
    assert not [line for line in lines if "\x1b" in line or line.lstrip().startswith("2026-01-01 00:00:00 ERROR")]
    assert "\x1b" not in ended["wrong"].state.message
