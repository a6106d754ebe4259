"""One login on several hosts: what one of them refuses is its own line, and the others are done."""

import pytest

from fixtures_linuxhost import running_linuxhost
from fixtures_runs import ALICE, asking, make_engine, runbook_of
from temanashi.accounts.faults import WishRefused
from temanashi.hosts.inventory import Inventory
from temanashi.runs.advancing import advance
from temanashi.runs.again import request_undo
from temanashi.runs.reading import run_view
from temanashi.runs.requests import dry_run, request_run
from temanashi.text import LANGUAGES

STEP = {"do": "join", "login": "both1", "groups": ["only-here"]}
MORE = {"targets": "linux1,twin1", "on_failure": "continue", "fan_out": {"max_failed": "100%"}}


@pytest.fixture(scope="module")
def twin():
    with running_linuxhost("127.0.9.2") as made:
        yield made


@pytest.fixture
def site(tmp_path, linuxhost, twin):
    """An engine that reaches both hosts; only the first one has the group."""
    if not linuxhost.line("group", "only-here"):
        linuxhost.inside("groupadd", "only-here")
    with linuxhost.reach() as one, twin.reach() as other:
        engine = make_engine(tmp_path, connect=lambda host, _=None: (one if host.name == "linux1" else other).transport(host))
        fields = {"linux1": linuxhost, "twin1": twin}
        hosts = {name: it.host().model_dump(include={"address", "port", "user"}) for name, it in fields.items()}
        inventory = Inventory.model_validate({"hosts": hosts})
        yield engine, lambda step, **more: asking(runbook_of([{"id": "it", "accounts": step, **more}]), inventory=inventory)
        engine.database.close()


def rows(engine, number):
    with engine.database.reading() as connection:
        return {row.target: row for step in run_view(connection, number).steps for row in step.rows}


def test_what_one_host_refuses_is_told_in_the_plan_and_fails_there_and_the_others_are_done(site, linuxhost, twin):
    engine, request = site
    files = twin.files()
    plan = dry_run(engine, request(STEP, **MORE))
    told = {change.target: [change.summary.text(lang) for lang in LANGUAGES] for change in plan.changes}
    assert told["linux1"][1].startswith("Open both1 on linux1")
    assert told["twin1"][0] == "twin1 の both1 には、この操作をしません。グループがありません: only-here"
    assert told["twin1"][1] == "This is not done to both1 on twin1: there is no such group: only-here"
    number = request_run(engine, request(STEP, **MORE))
    result = advance(engine, number)
    assert result.outcome != "done"
    found = rows(engine, number)
    assert {name: row.status for name, row in found.items()} == {"linux1": "changed", "twin1": "failed"}
    assert "only-here" in found["twin1"].reason.text("ja")
    assert twin.files() == files
    advance(engine, request_undo(engine, number, actor=ALICE, channel="cli", reason="wrong"))
    assert linuxhost.line("passwd", "both1")[6].endswith("nologin")
    assert twin.files() == files


def test_what_was_refused_stays_refused_when_it_is_tried_again(site, twin):
    """The plan that was approved said that nothing is done there."""
    engine, request = site
    step = {"do": "join", "login": "both2", "groups": ["only-here"]}
    number = request_run(engine, request(step, **MORE))
    twin.inside("groupadd", "only-here")
    try:
        advance(engine, number)
        assert rows(engine, number)["twin1"].status == "failed"
        assert twin.line("passwd", "both2") == []
    finally:
        twin.inside("groupdel", "only-here")


def test_what_every_host_refuses_is_no_plan(site):
    engine, request = site
    with pytest.raises(WishRefused, match="no such account"):
        dry_run(engine, request({"do": "set", "login": "nowhere1", "shell": "/bin/sh"}, **MORE))


def test_a_rollback_leaves_an_account_alone_that_was_refused_unread(site, linuxhost, twin):
    """The host was away when it was planned, and refused when it came back: nothing was done, so nothing is taken back."""
    engine, request = site
    twin.person("there1")
    files = twin.files()
    step = {"do": "join", "login": "there1", "groups": ["only-here"]}
    number = request_run(_away(engine), request(step, **{**MORE, "on_failure": "rollback"}))
    advance(engine, number)
    assert rows(engine, number)["twin1"].status == "failed"
    assert twin.files() == files


def _away(engine):
    """The engine, while the second host cannot be reached."""

    def connect(host, stop=None):
        if host.name == "twin1":
            host = host.model_copy(update={"address": "127.0.9.250", "port": 1})
        return engine.connect(host, stop)

    return type(engine)(**{**vars(engine), "connect": connect})
