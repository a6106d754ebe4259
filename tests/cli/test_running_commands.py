"""`tema run` and what follows it: exit codes, answers for people and for programs."""

import json

import pytest

CHECK = {"id": "file", "kind": "file_age"}


def only_run(tema):
    [run] = tema.json("runs")
    return run


@pytest.mark.parametrize(
    ("steps", "code", "state"),
    [
        ([{"command": ["true"]}], 0, "done"),
        ([{"command": ["sh", "-c", "exit 3"]}], 1, "failed"),
        ([{"command": {"run": ["sleep", "9"], "timeout": 0.2}}], 3, "unknown"),
        ([{"command": ["no-such-program"]}], 1, "failed"),
        ([{"manual": {"ja": "見る", "en": "Look"}}], 4, "waiting"),
        ([{"checks": [{"id": "disk", "kind": "disk", "warn": "101", "crit": "102"}]}], 0, "done"),
        ([{"checks": [{"id": "disk", "kind": "disk", "warn": "0", "crit": "100"}]}], 0, "done"),
        ([{"checks": [{"id": "disk", "kind": "disk", "crit": "0"}]}], 1, "done"),
    ],
)
def test_the_exit_code_of_a_run_tells_how_it_ended(tema, steps, code, state):
    tema.runbook("sample", steps=steps)
    ended = tema.run("run", "sample", "--json")
    answer = json.loads(ended.stdout)
    assert (ended.returncode, answer["exit"], answer["state"]) == (code, code, state)
    assert ended.stderr == ""


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_a_run_answers_a_person_in_their_language_with_progress_on_stderr(tema, lang):
    ended = tema.run("run", "good", "--lang", lang)
    assert ended.returncode == 0
    assert {"ja": "見本 good", "en": "Sample good"}[lang] in ended.stdout
    assert "| hello" in ended.stdout
    assert only_run(tema)["id"] in ended.stdout
    assert "[1/1]" in ended.stderr
    assert "cli." not in ended.stdout + ended.stderr


def test_parameters_reach_the_run_as_they_were_typed(tema):
    ended = tema.run("run", "good", "-p", "word=a=b; rm -rf /", "--ticket", "INC-1", "--for", "bob", "--reason", "朝")
    assert "| a=b; rm -rf /" in ended.stdout
    run = only_run(tema)
    assert (run["ticket"], run["beneficiary"], run["inputs"]) == ("INC-1", "bob", {"word": "a=b; rm -rf /"})
    first = tema.json("audit", "show", "--run", run["id"], "--kind", "run_requested")[0]["draft"]
    assert (first["reason"], first["actor"], first["ticket"]) == ("朝", "alice", "INC-1")


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["run", "good", "-p", "word"], "cli.bad-parameter"),
        (["run", "good", "-p", "=x"], "cli.bad-parameter"),
        (["run", "good", "-p", "word=a", "-p", "word=b"], "cli.bad-parameter"),
        (["run", "good", "-p", "wrd=x"], "runbooks.bad-inputs"),
        (["run", "good", "-p", "word=a\nb"], "runbooks.bad-inputs"),
        (["run", "good", "-p", "word=-x"], "runbooks.bad-inputs"),
        (["run", "god"], "opening.unknown-runbook"),
        (["run", "good", "--nope"], "cli.usage"),
        (["run"], "cli.usage"),
        (["nope"], "cli.usage"),
        (["resume", "nothing"], "runs.no-run"),
        (["runs", "nothing"], "runs.no-run"),
        (["runs", "--limit", "0"], "cli.usage"),
    ],
)
def test_what_was_typed_wrong_is_said_and_nothing_runs(tema, words, error):
    tema.run("runbooks")
    told = tema.run(*words)
    assert told.returncode == 2
    assert told.stdout == ""
    assert told.stderr
    answer = tema.run(*words, "--json")
    assert answer.returncode == 2
    parsed = json.loads(answer.stdout)
    assert parsed["error"] == error
    assert parsed["message"]
    assert parsed["next"]
    assert not (tema.root / "marks").exists()
    assert tema.json("runs") == []


def test_an_unknown_runbook_is_answered_with_the_closest_one(tema):
    assert "good" in tema.run("run", "god").stderr


def test_a_dry_run_shows_the_plan_and_touches_nothing(tema):
    ended = tema.run("run", "good", "--dry-run")
    assert ended.returncode == 0
    assert "sh -c" in ended.stdout
    assert not (tema.root / "marks").exists()
    plan = tema.json("run", "good", "--dry-run")
    assert plan["digest"].startswith("sha256:")
    assert [change["target"] for change in plan["changes"]] == ["localhost"]
    assert tema.json("runs") == []


@pytest.fixture
def waiting(tema):
    steps = [{"id": "look", "manual": {"ja": "ランプを見る", "en": "Look at the lamp"}}, {"id": "go", "command": ["echo", "went"]}]
    tema.runbook("asks", steps=steps)
    ended = tema.run("run", "asks")
    assert ended.returncode == 4
    assert "Look at the lamp" in ended.stdout
    run = only_run(tema)["id"]
    assert f"tema resume {run}" in ended.stdout
    return run


def test_resume_says_that_the_step_is_done_and_goes_on(tema, waiting):
    assert tema.json("runs", "--waiting")[0]["wait"]["prompt"]["en"] == "Look at the lamp"
    ended = tema.run("resume", waiting, "--note", "点灯", "--minutes", "2.5", "--as", "bob")
    assert ended.returncode == 0
    assert "| went" in ended.stdout
    decision = tema.json("audit", "show", "--run", waiting, "--kind", "decision")[0]["draft"]
    assert (decision["actor"], decision["human_seconds"], decision["body"]["note"]) == ("bob", 150, "点灯")
    assert tema.json("runs", "--waiting") == []


def test_resume_can_refuse(tema, waiting):
    ended = tema.run("resume", waiting, "--refuse", "--note", "煙")
    assert ended.returncode == 5
    assert "煙" in ended.stdout
    assert tema.run("resume", waiting).returncode == 5  # it is over; the answer is the same, and nothing happens
    refused = tema.run("resume", waiting, "--refuse")
    assert refused.returncode == 2
    assert "refused" in refused.stderr


def test_cancel_ends_a_waiting_run_and_says_so_twice_wrongly(tema, waiting):
    assert tema.run("cancel", waiting, "--reason", "延期").returncode == 0
    assert only_run(tema)["state"] == "cancelled"
    again = tema.run("cancel", waiting, "--reason", "延期")
    assert again.returncode == 2
    assert waiting in again.stderr
    assert tema.run("resume", waiting).returncode == 5


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_runs_lists_and_tells(tema, lang):
    none = tema.run("runbooks") and tema.run("runs", "--lang", lang)
    assert (none.returncode, none.stdout.count("\n")) == (0, 1)
    tema.run("run", "good", "--for", "bob", "--ticket", "T-1")
    run = only_run(tema)
    listed = tema.run("runs", "--lang", lang).stdout
    assert run["id"] in listed
    told = tema.run("runs", run["id"], "--lang", lang).stdout
    for word in ("good", "alice", "bob", "T-1", "| hello"):
        assert word in told
    assert "cli." not in listed + told
    assert tema.json("runs", run["id"])["steps"][0]["rows"][0]["output"] == "hello"


def test_the_emergency_stop_needs_a_reason_stops_new_runs_and_is_lifted(tema, waiting):
    for words in (["stop"], ["stop", "--lift"], ["stop", "--reason", "  "]):
        assert tema.run(*words).returncode == 2
    assert tema.run("stop", "--reason", "誤動作").returncode == 0
    assert only_run(tema)["state"] == "cancelled"
    refused = tema.run("run", "good", "--json")
    assert refused.returncode == 5
    assert json.loads(refused.stdout)["error"] == "runs.stopped"
    assert "誤動作" in json.loads(refused.stdout)["message"]
    assert tema.run("stop", "--lift", "--reason", "確認済み").returncode == 0
    assert "No emergency stop" in tema.run("stop", "--lift", "--reason", "確認済み").stdout
    assert tema.run("run", "good").returncode == 0


def test_a_long_output_is_cut_on_the_terminal(tema):
    tema.runbook("long", steps=[{"command": ["seq", "100"]}])
    out = tema.run("run", "long").stdout
    assert out.count("    | ") == 21
    assert "80" in out


@pytest.mark.parametrize(
    ("words", "env", "expected"),
    [
        (["--lang", "en", "runs"], {"TEMA_LANG": "ja"}, "There are no runs"),
        (["runs", "--lang", "en"], {"TEMA_LANG": "ja"}, "There are no runs"),
        (["runs", "--lang=ja"], {"TEMA_LANG": "en"}, "実行"),
        (["runs"], {"TEMA_LANG": "en"}, "There are no runs"),
        (["runs"], {"TEMA_LANG": "ja"}, "実行"),
        (["runs"], {"TEMA_LANG": ""}, "実行"),  # the workspace's first language
    ],
)
def test_the_language_of_the_terminal(tema, words, env, expected):
    tema.run("runbooks")
    assert expected in tema.run(*words, env=env).stdout


@pytest.mark.parametrize("words", [["--lang", "fr", "runs"], ["runs", "--lang=fr"], ["runs", "--lang"]])
def test_a_language_that_is_not_spoken_is_refused(tema, words):
    told = tema.run(*words)
    assert told.returncode == 2
    assert "--lang ja" in told.stderr


def test_without_a_workspace_the_locale_decides_and_the_error_says_what_to_do(tema, tmp_path_factory):
    tema.root = tmp_path_factory.mktemp("elsewhere")
    for locale, word in (("ja_JP.UTF-8", "tema init"), ("C", "tema init")):
        told = tema.run("runs", env={"TEMA_LANG": "", "LC_ALL": locale})
        assert (told.returncode, word in told.stderr) == (2, True)


def test_the_version_and_the_help_are_told(tema):
    assert tema.run("--version").stdout.startswith("temanashi ")
    helped = tema.run("--help")
    assert helped.returncode == 0
    for command in ("run", "resume", "publish", "audit", "up", "doctor", "report"):
        assert command in helped.stdout
    assert tema.run("run", "--help").returncode == 0
