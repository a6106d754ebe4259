"""`tema hold`, `unhold`, `skip`, `holds`, `expected`: what people type, and what they are told."""

import json

import pytest

HOURLY = [{"id": "hourly", "cron": "0 * * * *"}]


@pytest.fixture
def tema(tema):
    tema.runbook("nightly", steps=[{"command": ["true"]}], schedules=HOURLY)
    assert tema.run("publish").returncode == 0
    return tema


def test_a_runbook_is_held_until_a_day_and_lifted_by_name(tema):
    held = tema.run("hold", "nightly", "--until", "2099-12-01", "--reason", "棚卸し")
    assert held.returncode == 0
    assert "nightly is held until 2099-12-02 00:00" in held.stdout
    [hold] = tema.json("holds")["holds"]
    assert (hold["runbook"], hold["schedule"], hold["actor"], hold["reason"]) == ("nightly", "", "alice", "棚卸し")
    assert "棚卸し" in tema.run("holds").stdout
    assert "nightly" in tema.run("unhold", "nightly", "--reason", "done").stdout
    assert tema.json("holds") == {"holds": [], "skips": []}
    assert "Nothing is held" in tema.run("holds").stdout


def test_one_schedule_or_all_of_them_can_be_held_and_lifted_by_id(tema):
    one = json.loads(tema.run("hold", "nightly/hourly", "--until", "3d", "--reason", "x", "--json").stdout)
    assert (one["runbook"], one["schedule"]) == ("nightly", "hourly")
    all_of_them = tema.run("hold", "--all", "--open", "--remind-days", "3", "--reason", "move")
    assert "reminder every 3 days" in all_of_them.stdout
    assert tema.run("unhold", one["id"]).returncode == 0
    assert tema.run("unhold", "--all").returncode == 0
    assert tema.json("holds")["holds"] == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["hold", "nightly", "--reason", "x"], "until when"),
        (["hold", "--until", "3d", "--reason", "x"], "until when"),
        (["hold", "nightly", "--all", "--until", "3d", "--reason", "x"], "until when"),
        (["hold", "nightly", "--until", "3d", "--open", "--reason", "x"], "until when"),
        (["hold", "nightly", "--until", "3d"], "--reason"),
        (["hold", "nightly", "--until", "soon", "--reason", "x"], "soon"),
        (["hold", "nightly", "--until", "2020-01-01", "--reason", "x"], "2020-01-02"),
        (["hold", "nightli", "--until", "3d", "--reason", "x"], "nightly"),
        (["hold", "nightly/hourli", "--until", "3d", "--reason", "x"], "hourly"),
        (["unhold"], "until when"),
        (["unhold", "nightly"], "tema holds"),
        (["unhold", "--all"], "tema holds"),
        (["skip", "nightly"], "--reason"),
        (["skip", "nightly", "--date", "tomorrow", "--reason", "x"], "tomorrow"),
        (["skip", "nightly", "--date", "2020-01-01", "--reason", "x"], "The next one is planned for"),
        (["skip", "nightly", "--lift"], "tema holds"),
        (["skip", "nightly", "--lift", "--date", "2099-01-01"], "2099-01-01"),
        (["expected", "--date", "1/2"], "1/2"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_nothing_is_written(tema, words, told):
    ended = tema.run(*words)
    assert ended.returncode == 2
    assert told in ended.stderr
    assert tema.json("holds") == {"holds": [], "skips": []}


@pytest.mark.parametrize("words", [["hold"], ["skip", "nightly"], ["unhold", "nightly"], ["hold", "nightly/x", "--until", "x"]])
def test_refusals_are_in_japanese_too(tema, words):
    ended = tema.run(*words, "--lang", "ja")
    assert "何も変" in ended.stderr


def test_the_next_occurrence_is_skipped_and_the_skip_taken_back(tema):
    skipped = json.loads(tema.run("skip", "nightly", "--reason", "party", "--json").stdout)
    assert skipped["starts"] == [skipped["starts"][0]]
    assert skipped["schedule"] == "hourly"
    [listed] = tema.json("holds")["skips"]
    assert listed["at"] is not None
    assert "party" in tema.run("holds").stdout
    assert tema.run("skip", "nightly/hourly", "--lift").returncode == 0
    assert tema.json("holds")["skips"] == []


def test_a_whole_day_is_skipped(tema):
    ended = tema.run("skip", "nightly", "--date", "2099-12-01", "--reason", "closed")
    assert ended.stdout.count("2099-12-01") == 24
    [listed] = tema.json("holds")["skips"]
    assert (listed["day"], listed["at"]) == ("2099-12-01", None)


def test_a_day_to_come_is_told_with_what_is_planned(tema):
    ended = tema.run("expected", "--date", "2099-12-01")
    assert ended.returncode == 0
    assert ended.stdout.count("planned  nightly/hourly") == 24
    told = tema.json("expected", "--date", "2099-12-01")
    assert {one["state"] for one in told["occurrences"]} == {"planned"}
    assert "Nothing is planned" in tema.run("expected", "--date", "2020-12-01").stdout


def test_a_day_on_which_something_did_not_run_exits_with_1(tema):
    from datetime import UTC, datetime

    from temanashi.runs.expected import expect, settle_occurrence, stamp
    from temanashi.text import phrase
    from temanashi.workspace.opening import open_installation

    moment = datetime(2026, 1, 5, 0, 0, tzinfo=UTC)
    with open_installation(tema.root) as opened, opened.database.transaction() as connection:
        expect(connection, "nightly", "hourly", moment, slot=moment.date(), version="v", due=moment, now=moment)
        settle_occurrence(connection, ("nightly", "hourly", stamp(moment)), "missing", reason=phrase("runs.nothing-heard"))
    ended = tema.run("expected", "--date", "2026-01-05")
    assert ended.returncode == 1
    assert "2026-01-05 09:00  did not start  nightly/hourly  Nothing started at its time." in ended.stdout
    told = json.loads(tema.run("expected", "--date", "2026-01-05", "--json").stdout)
    assert told["exit"] == 1
    assert [one["bad"] for one in told["occurrences"]] == [True]


def test_a_second_run_in_the_terminal_is_refused_while_the_first_one_waits(tema):
    tema.runbook("by-hand", steps=[{"manual": {"ja": "見る", "en": "Look"}}], overlap="skip")
    tema.run("publish")
    first = tema.run("run", "by-hand", "--json")
    assert first.returncode == 4
    second = tema.run("run", "by-hand")
    assert second.returncode == 2
    assert json.loads(first.stdout)["id"] in second.stderr
