"""`accounts` steps through the engine, on a real Linux host: plan, conflict, journal, undo, and a secret that is told once."""

from types import SimpleNamespace

import pytest

from fixtures_runs import ALICE, asking, make_engine, runbook_of
from temanashi.accounts.roles import Roles
from temanashi.hosts.inventory import Inventory
from temanashi.runbooks.steps.channels import Channels
from temanashi.runs.advancing import advance
from temanashi.runs.again import request_undo
from temanashi.runs.reading import run_view
from temanashi.runs.requests import dry_run, request_run
from temanashi.secrets import Redactor
from temanashi.text import LANGUAGES

GOOD = "Right-pass-1"
ROLES = Roles.model_validate(
    {
        "roles": {
            "ops": {"title": "Operations", "linux": ["opsgroup"]},
            "desk": {"title": "Desk", "linux": ["deskgroup"], "never_with": ["ops"]},
            "root": {"title": "Root", "linux": ["sudo"], "privileged": True},
        }
    }
)


@pytest.fixture
def site(tmp_path, linuxhost):
    """An engine that reaches the host by SSH, and everything that its channel `account-secrets` was told."""
    told, failing = [], []

    def deliver(url, *, title, body, recovery):
        told.append((title, body))
        return not failing

    with linuxhost.reach() as reach:
        plain = make_engine(tmp_path, connect=reach.transport, redactor=Redactor(), roles=lambda _: ROLES)
        channel = Channels(
            {"account-secrets": ("env:X",)},
            database=plain.database,
            clock=plain.clock,
            lang="ja",
            secret=lambda _: "json://nobody",
            deliver=deliver,
        )
        engine = type(plain)(**{**vars(plain), "channel": channel})
        host = linuxhost.host()
        fields = host.model_dump(include={"address", "port", "user"})
        dead = {"address": "127.0.9.250", "port": 1, "user": "root"}
        inventory = Inventory.model_validate({"hosts": {"linux1": fields, "dead1": dead}})

        def request(step, **more):
            book = runbook_of([{"id": "it", "accounts": step, "targets": "linux1", **more}])
            return asking(book, inventory=inventory)

        def run(step, **more):
            number = request_run(engine, request(step, **more))
            return view(number)

        def view(number):
            result = advance(engine, number)
            with engine.database.reading() as connection:
                return result, run_view(connection, number), number

        yield SimpleNamespace(
            engine=engine, run=run, view=view, request=request, told=told, failing=failing, folder=tmp_path, inventory=inventory
        )
        engine.database.close()


def statuses(view):
    return [row.status for step in view.steps for row in step.rows]


def said(change, lang="en"):
    return change.summary.text(lang)


def test_a_plan_shows_the_difference_field_by_field_and_touches_nothing(site, linuxhost):
    linuxhost.person("plan1", GOOD)
    files = linuxhost.files()
    [change] = dry_run(site.engine, site.request({"do": "disable", "login": "plan1"})).changes
    assert linuxhost.files() == files
    assert "Close plan1 on linux1 (password set -> locked, expires never -> 1970-01-02, shell /bin/sh -> nologin" in said(change)
    for lang in LANGUAGES:
        assert "accounts." not in said(change, lang)
        assert said(change, lang).isprintable()
    assert change.before["login"] == "plan1"
    assert change.after["password"] == "locked"


def test_a_leaver_is_refused_everywhere_the_run_undone_and_let_in_again(site, linuxhost):
    key = linuxhost.person("cycle1", GOOD)
    files = linuxhost.files()
    result, view, number = site.run({"do": "disable", "login": "cycle1"})
    assert (result.outcome, statuses(view)) == ("done", ["changed"])
    assert [linuxhost.login("cycle1", password=GOOD), linuxhost.login("cycle1", key=key)] == ["refused", "refused"]
    result, view, _ = site.run({"do": "disable", "login": "cycle1"})
    assert (result.outcome, statuses(view)) == ("done", ["already"])
    undo = request_undo(site.engine, number, actor=ALICE, channel="cli", reason="by mistake")
    result, view, _ = site.view(undo)
    assert (result.outcome, statuses(view)) == ("done", ["changed"])
    assert linuxhost.files() == files
    assert [linuxhost.login("cycle1", password=GOOD), linuxhost.login("cycle1", key=key)] == ["cycle1", "cycle1"]
