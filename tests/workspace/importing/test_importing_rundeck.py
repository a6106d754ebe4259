"""Exported jobs of Rundeck become drafts that say the same, and whatever does not is told."""

from pathlib import Path

import pytest

from temanashi.runbooks.kinds import step_kinds
from temanashi.runbooks.parsing import parse_runbook
from temanashi.runbooks.templates import Names, render
from temanashi.text import explain
from temanashi.workspace.importing.rundeck.export import NotAnExport, drafts_from_rundeck
from temanashi.workspace.importing.writing import draft_text
from temanashi.workspace.yaml_source import read_yaml

OPERATIONS = Path(__file__).parents[2] / "cases/rundeck/operations.yaml"


@pytest.fixture(scope="module")
def drafts():
    return drafts_from_rundeck(OPERATIONS, languages=("en",))


@pytest.fixture(scope="module")
def restart(drafts):
    return drafts[0].data


def step(data, name):
    return next(step for step in data["steps"] if step["id"] == name)


def told(draft, kind=None):
    return {(f.place.partition(" / ")[2], f.message.key.removeprefix("imports.")) for f in draft.findings if kind in {None, f.kind}}


def from_text(tmp_path, text, **how):
    file = tmp_path / "jobs.yaml"
    file.write_text(text, encoding="utf-8")
    return drafts_from_rundeck(file, languages=("en",), **how)


def one(tmp_path, **job):
    import json

    base = {"name": "Job", "sequence": {"commands": [{"exec": "true"}]}, "nodefilters": {"filter": "name: web1"}}
    return from_text(tmp_path, json.dumps([base | job]))[0]


def test_every_draft_is_a_runbook_that_the_loader_takes(drafts):
    for draft in drafts:
        written = draft_text(draft, lang="en", kinds=step_kinds())
        assert [f for f in written.draft.findings if f.message.key == "imports.refused"] == []
        assert parse_runbook(read_yaml(written.text).data, kinds=step_kinds()).id == draft.id


def test_the_job_itself(restart):
    assert (restart["id"], restart["title"], restart["category"]) == ("restart-service", "Restart Service", "routine")
    assert restart["description"].endswith("Second paragraph.")
    assert restart["targets"] == "tag:web,!web9"
    assert restart["overlap"] == "parallel"
    assert restart["schedules"] == [{"cron": "30 8 * * 1,2-5", "active": False}]


def test_options_become_typed_parameters(restart):
    parameters = {parameter["name"]: parameter for parameter in restart["parameters"]}
    assert parameters["service_name"] == {
        "name": "service_name",
        "type": "choice",
        "title": "Service",
        "hint": "The unit to restart",
        "choices": ["nginx", "httpd"],
        "default": "nginx",
    }
    assert (parameters["reason"]["pattern"], parameters["reason"]["required"]) == ("[A-Z]+-[0-9]+", False)
    assert parameters["note"]["hint"] == "(a, b)"
    assert (parameters["day"]["type"], "default" in parameters["day"]) == ("date", False)
    assert parameters["password"]["type"] == parameters["token"]["type"] == "secret"
    assert "upload" not in parameters
    assert (parameters["hosts"]["type"], parameters["hosts"]["choices"]) == ("list", ["a", "b"])
    assert (parameters["odd"]["choices"], "default" in parameters["odd"]) == (["x", "y"], False)


def test_a_plain_command_line_becomes_words_and_values_stay_one_word(restart):
    words = step(restart, "step-1")["command"]
    names = {"params": Names({"service_name": "a; rm -rf /"}), "host": Names({"name": "web1"})}
    assert [render(word, names) for word in words] == ["echo", "restarting a; rm -rf /", "on", "web1", "{{ x }}"]


def test_a_command_line_for_a_shell_becomes_a_script_with_variables(restart):
    made = step(restart, "step-2")["script"]
    assert made["run"] == 'systemctl restart "${RD_OPTION_SERVICE_NAME}" && systemctl is-active "${RD_OPTION_SERVICE_NAME}"'
    assert made["env"] == {"RD_OPTION_SERVICE_NAME": "{{ params.service_name }}"}


def test_a_script_gets_its_tokens_and_variables_by_the_quotes_that_they_stand_in(restart):
    made = step(restart, "step-3")["script"]
    assert "echo \"day ${RD_OPTION_DAY} of ${RD_NODE_DATACENTER}\" 'and '\"${RD_OPTION_NOTE}\"''" in made["run"]
    assert made["env"]["RD_NODE_DATACENTER"] == "{{ host.vars.datacenter }}"
    assert made["secrets"] == {"RD_OPTION_TOKEN": "token", "RD_OPTION_PASSWORD": "password"}
    assert made["args"] == ["{{ params.reason or '' }}", "--note", "{{ params.note or '' }}"]


def test_a_secret_is_never_an_argument(restart):
    made = step(restart, "step-4")["script"]
    assert made == {"run": 'login --password "${RD_OPTION_PASSWORD}"', "secrets": {"RD_OPTION_PASSWORD": "password"}}


def test_job_wide_tries_seconds_and_threads_stand_at_each_automatic_step(restart):
    for name in ("step-1", "step-2", "step-3"):
        assert step(restart, name)["retries"] == {"times": 3, "delay": 10, "backoff": 1}
        assert step(restart, name)["timeout"] == 5400
        assert step(restart, name)["fan_out"] == {"batch": 5, "max_failed": "100%"}


def test_an_error_handler_becomes_a_step_that_runs_after_a_failure(restart):
    assert step(restart, "step-2")["on_failure"] == "continue"
    going = step(restart, "step-2-handler")
    assert going["when"] == "steps['step-2'].status in ('failed', 'unknown')"
    assert "always" not in going
    assert step(restart, "step-3-handler")["always"] is True
    assert "on_failure" not in step(restart, "step-3")
    assert "retries" not in going


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("step-5", "${data.version}"),
        ("step-6", "${option.upload}"),
        ("step-7", "/opt/scripts/check.sh"),
        ("step-8", "https://scripts.example.com/x.sh"),
        ("step-9", "uptime {{ now }}"),
        ("step-13", "@option.note@"),
        ("step-14", "whoami"),
        ("step-16", "<<EOF"),
    ],
)
def test_what_has_no_equal_is_put_before_a_person(restart, name, word):
    prompt = step(restart, name)["manual"]["text"]
    assert word in render(prompt, {})


def test_jobs_call_one_another(restart, drafts):
    assert step(restart, "step-10")["runbook"] == {
        "id": "nightly",
        "inputs": {"day": "2026-01-01"},
    }
    assert ("sequence.commands[10].jobref.args", "rundeck-args") in told(drafts[0], "left")  # its option is called Who
    assert step(restart, "step-11")["runbook"] == {"id": "elsewhere"}


def test_built_in_steps_may_be_written_as_plugins(restart):
    assert step(restart, "step-15")["command"] == ["uptime"]


def test_everything_else_is_told_by_job_and_key(drafts):
    assert told(drafts[0], "left") == {
        ("somethingNew", "rundeck-unknown-key"),
        ("loglimit", "rundeck-unknown-key"),
        ("maxMultipleExecutions", "rundeck-max-executions"),
        ("nodeFilterEditable", "rundeck-editable"),
        ("nodefilters.dispatch.rankAttribute", "rundeck-rank"),
        ("nodefilters.dispatch.rankOrder", "rundeck-rank"),
        ("notification.onsuccess", "rundeck-notify"),
        ("options.day.value", "rundeck-default"),
        ("options.odd.value", "rundeck-default"),
        ("options.password.storagePath", "rundeck-storage"),
        ("options.remote.valuesUrl", "rundeck-remote-values"),
        ("options.token.value", "rundeck-secret-default"),
        ("options.upload", "rundeck-file-option"),
        ("sequence.commands[10].jobref.args", "rundeck-args"),
        ("sequence.commands[11].jobref", "rundeck-other-job"),
        ("sequence.commands[11].jobref.args", "rundeck-args"),
        ("sequence.commands[12]", "rundeck-step-disabled"),
        ("sequence.commands[13].script", "rundeck-tokens"),
        ("sequence.commands[14].scriptInterpreter", "rundeck-interpreter"),
        ("sequence.commands[16].plugins", "rundeck-step-plugins"),
        ("sequence.commands[16].script", "rundeck-here-document"),
        ("sequence.commands[5].exec", "rundeck-reference"),
        ("sequence.commands[6].exec", "rundeck-reference"),
        ("sequence.commands[7].scriptfile", "rundeck-no-equal"),
        ("sequence.commands[8].scripturl", "rundeck-no-equal"),
        ("sequence.commands[9].type", "rundeck-no-equal"),
    }
    assert {key for _, key in told(drafts[0], "changed")} >= {
        "rundeck-retry",
        "rundeck-timeout",
        "rundeck-strategy",
        "rundeck-date-format",
        "rundeck-empty-filter",
        "rundeck-notify-failure",
        "rundeck-handler",
        "rundeck-handler-goes-on",
        "rundeck-variables",
        "rundeck-option-renamed",
        "rundeck-attribute",
    }


def test_a_secret_that_stood_in_the_export_is_nowhere_in_the_draft(drafts):
    assert "hunter2" not in draft_text(drafts[0], lang="en", kinds=step_kinds()).text


def test_a_job_without_nodes_runs_here_and_goes_on_after_failures(drafts):
    nightly = drafts[1].data
    assert nightly["targets"] == "localhost"
    assert [s.get("on_failure") for s in nightly["steps"]] == ["continue", "continue"]
    assert [p["name"] for p in nightly["parameters"]] == ["who", "day"]
    assert nightly["schedules"] == [{"cron": "0 1 * * 1-5", "timezone": "Asia/Tokyo"}]
    assert ("schedule", "quartz-seconds") in told(drafts[1], "changed")
    assert ("nodefilters", "rundeck-on-server") in told(drafts[1], "changed")


@pytest.mark.parametrize(
    ("written", "selector"),
    [
        ("web1", "web1"),
        ("name: web1,web2", "web1,web2"),
        ("web1.example.com", "web1.example.com"),
        (".*", "all"),
        ("name: web.*", "web*"),
        ("name: /^web.*$/", "web*"),
        ("tags: web,db", "tag:web,tag:db"),
        ("tags: web !name: web9 !tags: old", "tag:web,!web9,!tag:old"),
        ("hostname: 192.0.2.7", "192.0.2.7"),
        ('name: "web1"', "web1"),
    ],
)
def test_node_filters_that_can_be_said(tmp_path, written, selector):
    assert one(tmp_path, nodefilters={"filter": written}).data["targets"] == selector


@pytest.mark.parametrize(
    "written",
    ["tags: web+prod", "tags: web name: web1", "os-family: unix", "name: web(1|2)", "tags: ${option.env}", "", "name: [a-c]"],
)
def test_node_filters_that_cannot_be_said_choose_nothing_until_somebody_defines_a_group(tmp_path, written):
    made = one(tmp_path, nodefilters={"filter": written})
    assert made.data["targets"] == "group:job"
    assert ("nodefilters", "rundeck-filter") in told(made, "left")


def test_the_old_form_of_node_filters(tmp_path):
    made = one(tmp_path, nodefilters={"include": {"tags": "web"}, "exclude": {"name": "web9"}})
    assert made.data["targets"] == "tag:web,!web9"


@pytest.mark.parametrize(
    ("exec_line", "kind"),
    [
        ("uptime", ["uptime"]),
        ("ls -l 'a b' \"c d\"", ["ls", "-l", "a b", "c d"]),
        ("echo a\\ b", ["echo", "a b"]),
        ("echo '$HOME'", ["echo", "$HOME"]),
        ("echo {{ params.x }}", "script"),
        ("echo $HOME", "script"),
        ('echo "$HOME"', "script"),
        ("ls *.log", "script"),
        ("a | b", "script"),
        ("a; b", "script"),
        ("a > b", "script"),
        ("cd /tmp", "script"),
        ("PATH=/x run", "script"),
        ("echo 'open", "script"),
        ("line1\nline2", "script"),
    ],
)
def test_what_a_shell_gives_its_meaning_becomes_a_script(tmp_path, exec_line, kind):
    made = one(tmp_path, sequence={"commands": [{"exec": exec_line}]}).data["steps"][0]
    assert made["command"] == kind if isinstance(kind, list) else made["script"] == exec_line


def test_facts_of_the_job_and_the_run(tmp_path):
    line = "echo ${job.name} ${job.group} ${job.execid} ${job.username} ${unquotedoption.x} ${globals.y}"
    made = one(tmp_path, group="g", options=[{"name": "x"}], sequence={"commands": [{"exec": line.replace(" ${globals.y}", "")}]})
    assert made.data["steps"][0]["command"] == ["echo", "Job", "g", "{{ run.id }}", "{{ run.actor }}", "{{ params.x or '' }}"]
    assert {"rundeck-unquoted", "rundeck-empty-word"} <= {key for _, key in told(made, "changed")}
    left = one(tmp_path, options=[{"name": "x"}], sequence={"commands": [{"exec": line}]})
    assert "manual" in left.data["steps"][0]


def test_several_values_are_joined_as_rundeck_joins_them(tmp_path):
    listed = {"name": "hosts", "multivalued": True, "delimiter": " ", "enforced": True, "values": ["a", "b"], "value": "a b x"}
    every = {"name": "every", "multivalued": True, "enforced": True, "values": "c,d", "multivalueAllSelected": True}
    free = {"name": "free", "multivalued": True, "regex": "[a-z]"}
    made = one(
        tmp_path,
        options=[listed, every, free],
        sequence={"commands": [{"exec": "echo ${option.hosts} ${option.every} ${option.free}"}]},
    )
    assert [parameter.get("default") for parameter in made.data["parameters"]] == [["a", "b"], ["c", "d"], None]
    assert made.data["parameters"][2]["pattern"] == "[a-z]"
    values = {"params": Names({"hosts": ["a", "b"], "every": None, "free": ["x", "y"]})}
    assert [render(word, values) for word in made.data["steps"][0]["command"]] == ["echo", "a b", "", "x,y"]
    written = draft_text(made, lang="en", kinds=step_kinds())
    assert [f for f in written.draft.findings if f.message.key == "imports.refused"] == []


def test_keys_that_cannot_be_read_are_told_and_left_out(tmp_path):
    made = one(
        tmp_path,
        retry="${option.n}",
        timeout="soon",
        schedule={"crontab": "0 0"},
        schedules=[{"name": "x"}],
        executionEnabled=False,
        orchestrator={"type": "subset"},
        options=["odd"],
        nodefilters={"filter": "name: web1", "dispatch": {"threadcount": "${option.n}", "rankAttribute": "nodename"}},
        sequence={"commands": [], "pluginConfig": {"x": 1}},
        plugins={"ExecutionLifecycle": {"x": {}}},
        notification={"onstart": {}},
    )
    assert {key for _, key in told(made, "left")} == {
        "rundeck-retry-unreadable",
        "rundeck-timeout-unreadable",
        "quartz-unreadable",
        "rundeck-named-schedules",
        "rundeck-disabled",
        "rundeck-unknown-key",
        "rundeck-option-shape",
        "rundeck-threadcount",
        "rundeck-no-steps",
        "rundeck-no-equal",
        "rundeck-notify",
    }
    assert not {"schedules", "parameters", "retries"} & set(made.data)


def test_jobs_of_the_same_name_get_different_ids(tmp_path):
    text = "".join(f"- {{name: Deploy, group: {group}, sequence: {{commands: [{{exec: 'true'}}]}}}}\n" for group in ("a", "b", "b"))
    text += "- {name: 手順, sequence: {commands: [{exec: 'true'}]}}\n"
    assert [draft.id for draft in from_text(tmp_path, text)] == ["deploy", "b-deploy", "b-deploy-2", "job"]


def test_a_reference_by_uuid_with_imported_options_and_other_nodes(tmp_path):
    text = """
- name: Caller
  options: [{name: env, required: true}, {name: own}]
  sequence:
    commands:
    - jobref: {uuid: u-1, importOptions: true, args: -size 5, childNodes: true, nodefilters: {filter: 'tags: db'}}
    - jobref: {uuid: nowhere}
    - jobref: {name: Called, args: "-size 'x"}
- name: Called
  uuid: u-1
  options: [{name: env}, {name: size}]
  sequence: {commands: [{exec: 'true'}]}
"""
    caller, _ = from_text(tmp_path, text)
    first = caller.data["steps"][0]
    assert first["runbook"] == {"id": "called", "inputs": {"size": "5", "env": "{{ params.env }}"}}
    assert first["targets"] == "tag:db"
    assert "manual" in caller.data["steps"][1]
    assert ("sequence.commands[3].jobref.args", "rundeck-args") in told(caller, "left")


@pytest.mark.parametrize(
    "text", ["", "just text", "- 1\n- 2\n", "a: 1\n", "- {name: x}\n", "- name: [\n", "- name: !!python/object:os.system x\n", "[]"]
)
def test_a_file_that_is_no_export_is_refused(tmp_path, text):
    with pytest.raises(NotAnExport) as caught:
        from_text(tmp_path, text)
    for lang in ("ja", "en"):
        assert "jobs.yaml" in explain(caught.value, lang).what


def test_a_file_in_another_encoding_is_refused(tmp_path):
    file = tmp_path / "jobs.yaml"
    file.write_bytes("- name: 手順".encode("cp932"))
    with pytest.raises(NotAnExport):
        drafts_from_rundeck(file, languages=("ja",))


def test_texts_stand_under_each_language(tmp_path):
    file = tmp_path / "jobs.yaml"
    file.write_text("- {name: N, sequence: {commands: [{scripturl: 'http://x'}]}}\n")
    [draft] = drafts_from_rundeck(file, languages=("ja", "en"))
    assert draft.data["title"] == {"ja": "N", "en": "N"}
    assert set(draft.data["steps"][0]["manual"]["text"]) == {"ja", "en"}
    assert draft.data["description"]["ja"] != draft.data["description"]["en"]
