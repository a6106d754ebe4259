from __future__ import annotations

import json
import re
import resource
import tomllib
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from temanashi.runbooks.kinds import step_kinds
from temanashi.text import explain
from temanashi.workspace.creating import (
    BadId,
    CannotWrite,
    IdTaken,
    InTheWay,
    NoStarter,
    WorkspaceExists,
    init_workspace,
    new_runbook,
    starter_texts,
)
from temanashi.workspace.faults import fault_lines
from temanashi.workspace.loading import load_workspace
from temanashi.workspace.schema import write_schemas
from temanashi.workspace.yaml_source import read_yaml

STARTER = {
    "runbooks/routine/hand.yaml": "id: hand\ntitle: {ja: 手, en: Hand}\ndescription: {ja: 手, en: Hand}\n"
    "category: routine\nowner: ops\n"
    "steps:\n  - {id: a, manual: {ja: 見る, en: Look}}\n"
}


def files_under(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def told(error):
    return explain(error, "en"), explain(error, "ja")


def test_a_new_workspace_loads_without_a_fault(tmp_path):
    made = init_workspace(tmp_path / "site", name='小川"証券\n', starter=STARTER)
    assert files_under(tmp_path / "site") == [".gitignore", "README.md", "pyproject.toml", "runbooks/routine/hand.yaml"]
    assert len(made) == 4
    workspace = load_workspace(tmp_path / "site", kinds=step_kinds(), environ={})
    assert fault_lines(workspace.faults, "en") == []
    assert workspace.settings.company == '小川"証券'
    assert list(workspace.runbooks) == ["hand"]
    assert ".tema/" in (tmp_path / "site/.gitignore").read_text()


def test_the_starter_of_this_repository_is_valid(tmp_path):
    init_workspace(tmp_path / "site")
    workspace = load_workspace(tmp_path / "site", kinds=step_kinds(), environ={})
    assert fault_lines(workspace.faults, "en") == []
    assert "morning-checks" in workspace.runbooks
    assert tomllib.loads((tmp_path / "site/pyproject.toml").read_text())["tool"]["temanashi"]["company"] == "site"


def test_the_starter_has_no_hidden_or_compiled_files():
    assert [name for name in starter_texts() if "/." in name or "__pycache__" in name or name.endswith(".pyc")] == []


def test_a_workspace_is_not_made_over_another(tmp_path):
    init_workspace(tmp_path, name="a", starter=STARTER)
    with pytest.raises(WorkspaceExists) as caught:
        init_workspace(tmp_path, name="b", starter=STARTER)
    assert "Nothing was changed" in told(caught.value)[0].next
    assert 'company = "a"' in (tmp_path / "pyproject.toml").read_text()


def test_files_in_the_way_are_named_and_kept(tmp_path):
    (tmp_path / "README.md").write_text("mine")
    (tmp_path / "pyproject.toml").symlink_to("nowhere")
    with pytest.raises(InTheWay) as caught:
        init_workspace(tmp_path, starter=STARTER)
    assert "pyproject.toml, README.md" in told(caught.value)[0].what
    assert sorted(path.name for path in tmp_path.iterdir()) == ["README.md", "pyproject.toml"]


def test_other_files_in_the_folder_do_no_harm(tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / "notes.txt").write_text("mine")
    init_workspace(tmp_path, starter=STARTER)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_what_cannot_be_written_leaves_nothing_half_done(tmp_path):
    (tmp_path / "site").mkdir()
    (tmp_path / "site/runbooks").write_text("a file where a folder must be")
    with pytest.raises(CannotWrite) as caught:
        init_workspace(tmp_path / "site", starter=STARTER)
    assert files_under(tmp_path / "site") == ["runbooks"]
    assert all("{" not in part for lang in told(caught.value) for part in lang)


def test_a_full_disk_leaves_nothing_half_done(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, hard))
    try:
        with pytest.raises(CannotWrite):
            init_workspace(tmp_path / "deep/site", starter=STARTER)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_an_installation_without_starter_says_so(tmp_path):
    with pytest.raises(NoStarter) as caught:
        starter_texts(tmp_path)
    assert "Install temanashi again" in told(caught.value)[0].next


def test_an_installed_package_brings_its_starter(tmp_path):
    (tmp_path / "starter/runbooks/routine").mkdir(parents=True)
    (tmp_path / "starter/runbooks/routine/a.yaml").write_text("id: a\n")
    (tmp_path / "starter/flows/__pycache__").mkdir(parents=True)
    (tmp_path / "starter/flows/__pycache__/a.pyc").write_bytes(b"\xff")
    assert starter_texts(tmp_path) == {"runbooks/routine/a.yaml": "id: a\n"}


@pytest.mark.parametrize("languages", [("ja",), ("en",), ("ja", "en"), ("en", "ja")])
def test_a_new_runbook_is_valid_as_it_stands(folder, languages):
    folder.write("pyproject.toml", f"[tool.temanashi]\nlanguages = {json.dumps(languages)}\n")
    file = new_runbook(folder.root, "disk-full", category="incident", languages=languages)
    assert file == folder.root / "runbooks/incident/disk-full.yaml"
    workspace = load_workspace(folder.root, kinds=step_kinds(), environ={})
    assert fault_lines(workspace.faults, "en") == []
    assert list(workspace.runbooks) == ["disk-full"]
    assert file.read_text().startswith("# yaml-language-server: $schema=../../schemas/runbook.schema.json\n")


def test_its_commented_lines_are_valid_too(folder):
    file = new_runbook(folder.root, "disk-full", category="incident", languages=("ja", "en"))
    lines = file.read_text().splitlines()
    code = re.compile(r"^( *)# ((?:privileged|parameters|schedules): ?.*|  .*|- id: .*)$")
    file.write_text("\n".join(code.sub(r"\1\2", line) for line in lines))
    workspace = load_workspace(folder.root, kinds=step_kinds(), environ={})
    assert fault_lines(workspace.faults, "en") == []
    runbook = workspace.runbooks["disk-full"].runbook
    assert (runbook.privileged, len(runbook.steps), len(runbook.parameters), len(runbook.schedules)) == (True, 3, 1, 1)


def test_an_id_in_use_is_refused_with_its_file(folder):
    folder.runbook("disk_full")
    folder.write("flows/rotate_logs.py", "x = 1\n")
    folder.write("runbooks/routine/broken.yaml", "[")
    for name, file in (
        ("disk-full", "runbooks/routine/disk_full.yaml"),
        ("rotate-logs", "flows/rotate_logs.py"),
        ("broken", "runbooks/routine/broken.yaml"),
    ):
        with pytest.raises(IdTaken) as caught:
            new_runbook(folder.root, name, category="routine", languages=("ja", "en"))
        assert file in told(caught.value)[0].what
    assert (folder.root / "runbooks/routine/broken.yaml").read_text() == "["


@pytest.mark.parametrize("name", ["", "Disk", "a b", "../x", "1a", "a--b", "-a", "a" * 81, "ディスク", "a\n"])
def test_a_bad_id_is_refused(folder, name):
    with pytest.raises(BadId) as caught:
        new_runbook(folder.root, name, category="routine", languages=("ja",))
    assert "morning-checks" in told(caught.value)[1].next
    assert not (folder.root / "runbooks").exists()


def schema_of(folder, name):
    schema = json.loads((folder / f"{name}.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def test_schemas_take_what_the_loader_takes(tmp_path):
    names = [path.name for path in write_schemas(tmp_path / "schemas")]
    assert names == [
        f"{name}.schema.json"
        for name in (
            "accounts",
            "alerts",
            "calendar",
            "directories",
            "faq",
            "hosts",
            "kpi",
            "maintenance",
            "people",
            "roadmap",
            "roles",
            "runbook",
            "tickets",
        )
    ]
    validator = schema_of(tmp_path / "schemas", "runbook")
    for file, text in starter_texts().items():
        if file.startswith("runbooks/") and "/site/" not in file:
            assert [error.message for error in validator.iter_errors(read_yaml(text).data)] == [], file
    assert list(validator.iter_errors({"id": "a", "timout": 3}))
    for step in ({"command": "ls"}, {"manual": {"jp": "x"}}, {"checks": [{"id": "a", "kind": "tcp", "port": "x"}]}, {"checks": []}):
        assert list(validator.iter_errors({**read_yaml(STARTER["runbooks/routine/hand.yaml"]).data, "steps": [step]})), step
    hosts = schema_of(tmp_path / "schemas", "hosts")
    assert (
        list(
            hosts.iter_errors(
                {"hosts": {"web1": {"address": "10.0.0.1", "tags": ["web"]}, "web2": None}, "groups": {"all": ["web*"]}}
            )
        )
        == []
    )
    assert list(hosts.iter_errors({"hosts": {"web1": {"adress": "10.0.0.1"}}}))
    windows = schema_of(tmp_path / "schemas", "maintenance")
    rule = {"id": "a", "hosts": "all", "at": "23:00", "length": "3h", "from": "2026-12-01", "reason": {"ja": "a"}, "owner": "ops"}
    assert list(windows.iter_errors({"windows": [rule, rule | {"at": ["01:00"], "days": "business_day"}]})) == []
    assert list(windows.iter_errors({"windows": [rule | {"length": "3 hours"}]}))
    people = schema_of(tmp_path / "schemas", "people")
    listed = {"people": {"a": {"name": "A", "os": "a"}}, "groups": {"g": ["a"]}, "roles": None}
    assert list(people.iter_errors(listed)) == []
    assert list(people.iter_errors({"people": {"a": {"nam": "A"}}}))
    assert list(schema_of(tmp_path / "schemas", "calendar").iter_errors({"closed": ["2026-12-30"]})) == []


def test_schemas_are_written_again_over_old_ones(tmp_path):
    write_schemas(tmp_path)
    (tmp_path / "runbook.schema.json").write_text("old")
    write_schemas(tmp_path)
    assert schema_of(tmp_path, "runbook")


def test_schemas_that_cannot_be_written_say_so(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(CannotWrite):
        write_schemas(Path(tmp_path / "file"))
