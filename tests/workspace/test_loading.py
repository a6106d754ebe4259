from __future__ import annotations

import os

import pytest

from temanashi.workspace.faults import errors_among, fault_json, fault_lines, revived_fault


def told(workspace, lang="en"):
    return fault_lines(workspace.faults, lang)


def keys(workspace):
    return sorted((fault.at.file, fault.message.key) for fault in workspace.faults)


def test_a_workspace_without_mistakes_has_its_runbooks(folder):
    folder.runbook("morning-checks")
    folder.runbook("vpn-account", category="account", file="runbooks/account/vpn/new.yaml")
    workspace = folder.load()
    assert workspace.faults == []
    assert sorted(workspace.runbooks) == ["morning-checks", "vpn-account"]
    assert workspace.runbooks["morning-checks"].file == "runbooks/routine/morning-checks.yaml"
    assert workspace.inventory.select("localhost")[0].transport == "local"
    assert workspace.calendar.is_business_day(__import__("datetime").date(2026, 11, 20))
    assert workspace.root == folder.root


def test_every_mistake_of_every_file_is_told_at_once(folder):
    folder.runbook("good")
    folder.runbook("typo", more="timout: 3\nownr: x\n")
    folder.runbook("twice", more="owner: again\n")
    folder.write("runbooks/routine/tab.yaml", "id: tab\n\ttitle: x\n")
    folder.write("runbooks/site/hosts.yaml", "hosts:\n  web1: {address: 10.0.0.1, prt: 22}\n")
    folder.write("flows/broken_flow.py", "def f(:\n")
    workspace = folder.load()
    assert sorted(workspace.runbooks) == ["good"]
    lines = told(workspace)
    assert "runbooks/routine/typo.yaml:10  unknown key `timout`." in lines
    assert "runbooks/routine/typo.yaml:11  unknown key `ownr`. Close: `owner`" in lines
    assert "runbooks/routine/twice.yaml:10  `owner` stands here a second time (first on line 5). Remove one." in lines
    assert "runbooks/routine/tab.yaml:2  there is a tab. Indent with spaces." in lines
    assert "runbooks/site/hosts.yaml:2  unknown key `prt`. Close: `port`" in lines
    assert any(line.startswith("flows/broken_flow.py:1  Python cannot read this:") for line in lines)


def test_a_broken_file_disables_nothing_else(folder):
    folder.runbook("good")
    folder.write("runbooks/routine/bad.yaml", "[")
    folder.write("runbooks/site/calendar.yaml", "closed: [soon]\n")
    folder.write("flows/sys.py", "x = 1\n")
    folder.write("flows/check_disks.py", "x = 1\n")
    workspace = folder.load()
    assert list(workspace.runbooks) == ["good"]
    assert workspace.flows == {"check_disks": "flows/check_disks.py"}
    assert len({fault.at.file for fault in workspace.faults}) == 3


@pytest.mark.parametrize(
    ("name", "content", "key", "line"),
    [
        ("runbooks/routine/a.yaml", b"id: \x00\n", "control-character", 1),
        ("runbooks/routine/a.yaml", b"id: a\nowner: \xef\xbb\xbfops\n", "control-character", 2),
        ("runbooks/routine/a.yaml", "id: a\ntitle: 朝\n".encode("shift_jis"), "not-utf-8", 2),
        ("runbooks/routine/a.yaml", "id: a\n".encode("utf-16"), "utf-16", 1),
        ("runbooks/routine/a.yaml", b"", "yaml-empty", 1),
        ("runbooks/routine/a.yaml", b"# nothing yet\n", "yaml-empty", 1),
        ("runbooks/routine/a.yaml", b"- a\n- b\n", "not-a-mapping", 1),
        ("runbooks/routine/a.yaml", b"a: 1\n" * 250_000, "file-large", 0),
        ("runbooks/routine/a.yaml", b"a: 1\n---\nb: 1\n", "yaml-documents", 2),
        ("runbooks/routine/a.yml", b"id: a\n", "yml", 0),
        ("runbooks/a.yaml", b"id: a\n", "no-category", 0),
        ("runbooks/rutine/a.yaml", b"id: a\n", "unknown-folder", 0),
        ("runbooks/site/people.yaml", b"a: [\n", "yaml-open-bracket", 2),
        ("flows/site/check_disks.py", b"x = 1\n", "flow-folder", 0),
        ("flows/email.py", b"x = 1\n", "flow-stdlib", 0),
        ("flows/disks.py", b"x = 1\n", "flow-name", 0),
        ("flows/Check_disks.py", b"x = 1\n", "flow-name", 0),
        ("flows/check_disks.py", b"a = 1\nif:\n", "flow-syntax", 2),
        ("flows/check_disks.py", b"(" * 100_000, "flow-syntax", 1),
        ("flows/check_disks.py", b"-" * 100_000 + b"1", "flow-syntax", 0),
    ],
)
def test_a_file_that_cannot_be_used_says_why(folder, name, content, key, line):
    folder.runbook("good")
    folder.write(name, content)
    workspace = folder.load()
    assert [(f.at.file, f.at.line, f.message.key) for f in workspace.faults] == [(name, line, f"workspace.{key}")]
    assert list(workspace.runbooks) == ["good"]


def test_a_byte_order_mark_and_windows_line_ends_are_fine(folder):
    folder.runbook("good")
    path = folder.root / "runbooks/routine/good.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert list(folder.load().runbooks) == ["good"]


def test_hidden_files_and_backups_of_editors_are_passed_over(folder):
    for name in (".#a.yaml", "a.yaml~", ".cache/b.yaml", "notes.txt"):
        folder.write(f"runbooks/routine/{name}", "[")
    folder.write("flows/__pycache__/x.py", "(")
    assert folder.load().faults == []


def test_what_is_no_regular_file_is_not_opened(folder):
    (folder.root / "runbooks/routine").mkdir(parents=True)
    os.mkfifo(folder.root / "runbooks/routine/pipe.yaml")
    (folder.root / "runbooks/routine/gone.yaml").symlink_to("nowhere")
    assert keys(folder.load()) == [
        ("runbooks/routine/gone.yaml", "workspace.not-a-file"),
        ("runbooks/routine/pipe.yaml", "workspace.not-a-file"),
    ]


def test_a_file_that_cannot_be_read_says_so(folder):
    (folder.root / "runbooks/routine").mkdir(parents=True)
    # A regular file by its kind, whose first byte nobody may read, root neither.
    (folder.root / "runbooks/routine/a.yaml").symlink_to("/proc/self/mem")
    assert keys(folder.load()) == [("runbooks/routine/a.yaml", "workspace.unreadable")]


def test_a_category_with_a_typo_has_a_suggestion(folder):
    folder.runbook("a", file="runbooks/rutine/a.yaml")
    (line,) = told(folder.load())
    assert line.startswith("runbooks/rutine/a.yaml  runbooks/ has no category `rutine`; there are: routine, incident,")
    assert line.endswith("Close: `routine`")


def test_two_runbooks_of_one_id_are_both_disabled_and_name_each_other(folder):
    folder.runbook("twin", file="runbooks/routine/a.yaml")
    folder.runbook("twin", file="runbooks/routine/b.yaml")
    folder.runbook("other")
    workspace = folder.load()
    assert list(workspace.runbooks) == ["other"]
    lines = told(workspace)
    assert lines[0].startswith("runbooks/routine/a.yaml:1  the id `twin` is also in runbooks/routine/b.yaml.")
    assert lines[1].startswith("runbooks/routine/b.yaml:1  the id `twin` is also in runbooks/routine/a.yaml.")
    assert len(lines) == 2


def test_ids_that_give_one_flow_name_are_both_disabled(folder):
    folder.runbook("disk-check")
    folder.runbook("disk_check")
    workspace = folder.load()
    assert workspace.runbooks == {}
    assert [f.message.key for f in workspace.faults] == ["workspace.colliding-id"] * 2


def test_an_id_that_gives_the_name_of_a_flow_file_is_disabled(folder):
    folder.runbook("rotate-logs")
    folder.write("flows/rotate_logs.py", "x = 1\n")
    workspace = folder.load()
    assert workspace.runbooks == {}
    assert workspace.flows == {"rotate_logs": "flows/rotate_logs.py"}
    assert [f.message.key for f in workspace.faults] == ["workspace.flow-collides"]


def test_the_folder_must_be_the_category(folder):
    folder.runbook("a", category="incident", file="runbooks/routine/a.yaml")
    assert told(folder.load()) == [
        "runbooks/routine/a.yaml:4  category is `incident`, but the file is in runbooks/routine/. Make them agree."
    ]


def test_what_readers_see_must_exist_in_the_listed_languages(folder):
    folder.runbook(
        "a",
        **{
            "{ja: 画面を見ます。, en: Look at the screen.}": "Look at the screen.",
            "{ja: 朝の点検, en: Morning checks}": "{ja: 朝の点検}",
        },
    )
    workspace = folder.load()
    assert [(f.at.line, f.at.field) for f in workspace.faults] == [(2, "title"), (9, "steps.0.manual.text")]
    assert told(workspace, "ja")[0].endswith("「title」に en の文がありません（このワークスペースの言語: ja、en）。")
    folder.write("pyproject.toml", '[tool.temanashi]\nlanguages = ["ja"]\n')
    assert folder.load().faults == []


def test_schedules_are_checked_like_a_form(folder):
    folder.runbook(
        "a",
        more="""\
        parameters:
          - {name: service, title: {ja: 名前, en: Service}}
          - {name: count, type: integer, minimum: 1, title: {ja: 数, en: Count}}
        schedules:
          - cron: "0 8 * * 1-5"
            parameters: {service: nginx, count: 3}
          - cron: "0 8 * * 1-5"
            timezone: Asia/Tokio
            parameters: {count: 0}
          - cron: "0 25 * * *"
            parameters: {servce: nginx, service: nginx, count: 1}
        """,
    )
    workspace = folder.load()
    found = {(f.at.line, f.at.field, f.message.key) for f in workspace.faults}
    assert found == {
        (17, "schedules.1.timezone", "workspace.schedule-zone"),
        (18, "schedules.1.parameters.service", "runbooks.input-missing"),
        (18, "schedules.1.parameters.count", "runbooks.input-bounds"),
        (19, "schedules.2.cron", "workspace.cron-field"),
        (20, "schedules.2.parameters.servce", "problems.unknown-key"),
    }


def test_targets_must_select_hosts(folder):
    folder.write("runbooks/site/hosts.yaml", "hosts:\n  web1: {address: 10.0.0.1, tags: [web]}\n")
    folder.runbook("good", more="targets: tag:web\n")
    folder.runbook("typo", more="targets: wbe1\n")
    folder.runbook("step", **{"manual:": "targets: db*\n    manual:"})
    workspace = folder.load()
    assert list(workspace.runbooks) == ["good"]
    lines = told(workspace)
    assert lines[0].startswith('runbooks/routine/step.yaml:9  "db*" leaves no host')
    assert "web1" in lines[1]


def test_two_proposals_of_minutes_for_one_task_are_a_warning(folder):
    folder.runbook("a", more="toil: {task: checks, minutes: 10}\n")
    folder.runbook("b", more="toil: {task: checks, minutes: 12}\n")
    folder.runbook("c", more="toil: {task: checks}\n")
    workspace = folder.load()
    assert len(workspace.runbooks) == 3
    assert errors_among(workspace.faults) == []
    assert told(workspace)[0].startswith(
        "runbooks/routine/b.yaml:10  (warning) the proposed minutes of task `checks` differ from those in runbooks/routine/a.yaml."
    )


def test_other_site_files_are_data(folder):
    folder.write("runbooks/site/contacts.yaml", "phones: [a]\n")
    assert folder.load().site == {"contacts": {"phones": ["a"]}}


def test_faults_survive_as_json(folder):
    folder.write("runbooks/routine/a.yaml", "id: 1\n")
    faults = folder.load().faults
    assert [revived_fault(fault_json(fault)) for fault in faults] == faults
    assert fault_json(faults[0])["text"]["ja"]
