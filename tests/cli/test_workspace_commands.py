"""`tema validate`, `schema`, `new`, `publish`, `runbooks`, `init`: files on the way to what runs."""

import json
import re

import pytest
from jsonschema import Draft202012Validator

BROKEN = """\
id: broken
title: {ja: 題, en: Title}
description: {ja: 説明, en: Description}
category: routine
owner: ops
steps:
  - id: go
    command:
      run: ["true"]
      timout: 3
"""


def test_a_broken_file_is_shown_with_line_and_suggestion_and_disables_only_itself(tema):
    tema.write("runbooks/routine/broken.yaml", BROKEN)
    found = tema.run("validate")
    assert found.returncode == 2
    assert "runbooks/routine/broken.yaml:10" in found.stdout
    assert "timout" in found.stdout
    assert "timeout" in found.stdout
    answer = tema.json("validate")
    assert answer["runbooks"] == ["good"]
    assert "broken.yaml" in json.dumps(answer["faults"])
    assert tema.run("run", "good").returncode == 0
    refused = tema.run("run", "broken")
    assert refused.returncode == 2
    assert "broken.yaml:10" in refused.stderr


def test_a_good_workspace_is_said_to_be_good(tema):
    found = tema.run("validate")
    assert (found.returncode, found.stdout.count("\n")) == (0, 1)
    assert tema.json("validate") == {"runbooks": ["good"], "faults": []}


def test_schemas_are_written_for_editors(tema):
    written = tema.run("schema", "-o", "schemas")
    assert written.returncode == 0
    files = [tema.root / line for line in written.stdout.split()]
    assert files
    for file in files:
        Draft202012Validator.check_schema(json.loads(file.read_text(encoding="utf-8")))


def test_a_new_runbook_is_valid_as_it_is_written(tema):
    assert tema.run("new", "runbook", "rotate-logs", "--category", "maintenance").returncode == 0
    file = tema.root / "runbooks/maintenance/rotate-logs.yaml"
    assert file.is_file()
    assert tema.run("validate").returncode == 0
    before = file.read_text(encoding="utf-8")
    again = tema.run("new", "runbook", "rotate-logs")
    assert again.returncode == 2
    assert "rotate-logs.yaml" in again.stderr
    assert file.read_text(encoding="utf-8") == before


@pytest.mark.parametrize("words", [["Bad_Id"], ["x", "--category", "daily"], ["../../etc/x"]])
def test_a_new_runbook_with_a_wrong_id_or_category_is_refused(tema, words):
    told = tema.run("new", "runbook", *words)
    assert told.returncode == 2
    assert "Next:" in told.stderr


def test_init_makes_a_workspace_that_runs_and_touches_nothing_that_is_there(tema):
    made = tema.run("init", "new-one", "--company", "試験株式会社")
    assert made.returncode == 0
    assert "試験株式会社" in (tema.root / "new-one/pyproject.toml").read_text(encoding="utf-8")
    assert tema.run("validate", "--workspace", "new-one").returncode == 0
    assert tema.run("run", "find-large-files", "-p", "folder=/nonexistent", "--workspace", "new-one").returncode == 1
    assert tema.run("init", "new-one").returncode == 2


def test_publishing_goes_forward_and_back(tema):
    assert tema.json("publish")["number"] == 1
    assert "1" in tema.run("publish").stdout
    assert tema.json("publish")["status"] == "unchanged"
    tema.runbook("more", steps=[{"command": ["true"]}])
    second = tema.json("publish", "--reason", "追加", "--as", "bob")
    assert (second["number"], second["difference"]["added"]) == (2, ["more"])
    assert [book["id"] for book in tema.json("runbooks")["runbooks"]] == ["good", "more"]
    back = tema.run("publish", "--back", "--reason", "戻す")
    assert back.returncode == 0
    assert [book["id"] for book in tema.json("runbooks")["runbooks"]] == ["good"]
    assert tema.run("run", "more").returncode == 2
    actors = {record["draft"]["actor"] for record in tema.json("audit", "show", "--kind", "published")}
    assert {"alice", "bob"} <= actors


def test_going_back_from_the_first_version_is_refused(tema):
    tema.run("publish")
    told = tema.run("publish", "--back")
    assert told.returncode == 2
    assert "Next:" in told.stderr


def test_a_privileged_runbook_waits_for_a_second_person(tema):
    tema.run("publish")
    tema.runbook("root", steps=[{"command": ["true"]}], privileged=True)
    pending = tema.json("publish")
    assert (pending["status"], pending["needs_second"]) == ("pending", ["root"])
    assert tema.run("run", "root").returncode == 2
    for who in ("alice", "Alice"):
        refused = tema.run("publish", "--approve", str(pending["number"]), "--as", who)
        assert refused.returncode == 2
        assert "Next:" in refused.stderr
    assert tema.run("publish", "--approve", "99", "--as", "bob").returncode == 2
    approved = tema.run("publish", "--approve", str(pending["number"]), "--as", "bob")
    assert approved.returncode == 0
    assert tema.run("run", "root").returncode == 0


def test_a_version_that_waits_can_be_refused(tema):
    tema.run("publish")
    tema.runbook("root", steps=[{"command": ["true"]}], privileged=True)
    number = str(tema.json("publish")["number"])
    assert tema.run("publish", "--refuse", number, "--as", "bob", "--reason", "危険").returncode == 0
    assert tema.run("publish", "--approve", number, "--as", "bob").returncode == 2
    assert [book["id"] for book in tema.json("runbooks")["runbooks"]] == ["good"]


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_publishing_and_listing_are_told_in_the_readers_language(tema, lang):
    tema.run("publish")
    tema.write("runbooks/routine/broken.yaml", BROKEN)
    tema.runbook("root", steps=[{"command": ["true"]}], privileged=True)
    told = [tema.run(*words, "--lang", lang) for words in (["publish"], ["runbooks"], ["validate"], ["publish"])]
    text = "".join(t.stdout + t.stderr for t in told)
    assert {"ja": "見本 good", "en": "Sample good"}[lang] in text
    assert not re.search(r"\b(cli|workspace|opening|problems)\.[a-z]+-", text)
    assert not re.search(r"\{[a-z_]+\}", text)


def test_what_runs_is_what_was_published_not_the_file(tema):
    tema.run("publish")
    tema.runbook("good", steps=[{"command": ["sh", "-c", "exit 7"]}])
    assert tema.run("run", "good").returncode == 0
    tema.run("publish")
    assert tema.run("run", "good").returncode == 1


def test_a_wrong_setting_is_said_with_its_line(tema):
    tema.write("pyproject.toml", '[tool.temanashi]\nlangages = ["ja"]\n')
    told = tema.run("validate")
    assert told.returncode == 2
    assert "pyproject.toml:2" in told.stdout + told.stderr
    assert "languages" in told.stdout + told.stderr


def test_versions_are_listed_and_one_is_told_with_its_difference(tema):
    tema.run("publish")
    tema.runbook("good", steps=[{"id": "go", "command": ["sleep", "0"]}])
    tema.run("publish", "--as", "bob")
    listed = tema.run("versions").stdout.splitlines()
    assert [line.split()[0] for line in listed] in (["1", "2"], ["2", "1"])
    told = tema.run("versions", "2").stdout
    assert "bob" in told
    assert any(line.strip().startswith("+") and "sleep" in line for line in told.splitlines())
    answer = tema.json("versions", "2")
    assert [(v["number"], v["author"], v["state"]) for v in answer] == [(2, "bob", "live")]
    assert tema.run("versions", "9").returncode == 2
