"""`tema heartbeat` as a person types it, and a check that reads what was heard."""

from __future__ import annotations

import pytest

from temanashi.runs.heartbeat_rows import Ping, hear
from temanashi.workspace.opening import open_installation

CHECK = {"id": "backup", "kind": "heartbeat", "name": "eod-backup", "period": "24h"}


@pytest.fixture
def token(tema):
    return tema.json("heartbeat", "new", "eod-backup")["url"].rpartition("/")[2]


def ping(tema, token, **told):
    with open_installation(tema.root) as opened, opened.database.transaction() as connection:
        assert hear(connection, token, Ping(**told), now=opened.clock.now())


def test_an_address_is_told_once_with_how_to_use_it(tema):
    done = tema.run("heartbeat", "new", "eod-backup")
    assert done.returncode == 0
    address = done.stdout.splitlines()[1].strip()
    assert address.startswith("http://127.0.0.1:4200/tema/ping/")
    assert f"curl -fsS -m 10 --retry 5 -o /dev/null {address}/$?" in done.stderr
    assert address.rpartition("/")[2] not in tema.run("heartbeat", "list").stdout


def test_what_was_heard_is_listed(tema, token):
    assert "eod-backup  no ping yet" in tema.run("heartbeat", "list").stdout
    ping(tema, token, exit=None)
    assert "running since" in tema.run("heartbeat", "list").stdout
    ping(tema, token, exit=0)
    assert "ended well" in tema.run("heartbeat", "list").stdout
    ping(tema, token, exit=4, said="disk full")
    assert "(exit status 4)" in tema.run("heartbeat", "list").stdout
    (listed,) = tema.json("heartbeat", "list")
    assert (listed["name"], listed["exit"], listed["said"]) == ("eod-backup", 4, "disk full")


def test_a_new_address_and_none(tema, token):
    assert tema.json("heartbeat", "renew", "eod-backup")["url"].rpartition("/")[2] != token
    assert "is forgotten" in tema.run("heartbeat", "remove", "eod-backup").stdout
    assert tema.json("heartbeat", "list") == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("new", "eod-backup"), "There is a heartbeat eod-backup already"),
        (("new", "EOD backup"), "cannot be the name of a heartbeat"),
        (("renew", "eod-backp"), "no heartbeat eod-backp; close: eod-backup"),
        (("remove", "nothing-like-it"), "no heartbeat nothing-like-it; close: eod-backup"),
    ],
)
def test_a_mistake_is_told_with_what_to_do(tema, token, words, said):
    done = tema.run("heartbeat", *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Next: " in done.stderr


def test_a_check_of_a_run_reads_what_was_heard(tema, token):
    tema.runbook("morning", steps=[{"id": "look", "checks": [CHECK]}], targets="localhost")
    verdicts = []
    for told in (None, {"exit": 0}, {"exit": 1, "said": "disk full"}):
        if told:
            ping(tema, token, **told)
        tema.run("publish")
        verdicts.append(tema.run("run", "morning").stdout)
    assert "has not told of itself yet" in verdicts[0]
    assert "ended well" in verdicts[1]
    assert "disk full" in verdicts[2]


def test_ranges_by_time_of_a_run_follow_the_calendars_of_the_workspace(tema):
    def orders(calendar):
        row = {"days": ["business_day", "closed_day"], "calendar": calendar, "crit": "~:0"}
        run = {"run": ["echo", "1"], "value": "([0-9]+)"}
        return {"id": calendar, "kind": "command", **run, "by_time": [row, {"to": "47:00", "crit": "~:0"}]}

    tema.write("runbooks/site/calendar.yaml", "base: tse\ncalendars:\n  night: {base: japan}\n")
    tema.runbook("kpi", steps=[{"id": "look", "checks": [orders("company"), orders("night")]}], targets="localhost")
    tema.run("publish")
    assert tema.run("run", "kpi").stdout.count("echo says 1 (threshold 0)") == 2
    tema.runbook("kpi", steps=[{"id": "look", "checks": [orders("nobody")]}], targets="localhost")
    done = tema.run("validate")
    assert (done.returncode, "nobody" in done.stdout + done.stderr) == (2, True)
