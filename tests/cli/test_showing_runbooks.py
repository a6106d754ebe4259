"""`tema runbooks show`: what the page of a runbook tells, on the terminal."""

import json

import pytest


@pytest.fixture
def shop(tema):
    tema.runbook(
        "count-cash",
        steps=[{"id": "count", "command": {"run": ["true"], "reads": True}, "retries": 2}],
        parameters=[
            {"name": "branch", "title": {"ja": "支店", "en": "Branch"}, "hint": {"ja": "例: 東京", "en": "Example: Tokyo"}}
        ],
        schedules=[{"at": "08:00", "days": "business_day", "parameters": {"branch": "tokyo"}}],
        toil={"demand": "request", "minutes": 7},
    )
    return tema


def test_it_tells_everything(shop):
    assert shop.run("run", "count-cash", "-p", "branch=x", "--as", "alice").returncode == 0
    said = shop.run("runbooks", "show", "count-cash", "--lang", "ja")
    assert said.returncode == 0, said.stderr
    words = (
        "見本 count-cash (count-cash)",
        "試験用です。",
        "だれでも実行できます",
        "-p branch=",
        "例: 東京",
        "1. count",
        "あと2回まで",
    )
    more = ("alice", "08:00", "1回7分という提案", "第1版", "新しく公開")
    assert [word for word in (*words, *more) if word not in said.stdout] == []
    english = shop.run("runbooks", "show", "count-cash", "--lang", "en").stdout
    assert "up to 2 times" in english


def test_a_program_gets_the_same_as_json(shop):
    shop.run("publish")
    told = json.loads(shop.run("runbooks", "show", "count-cash", "--json").stdout)
    assert told["runbook"]["id"] == "count-cash"
    assert (told["last"], told["last_good"]) == (None, None)
    assert len(told["schedules"][0]["starts"]) == 3
    assert [edition["change"] for edition in told["editions"]] == ["added"]


def test_an_unknown_runbook_is_said_so_with_the_closest(shop):
    said = shop.run("runbooks", "show", "count-csh")
    assert said.returncode == 2
    assert "count-cash" in said.stderr


def test_the_list_is_still_there(shop):
    assert "count-cash" in shop.run("runbooks").stdout
