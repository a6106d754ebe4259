"""Four eyes as people type them: `tema run`, `approvals`, `approve`, `refuse`, `request-again`, `--emergency`."""

from __future__ import annotations

import json

import pytest

PEOPLE = {
    "people": {
        "yamada": {"name": "山田 花子"},
        "sato": {"name": "佐藤 次郎"},
        "suzuki": {"name": "鈴木 一郎"},
    },
    "groups": {"ops-leads": ["sato", "suzuki"]},
    "roles": {"emergency": ["yamada"]},
}


@pytest.fixture
def place(tema):
    tema.write("runbooks/site/people.yaml", json.dumps(PEOPLE, ensure_ascii=False))
    file = str(tema.root / "lines")
    steps = [{"id": "act", "command": ["sh", "-c", 'echo done >> "$1"', "sh", file]}]
    tema.runbook("guarded", steps=steps, approve={"by": "group:ops-leads"})
    tema.runbook("twice", steps=steps, approve={"by": "group:ops-leads", "count": 2})
    tema.runbook("kept", steps=steps, allow=["sato"])
    return tema


def begun(place, *more, runbook="guarded"):
    asked = place.run("run", runbook, "--as", "yamada", "--json", *more)
    return json.loads(asked.stdout)["id"], asked.returncode


def lines(place):
    file = place.root / "lines"
    return file.read_text().split() if file.exists() else []


def test_a_run_waits_says_what_to_do_and_goes_on_when_somebody_else_approves(place):
    said = place.run("run", "guarded", "--as", "YAMADA", "--reason", "月次")
    assert said.returncode == 4
    assert "tema approve" in said.stdout
    assert "山田 花子" in said.stdout
    run = place.json("approvals")[0]["run"]
    own = place.run("approve", run, "--as", "山田花子")
    assert own.returncode == 2
    assert "never" in own.stderr or "cannot" in own.stderr or "neither" in own.stderr
    assert lines(place) == []
    ended = place.run("approve", run, "--as", "sato", "--note", "読みました")
    assert ended.returncode == 0, ended.stderr
    assert lines(place) == ["done"]
    assert place.json("approvals") == []


def test_the_list_tells_whose_turn_it_is_and_one_request_shows_its_plan(place):
    run, _ = begun(place, "--for", "経理部", "--reason", "月次")
    told = place.run("approvals", "--as", "sato").stdout
    assert run in told
    assert "1 waiting for approval (1 that you may answer)" in told
    assert "佐藤 次郎, 鈴木 一郎" in told
    mine = place.run("approvals", "--as", "yamada", "--mine")
    assert "Nothing waits" in mine.stdout
    shown = place.run("approvals", run, "--as", "sato", env={"TEMA_LANG": "ja"}).stdout
    assert "echo done" in shown
    assert "tema refuse" in shown
    assert place.run("approvals", run, "--as", "yamada").stdout.count("tema approve") == 1
    (found,) = place.json("approvals", "--as", "sato")
    assert (found["mine"], found["beneficiary"], found["needed"]) == (True, "経理部", 1)


def test_two_approvals_and_the_first_of_them_is_told(place):
    run, _ = begun(place, runbook="twice")
    first = place.run("approve", run, "--as", "sato", "--note", "よし")
    assert first.returncode == 4
    assert "Approved: 佐藤 次郎 よし" in place.run("approvals", run).stdout
    assert place.run("approve", run, "--as", "ＳＡＴＯ").returncode == 2
    assert place.run("approve", run, "--as", "suzuki").returncode == 0


def test_a_refusal_needs_a_reason_and_ends_the_run(place):
    run, _ = begun(place)
    bare = place.run("refuse", run, "--as", "sato")
    assert bare.returncode == 2
    assert "--note" in bare.stderr
    ended = place.run("refuse", run, "--as", "sato", "--note", "日程が合いません")
    assert ended.returncode == 5
    assert "日程が合いません" in ended.stdout
    assert lines(place) == []
    gone = place.run("approvals", run)
    assert gone.returncode == 2
    assert run in gone.stderr


def test_another_digest_is_another_plan(place):
    run, _ = begun(place)
    digest = place.json("approvals")[0]["digest"]
    wrong = place.run("approve", run, "--as", "sato", "--digest", "0123456789ab")
    assert wrong.returncode == 2
    assert place.run("approve", run, "--as", "sato", "--digest", digest[7:19]).returncode == 0


def test_resume_does_not_approve(place):
    run, _ = begun(place)
    assert place.run("resume", run, "--as", "sato").returncode == 4
    assert lines(place) == []
    assert place.run("resume", run, "--refuse", "--note", "中止", "--as", "sato").returncode == 5


def test_a_refused_run_is_asked_for_again_in_one_step(place):
    run, _ = begun(place)
    early = place.run("request-again", run, "--as", "yamada")
    assert early.returncode == 2
    place.run("refuse", run, "--as", "sato", "--note", "まだ")
    assert place.run("request-again", run, "--as", "yamada", "--reason", "直しました").returncode == 4
    again = place.json("approvals")[0]
    assert again["again"]
    shown = place.run("approvals", again["run"], "--as", "suzuki").stdout
    assert "What changed since" in shown
    assert "Nothing." in shown
    place.runbook(
        "guarded",
        steps=[{"id": "act", "command": ["sh", "-c", 'echo other >> "$1"', "sh", str(place.root / "lines")]}],
        approve={"by": "group:ops-leads"},
    )
    place.run("refuse", again["run"], "--as", "sato", "--note", "まだ")
    published = place.run("publish", "--as", "ops")
    assert published.returncode in {0, 4}, published.stderr
    place.run("publish", "--approve", "2", "--as", "suzuki")
    place.run("request-again", again["run"], "--as", "yamada")
    third = place.json("approvals")[0]
    told = place.run("approvals", third["run"], "--as", "suzuki").stdout
    assert "version changed" in told
    assert "echo other" in told


def test_an_emergency_runs_at_once_and_stays_on_the_list_until_it_is_approved(place):
    bare = place.run("run", "guarded", "--emergency", "--as", "yamada")
    assert bare.returncode == 2
    assert "--reason" in bare.stderr
    other = place.run("run", "guarded", "--emergency", "--as", "sato", "--reason", "停止")
    assert other.returncode == 2
    assert "山田 花子" in other.stderr
    run, code = begun(place, "--emergency", "--reason", "全停止")
    assert code == 0
    assert lines(place) == ["done"]
    assert "Ran as an emergency" in place.run("approvals").stdout
    assert place.run("approve", run, "--as", "yamada").returncode == 2
    assert "recorded" in place.run("approve", run, "--as", "sato", "--note", "確認").stdout
    assert place.json("approvals") == []
    second, _ = begun(place, "--emergency", "--reason", "全停止")
    assert "tema undo" in place.run("refuse", second, "--as", "sato", "--note", "不要でした").stdout


def test_an_emergency_is_not_handed_to_the_server(place):
    told = place.run("run", "guarded", "--emergency", "--submit", "--as", "yamada", "--reason", "停止")
    assert told.returncode == 2
    assert "--submit" in told.stderr
    assert lines(place) == []


def test_only_who_is_allowed_runs(place):
    assert place.run("run", "kept", "--as", "yamada").returncode == 2
    assert place.run("run", "kept", "--dry-run", "--as", "yamada").returncode == 2
    assert place.run("run", "kept", "--as", "佐藤次郎").returncode == 0


def test_a_run_that_there_is_not_is_said(place):
    begun(place)
    for words in (("approvals", "0000"), ("approve", "0000"), ("request-again", "0000")):
        told = place.run(*words)
        assert told.returncode == 2
        assert "tema runs" in told.stderr
