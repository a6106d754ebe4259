"""`tema exec`: a typed command is planned, journalled and recorded like any run, and keeps the site's rules."""

import json

import pytest

from temanashi.people import Actor
from temanashi.runs.approvals.faults import OwnRequest
from temanashi.runs.decisions import decide
from temanashi.workspace.opening import open_installation

PEOPLE = {
    "people": {"alice": {"name": "Alice"}, "bob": {"name": "Bob"}},
    "groups": {"leads": ["bob"]},
}


@pytest.fixture
def site(tema):
    def make(hosts=None, **more):
        names = hosts or {"web1": {}, "web2": {}, "db1": {"tags": ["prod"]}}
        data = {"hosts": {name: {"transport": "local", **fields} for name, fields in names.items()}} | more
        tema.write("runbooks/site/hosts.yaml", json.dumps(data))
        return tema

    return make


def approve(tema, run, name):
    with open_installation(tema.root) as installation:
        decide(installation.engine(), run, actor=Actor(name=name), channel="page", verdict="approved")


def records(tema, **how):
    words = [word for name, value in how.items() for word in (f"--{name}", value)]
    return [record["draft"] for record in tema.json("audit", "show", *words)]


def test_hosts_with_the_same_answer_are_shown_together_and_everything_is_on_record(site):
    tema = site()
    done = tema.run("exec", "web*", "--reason", "朝の確認", "--ticket", "INC-7", "--", "echo", "up", "{{ params.x }}")
    assert done.returncode == 0
    assert "web1, web2 (2)" in done.stdout
    assert done.stdout.count("  up {{ params.x }}") == 1
    assert "(1/2)" in done.stderr
    [run] = tema.json("runs")
    assert (run["runbook"], run["ticket"]) == ("ad-hoc-command", "INC-7")
    told = records(tema, run=run["id"])[::-1]
    assert [r["kind"] for r in told] == [
        "run_requested", "run_started", "step_intended", "step_done", "run_finished",
    ]  # fmt: skip
    assert told[0]["reason"] == "朝の確認"
    assert tema.run("audit", "verify").returncode == 0


def test_one_word_with_blanks_is_text_for_a_shell_and_several_words_never_are(site):
    tema = site()
    assert "  2" in tema.run("exec", "web1", "--", "echo a b | wc -w").stdout
    assert "  a b | wc -w" in tema.run("exec", "web1", "--", "echo", "a b", "|", "wc", "-w").stdout


def test_a_failure_is_shown_with_what_the_host_said_and_the_others_go_on(site):
    tema = site()
    script = 'echo out-$0; echo err >&2; test "$(cat marks 2>/dev/null)" = x && exit 0; echo x >> marks; exit 3'
    done = tema.run("exec", "web1,web2", "--batch", "1", "--", "sh", "-c", script, "s")
    assert done.returncode == 1
    assert "web1" in done.stdout
    assert "  err" in done.stdout
    assert "failed 1" in done.stdout.lower()


def test_canaries_go_first_and_too_many_failures_stop_the_rest(site):
    tema = site()
    done = tema.run("exec", "all,!localhost", "--canary", "1", "--max-failed", "0", "--", "sh", "-c", "echo x >> marks; exit 1")
    assert done.returncode == 1
    assert (tema.root / "marks").read_text() == "x\n"


def test_a_command_that_does_not_end_is_unknown(site):
    assert site().run("exec", "web1", "--timeout", "0.3", "--", "sleep", "9").returncode == 3


def test_a_dry_run_shows_the_plan_and_touches_nothing(site):
    tema = site()
    done = tema.run("exec", "web*", "--dry-run", "--", "touch", "mark")
    assert done.returncode == 0
    assert "touch mark" in done.stdout
    assert not (tema.root / "mark").exists()


def test_a_program_gets_every_answer(site):
    tema = site()
    done = tema.run("exec", "web*", "--reads", "--json", "--", "sh", "-c", "echo hi; exit 4")
    told = json.loads(done.stdout)
    assert (done.returncode, told["exit"], told["state"]) == (1, 1, "failed")
    assert [(h["host"], h["exit"], h["stdout"]) for h in told["hosts"]] == [("web1", 4, "hi\n"), ("web2", 4, "hi\n")]


def test_an_option_of_the_command_is_not_ours(site):
    done = site().run("exec", "web1", "--", "echo", "--json", "--lang", "ja")
    assert "  --json --lang ja" in done.stdout


def test_what_would_move_the_cursor_is_not_printed(site):
    done = site().run("exec", "web1", "--", "printf", r"\033[2Jgone\n")
    assert "\033" not in done.stdout
    assert "[2Jgone" in done.stdout


@pytest.mark.parametrize(
    ("hosts", "policy", "chosen", "code"),
    [
        ({"web1": {}, "db1": {"exec": "deny"}}, {}, "db1", 2),
        ({"web1": {}, "db1": {"exec": "deny"}}, {}, "all", 2),
        ({"web1": {}, "db1": {"exec": "deny"}}, {}, "web1", 0),
        ({"web1": {"tags": ["prod"]}}, {"rules": {"tag:prod": "deny"}}, "web1", 2),
        ({"web1": {"tags": ["prod"], "exec": "allow"}}, {"rules": {"tag:prod": "deny"}}, "web1", 2),
        ({"web1": {"exec": "deny"}}, {"rules": {"all": "allow"}}, "web1", 2),
        ({"web1": {}}, {"rules": {"localhost": "deny"}}, "web1", 0),
    ],
)
def test_the_strictest_rule_of_the_site_counts(site, hosts, policy, chosen, code):
    tema = site(hosts, exec=policy)
    done = tema.run("exec", chosen, "--json", "--", "touch", "mark")
    assert done.returncode == code
    assert (tema.root / "mark").exists() == (code == 0)
    if code:
        assert json.loads(done.stdout)["error"] == "exec.denied"
        assert tema.json("runs") == []


@pytest.mark.parametrize("reads", [True, False])
def test_where_others_must_approve_nothing_runs_until_they_have(site, reads):
    tema = site({"web1": {}, "db1": {"exec": "approve"}}, exec={"approve_by": "group:leads"})
    tema.write("runbooks/site/people.yaml", json.dumps(PEOPLE))
    done = tema.run("exec", "web1,db1", *(["--reads"] if reads else []), "--", "sh", "-c", "echo x >> marks")
    assert done.returncode == 4
    assert "db1" in done.stderr
    assert not (tema.root / "marks").exists()
    [run] = tema.json("runs")
    with pytest.raises(OwnRequest):
        approve(tema, run["id"], "alice")
    assert not (tema.root / "marks").exists()
    approve(tema, run["id"], "bob")
    resumed = tema.run("resume", run["id"])
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert (tema.root / "marks").read_text() == "x\nx\n"


def test_an_approval_that_nobody_could_give_is_refused_at_once(site):
    tema = site({"db1": {"exec": "approve"}})
    done = tema.run("exec", "db1", "--json", "--", "touch", "mark")
    assert done.returncode == 2
    assert not (tema.root / "mark").exists()


def test_while_the_rules_are_broken_nothing_is_run(site):
    tema = site({"web1": {}}, exec={"rules": {"tag:nowhere": "deny"}})
    assert tema.run("validate").returncode == 2
    done = tema.run("exec", "localhost", "--json", "--", "touch", "mark")
    assert json.loads(done.stdout)["error"] == "exec.rules-broken"
    assert not (tema.root / "mark").exists()


def test_a_runbook_that_would_earn_from_typed_commands_is_in_the_way(site):
    tema = site()
    tema.runbook("other", steps=[{"command": ["true"]}], toil={"task": "ad-hoc-command", "minutes": 5})
    done = tema.run("exec", "web1", "--json", "--", "true")
    assert json.loads(done.stdout)["error"] == "exec.name-taken"


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["nowhere", "--", "true"], "hosts.unknown-host"),
        (["tag:none", "--", "true"], "hosts.unknown-group"),
        (["web1", "--", " "], "exec.no-command"),
        (["web1", "--", "a=b"], "hosts.bad-command"),
        (["web1", "--max-failed", "x", "--", "true"], "runbooks.bad"),
    ],
)
def test_wrong_input_is_refused_before_anything_is_touched(site, words, error):
    tema = site()
    done = tema.run("exec", *words[:1], "--json", *words[1:])
    assert (done.returncode, json.loads(done.stdout)["error"]) == (2, error)
    assert tema.json("runs") == []


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_a_typed_command_earns_nothing_and_is_told_in_the_readers_language(site, lang):
    tema = site()
    done = tema.run("exec", "web1", "--lang", lang, "--", "true")
    assert done.returncode == 0
    assert "exec." not in done.stdout + done.stderr
    assert records(tema, kind="demand") == []
    figures = tema.json("report")["figures"]
    assert ([task["task"] for task in figures["tasks"]], figures["not_counted"], figures["runs_seen"]) == (["good"], [], 0)
