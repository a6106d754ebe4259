"""`tema check replay` and `tema check again`."""

import json

import pytest

from temanashi.clock import SystemClock
from temanashi.ledger.database import open_database
from temanashi.ledger.ledger import Ledger
from temanashi.ledger.pruning import prune
from temanashi.people import Actor


@pytest.fixture
def site(tema):
    tema.hosts("web1", "web2")
    age = {"id": "age", "kind": "file_age", "path": str(tema.root / "pyproject.toml")}
    word = {"id": "word", "kind": "command", "run": ["cat", str(tema.root / "word")], "stdout": "good"}
    tema.runbook(
        "look",
        steps=[
            {"id": "files", "checks": [age, word, {**word, "id": "below", "parents": ["word"]}]},
            {"id": "echo", "command": ["sh", "-c", "echo x >> marks"]},
            {"id": "later", "checks": [age]},
        ],
        targets="web*",
    )
    tema.write("word", "bad")
    tema.run("publish")
    return tema


def ran(site, *words):
    done = site.run("run", "look", "--json", *words)
    return json.loads(done.stdout)["run"] if "run" in json.loads(done.stdout) else json.loads(done.stdout)["id"]


def test_the_evidence_of_a_run_gives_the_same_verdicts_again(site):
    run = ran(site)
    done = site.run("check", "replay", run)
    assert (done.returncode, done.stdout) == (0, "○ All 8 verdicts are equal to the record.\n")
    told = site.json("check", "replay", run)
    assert (told["answer"], told["exit"], len(told["checks"])) == ("equal", 0, 8)
    assert {one["recorded"] for one in told["checks"]} == {"OK", "CRITICAL", "SKIPPED"}


def edited(site, change):
    """The bodies of the record, changed behind the ledger's back."""
    import sqlite3

    with sqlite3.connect(site.root / ".tema" / "temanashi.db") as raw:
        raw.execute("DROP TRIGGER IF EXISTS ledger_body_no_update")
        for name, sql in raw.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall():
            if "ledger_body" in sql:
                raw.execute(f"DROP TRIGGER {name}")
        for seq, text in raw.execute("SELECT seq, text FROM ledger_body").fetchall():
            raw.execute("UPDATE ledger_body SET text = ? WHERE seq = ?", (change(text), seq))


def test_a_verdict_that_the_evidence_does_not_give_is_told(site):
    run = ran(site)
    edited(site, lambda text: text.replace('"verdict":"CRITICAL"', '"verdict":"OK"'))
    done = site.run("check", "replay", run)
    assert done.returncode == 1
    assert "files/word@web1" in done.stdout
    assert "verdict" in done.stdout


def test_evidence_that_was_pruned_can_tell_nothing(site):
    run = ran(site)
    clock = SystemClock()
    database = open_database(f"sqlite:///{site.root / '.tema' / 'temanashi.db'}", clock=clock)
    with database.transaction() as connection:
        prune(connection, Ledger(database, clock=clock), before=clock.now(), actor=Actor(name="alice"))
    database.close()
    done = site.run("check", "replay", run)
    assert done.returncode == 2
    assert "pruned" in done.stdout


def test_a_run_without_checks_and_one_that_is_not_there_are_refused(site):
    site.run("run", "good")
    good = site.json("runs")
    first = (good if isinstance(good, list) else good["runs"])[0]["id"]
    done = site.run("check", "replay", first)
    assert (done.returncode, "no check" in done.stderr) == (2, True)
    assert site.run("check", "replay", "nothing").returncode == 2


def test_only_what_was_wrong_is_measured_again_and_nothing_else_is_done(site):
    run = ran(site)
    site.write("word", "good")
    done = site.run("check", "again", run, "--json")
    view = json.loads(done.stdout)
    assert done.returncode == 0
    names = {(d["check"], row["target"]) for step in view["steps"] for row in step["rows"] for d in row["details"] if "check" in d}
    assert names == {(check, host) for check in ("word", "below") for host in ("web1", "web2")}
    assert [row["state"] for step in view["steps"] if step["step"] in {"echo", "later"} for row in step["rows"]] == ["skipped"] * 2
    assert (site.root / "marks").read_text().split() == ["x", "x"]


def test_the_new_run_names_the_old_one_and_moves_the_states(site):
    run = ran(site)
    assert len(site.json("problems")["problems"]) == 2
    site.write("word", "good")
    again = json.loads(site.run("check", "again", run, "--json").stdout)
    assert site.json("problems")["problems"] == []
    records = site.run("audit", "show", again.get("run") or again["id"])
    assert records.returncode in {0, 2}


def test_a_run_in_which_all_was_good_has_nothing_to_measure_again(site):
    site.write("word", "good")
    run = ran(site)
    done = site.run("check", "again", run)
    assert done.returncode == 2
    assert "--all" in done.stderr


def test_a_check_that_has_left_the_runbook_is_not_measured_again(site):
    run = ran(site)
    site.runbook("look", steps=[{"id": "other", "checks": [{"id": "load", "kind": "load"}]}], targets="web*")
    site.run("publish")
    assert site.run("check", "again", run).returncode == 2
