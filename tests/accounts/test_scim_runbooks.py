"""A runbook, a published workspace and two services: opened, closed everywhere, undone, replayed, and the token nowhere."""

import json
import os
import subprocess
import sys

import pytest

from fixtures_account_site import AccountSite
from fixtures_scim import TOKEN, Reply
from temanashi.people import Actor
from temanashi.runs.advancing import advance
from temanashi.runs.again import request_undo
from temanashi.runs.reading import run_view
from temanashi.runs.requests import RunRequest, dry_run, request_run
from temanashi.text import LANGUAGES
from temanashi.workspace.version_rows import live_version
from temanashi.workspace.versions import published_version

HANA = Actor(name="hana")
STEP = {"on_failure": "continue", "fan_out": {"max_failed": "100%"}}
ONLY = ("wiki", "chat", "away", "dead1")
LOGIN = [{"name": "login", "type": "string", "title": {"ja": "ログイン名", "en": "Login"}}]


def runbook(name, accounts):
    title = {"ja": name, "en": name}
    head = {"id": name, "title": title, "description": title, "category": "account", "owner": "ops", "targets": "dead1"}
    return json.dumps({**head, "parameters": LOGIN, "steps": [{"id": "it", "accounts": accounts, **STEP}]})


@pytest.fixture
def site(tmp_path, scim_gate, scim_plain_gate, scim_server, scim_plain, monkeypatch):
    """`wiki` and `chat` are services; of `away` the token is missing."""
    monkeypatch.setenv("WIKI_TOKEN", TOKEN)
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    made = AccountSite(tmp_path / "site", dead=True)
    made.write("runbooks/site/accounts.yaml", "{}")
    title = {"ja": "サービス", "en": "Service"}
    entries = {
        "wiki": {"kind": "scim", "title": title, "url": scim_server.base, "token": "env:WIKI_TOKEN"},
        "chat": {"kind": "scim", "title": title, "url": scim_plain.base, "token": f"file:{tmp_path / 'token'}"},
        "away": {"kind": "scim", "title": title, "url": scim_plain.base, "token": "env:NOT_HERE"},
    }
    made.write("runbooks/site/directories.yaml", json.dumps({"directories": entries}))
    made.write("runbooks/site/roles.yaml", json.dumps({"roles": {"ops": {"title": title, "saas": {"wiki": ["運用 部"]}}}}))
    login = "{{ params.login }}"
    made.write(
        "runbooks/account/wiki-join.yaml",
        runbook("wiki-join", {"do": "join", "login": login, "directory": "wiki", "name": "山田", "roles": ["ops"]}),
    )
    made.write("runbooks/account/leave.yaml", runbook("leave", {"do": "disable", "login": login, "directory": "everywhere"}))
    scim_server.group("運用 部")
    return made


def requested(installation, name, **inputs):
    engine = installation.engine()
    with installation.database.reading() as connection:
        digest = live_version(connection).digest
        published = published_version(connection, digest, kinds=engine.kinds)
    known = {"workspace_version": digest, "inventory": published.inventory, "actor": HANA, "channel": "cli"}
    return engine, RunRequest(runbook=published.runbooks[name], inputs=inputs, limit=ONLY, **known)


def finished(installation, engine, number):
    advance(engine, number)
    with installation.database.reading() as connection:
        view = run_view(connection, number)
    return {row.target: row for step in view.steps for row in step.rows}


def run(installation, name, **inputs):
    engine, request = requested(installation, name, **inputs)
    number = request_run(engine, request)
    return number, finished(installation, engine, number)


def test_accounts_of_services_are_opened_closed_everywhere_and_taken_back(site, scim_server, scim_plain):
    bob = scim_server.user("bob")
    ann = scim_plain.user("ann.b")
    with site.opened() as installation:
        engine, request = requested(installation, "wiki-join", login="ann.b")
        (change,) = dry_run(engine, request).changes
        assert "運用 部" in change.summary.text("ja")
        _, rows = run(installation, "wiki-join", login="ann.b")
        assert rows["wiki"].status == "changed"
        _, again = run(installation, "wiki-join", login="ann.b")
        assert again["wiki"].status == "already"

        number, rows = run(installation, "leave", login="ann.b")
        statuses = {name: row.status for name, row in rows.items() if row.status}
        assert {name: statuses[name] for name in ("wiki", "chat", "away")} == {
            "wiki": "changed",
            "chat": "changed",
            "away": "failed",
        }
        reason = rows["away"].reason
        assert all("NOT_HERE" in reason.text(lang) for lang in LANGUAGES)
        assert rows["dead1"].status == "skipped"  # hosts have no such logins, so that this one stops nobody
        assert "ann.b" in rows["dead1"].summary.text("en")
        assert scim_plain.raw("GET", f"/Users/{ann}")["active"] is False

        back = finished(installation, engine, request_undo(engine, number, actor=HANA, channel="cli"))
        assert back["wiki"].status == back["chat"].status == "changed"
        assert scim_plain.raw("GET", f"/Users/{ann}")["active"] is True
        assert scim_server.raw("GET", f"/Users/{bob}").get("active") is not False
    kept = b"".join(file.read_bytes() for file in site.root.rglob("*") if file.is_file())
    assert TOKEN.encode() not in kept


def test_a_lost_answer_is_unknown_and_looked_after(site, scim_server):
    scim_server.user("ann")
    with site.opened() as installation:
        scim_server.gate.ways.append(lambda asked, _: Reply(hang=True) if asked.method == "PATCH" else None)
        _, rows = run(installation, "leave", login="ann")
        assert rows["wiki"].status == "unknown"
        assert len(scim_server.gate.sent("PATCH")) == 1
        scim_server.gate.ways.clear()
        _, rows = run(installation, "leave", login="ann")
        assert rows["wiki"].status == "changed"


def test_the_directories_stand_in_the_schema_and_a_mistake_in_one_is_told(site):
    from temanashi.accounts.directories_file import directories_schema, read_directories

    (kind,) = [
        one
        for one in directories_schema()["properties"]["directories"]["anyOf"][0]["additionalProperties"]["oneOf"]
        if one["properties"]["kind"]["const"] == "scim"
    ]
    assert {"url", "token", "kind", "title"} <= {*kind["required"]}
    title = {"ja": "x", "en": "x"}
    bad = {"kind": "scim", "title": title, "url": "http://example.com", "token": "env:T", "tokn": 1}
    _, problems = read_directories({"directories": {"wiki": bad}}, ("ja", "en"))
    assert {one.loc[-1] for one in problems} == {"url", "tokn"}
    assert all("https://" in one.message.text("ja") for one in problems if one.loc[-1] == "url")


def test_the_accounts_of_a_service_are_listed_at_the_terminal(site, scim_server):
    scim_server.user("ann", displayName="山田 花子")
    scim_server.user("bob", active=False)
    command = [sys.executable, "-c", "from temanashi.cli import main; main()", "account", "list"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TEMA_", "PREFECT_"))}
    told = {}
    for name, code in (("wiki", 0), ("away", 3)):
        done = subprocess.run(
            [*command, name, "--json"], cwd=site.root, env=kept, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == code, done.stderr
        assert TOKEN not in done.stdout + done.stderr
        told[name] = json.loads(done.stdout)
    listed = {one["login"]: (one["name"], one["enabled"]) for one in told["wiki"]["directories"]["wiki"]["accounts"]}
    assert listed == {"ann": ("山田 花子", True), "bob": ("", False)}
    assert "NOT_HERE" in told["away"]["errors"]["away"]
    shown = subprocess.run(
        [*command, "wiki"], cwd=site.root, env=kept, capture_output=True, text=True, check=False, timeout=60
    ).stdout
    assert "bob" in shown
    assert "山田 花子" in shown
