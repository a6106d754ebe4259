"""`tema problems`, `tema ack` and `tema maintenance`, as a person uses them."""

import json
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest


@pytest.fixture
def site(tema):
    tema.hosts("web1", "web2")
    word = {
        "id": "word",
        "kind": "command",
        "title": {"ja": "言葉", "en": "The word"},
        "run": ["cat", str(tema.root / "word")],
        "stdout": "good",
    }
    tema.runbook("look", steps=[{"id": "files", "checks": [word]}], targets="web*")
    tema.write("word", "bad")
    tema.run("publish")
    tema.run("run", "look")
    return tema


def only(site):
    return site.json("problems")["problems"][0]


def test_open_problems_are_listed_with_what_to_name_them_by(site):
    done = site.run("problems")
    assert done.returncode == 1
    assert "2 problems are open, 2 of them to be alerted" in done.stdout
    assert "web1  look/The word" in done.stdout
    assert only(site)["id"] in done.stdout


def test_nothing_wrong_is_said_first(site):
    site.write("word", "good")
    site.run("run", "look")
    done = site.run("problems", env={"TEMA_LANG": "ja"})
    assert (done.returncode, done.stdout) == (0, "○ 未解決の問題はありません。\n")


def test_problems_of_one_runbook(site):
    assert site.json("problems", "--runbook", "other")["problems"] == []


def test_an_acknowledgement_says_who_until_when_and_why(site):
    done = site.run("ack", only(site)["id"], "--for", "2h", "--reason", "vendor is called")
    assert done.returncode == 0
    assert done.stdout.startswith("1 acknowledged until 20")
    assert "acknowledged by alice" in site.run("problems").stdout
    acked = [one["acknowledged"] for one in site.json("problems")["problems"]]
    assert [one["reason"] for one in acked if one] == ["vendor is called"]


def test_everything_of_a_run_that_a_check_found_can_be_acknowledged_and_then_nothing_is_loud(site):
    run = only(site)["run"]
    told = json.loads(site.run("ack", f"{run}/word", "--until", "2099-12-31", "--reason", "known", "--json").stdout)
    assert len(told) == 2
    assert site.run("problems").returncode == 0
    done = site.run("ack", f"{run}/word", "--withdraw")
    assert done.stdout == "2 acknowledgements taken back.\n"
    assert site.run("problems").returncode == 1
    assert json.loads(site.run("ack", f"{run}/word", "--withdraw", "--json").stdout) == {"withdrawn": 0}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["x", "--reason", "y"], "no end, or two"),
        (["x", "--reason", "y", "--for", "2h", "--until", "2099-01-01"], "no end, or two"),
        (["x", "--for", "2h"], "reason"),
        (["x", "--for", "2h", "--reason", "y"], "No open problem is called x"),
        (["x", "--for", "soon", "--reason", "y"], "soon"),
        (["x", "--withdraw"], "No open problem is called x"),
    ],
)
def test_an_acknowledgement_that_makes_no_sense_is_refused(site, words, said):
    done = site.run("ack", *words)
    assert done.returncode == 2
    assert said in done.stderr


def test_an_end_that_is_over_is_refused(site):
    assert "which is over" in site.run("ack", only(site)["id"], "--until", "2020-01-01", "--reason", "y").stderr


def test_maintenance_is_planned_shown_and_ended(site):
    assert site.run("maintenance", "list").stdout == "No maintenance is in force or planned.\n"
    done = site.run("maintenance", "add", "web1", "--to", "2h", "--reason", "new disk", "--runbook", "look")
    assert done.returncode == 0
    assert "alice: new disk (look)" in done.stdout
    (window,) = json.loads(site.run("maintenance", "list", "--json").stdout)
    assert window["id"] in site.run("maintenance", "list").stdout
    assert {one["target"]: bool(one["maintenance"]) for one in site.json("problems")["problems"]} == {"web1": True, "web2": False}
    assert "in maintenance until" in site.run("problems").stdout
    assert site.run("maintenance", "end", window["id"], "--reason", "done").stdout == "Maintenance of web1 is over.\n"
    assert site.run("maintenance", "end", window["id"]).returncode == 2


def test_maintenance_to_come_is_shown_as_json(site):
    made = json.loads(
        site.run("maintenance", "add", "all", "--from", "2099-01-01", "--to", "2099-01-02", "--reason", "x", "--json").stdout
    )
    assert (made["since"], made["until"]) == ("2099-01-01T00:00:00+09:00", "2099-01-03T00:00:00+09:00")
    assert not any(one["maintenance"] for one in site.json("problems")["problems"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["web1", "--to", "2h"], "reason"),
        (["nowhere", "--to", "2h", "--reason", "x"], "nowhere"),
        (["web1", "--from", "2h", "--to", "1h", "--reason", "x"], "before it begins"),
        (["web1", "--to", "whenever", "--reason", "x"], "whenever"),
        (["web1", "--to", "2h", "--runbook", "lok", "--reason", "x"], "look"),
    ],
)
def test_maintenance_that_makes_no_sense_is_refused(site, words, said):
    done = site.run("maintenance", "add", *words)
    assert done.returncode == 2
    assert said in done.stderr


def test_alerts_that_a_receiver_did_not_get_are_shown(tmp_path, site):
    settings = (site.root / "pyproject.toml").read_text()
    site.write("pyproject.toml", settings + 'notify = ["env:TEMA_NOT_SET"]\n')
    site.write("word", "good")
    site.run("run", "look")
    assert "have not reached notify:env:TEMA_NOT_SET yet" in site.run("problems").stdout
    assert site.json("problems")["unsent"] == [{"receiver": "notify:env:TEMA_NOT_SET", "state": "waiting", "count": 1}]


RULE = """windows:
  - {id: always, hosts: web1, checks: [look/word], at: "00:00", length: 2d, reason: {ja: 毎日の作業, en: Daily works}, owner: ops}
  - {id: yearly, hosts: all, at: "23:00", days: {month_day: 1, months: 4}, length: 3h, reason: {ja: 期初, en: New term}, owner: ops}
"""


def test_maintenance_of_a_file_comes_again_and_keeps_its_checks_quiet(site):
    site.write("runbooks/site/maintenance.yaml", RULE)
    assert site.run("validate").returncode == 0
    site.run("publish")
    shown = {one["target"]: one["maintenance"] for one in site.json("problems")["problems"]}
    assert shown["web2"] is None
    assert (shown["web1"]["id"], shown["web1"]["actor"]) == ("always", "ops")
    assert "in maintenance until" in site.run("problems").stdout
    listed = site.run("maintenance", "list").stdout.splitlines()
    assert listed[0].startswith("always  web1")
    assert listed[0].endswith("ops: Daily works (look/word) [every day, 00:00]")
    assert "New term" in listed[1]
    found = json.loads(site.run("maintenance", "list", "--json").stdout)
    assert [(one["id"], one["recurring"], one["checks"]) for one in found] == [
        ("always", True, ["look/word"]),
        ("yearly", True, []),
    ]


def test_only_this_time_of_maintenance_of_a_file_is_ended(site):
    site.write("runbooks/site/maintenance.yaml", RULE)
    site.run("publish")
    done = site.run("maintenance", "end", "always", "--reason", "done early")
    assert done.returncode == 0
    assert "Maintenance always from" in done.stdout
    assert "Its rule goes on." in done.stdout
    assert [one["maintenance"] for one in site.json("problems")["problems"]] == [None, None]
    listed = json.loads(site.run("maintenance", "list", "--json").stdout)
    assert [one["id"] for one in listed] == ["always", "yearly"]
    assert listed[0]["since"] > datetime.now(ZoneInfo("Asia/Tokyo")).isoformat()  # tomorrow's


def test_the_next_time_of_maintenance_of_a_file_is_taken_back(site):
    site.write("runbooks/site/maintenance.yaml", RULE)
    site.run("publish")
    before = json.loads(site.run("maintenance", "list", "--json").stdout)[1]
    assert site.run("maintenance", "end", "yearly").returncode == 0
    after = {one["id"]: one for one in json.loads(site.run("maintenance", "list", "--json").stdout)}
    assert "yearly" not in after or after["yearly"]["since"] > before["until"]
    assert site.run("maintenance", "end", "always").returncode == 0


def test_maintenance_of_a_file_that_is_idle_has_nothing_to_end(site):
    site.write("runbooks/site/maintenance.yaml", RULE.replace("checks:", "active: false, checks:"))
    site.run("publish")
    done = site.run("maintenance", "end", "always")
    assert done.returncode == 2
    assert "does not begin within a year" in done.stderr
    assert [one["maintenance"] for one in site.json("problems")["problems"]] == [None, None]
    assert "do not begin within a year" in site.run("maintenance", "list").stderr
