"""The JSON Schema for editors, and a runbook told to its reader."""

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from fixtures_runs import runbook_of
from temanashi.runbooks.describing import describe
from temanashi.runbooks.kinds import step_kinds
from temanashi.runbooks.parsing import parse_runbook
from temanashi.runbooks.schema import runbook_schema
from temanashi.text import LANGUAGES

FILES = sorted((Path(__file__).parents[2] / "runbooks").glob("[!s]*/*.yaml"))


@pytest.fixture(scope="module")
def validator():
    schema = runbook_schema(step_kinds())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def read(file):
    return YAML(typ="safe").load(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_the_starter_runbooks_are_valid_for_editors_and_for_us(validator, file):
    data = read(file)
    assert not list(validator.iter_errors(data))
    assert parse_runbook(data, kinds=step_kinds()).id == file.stem


def test_there_are_starter_runbooks():
    assert {"morning-checks", "find-large-files", "month-end-checklist"} <= {file.stem for file in FILES}


BASE = {"id": "a", "title": "t", "description": "d", "category": "routine", "owner": "ops", "steps": [{"command": ["true"]}]}


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"title": {"ja": "題"}},
        {"parameters": [{"name": "p", "title": "t"}]},
        {"parameters": [{"name": "p", "title": "t", "type": "choice", "choices": ["a", {"value": "b", "title": "B"}]}]},
        {"steps": [{"id": "m", "title": {"ja": "題"}, "manual": "見る"}, {"manual": {"text": "見る", "minutes": 3}}]},
        {"steps": [{"checks": [{"id": "d", "kind": "disk", "crit": "{{ params.x }}"}]}]},
        {"steps": [{"command": {"run": ["a"], "observe": ["b"], "secrets": {"A": "env:B"}}, "targets": "web*"}]},
        {"toil": {"demand": "request", "minutes": 5}},
        {"toil": {"demand": {"calendar": "month"}, "minutes": {"setup": 5, "per_target": 2}}},
        {"schedules": [{"cron": "0 8 * * *", "parameters": {"a": 1}}]},
    ],
)
def test_editors_take_this(validator, changed):
    assert not [error.message for error in validator.iter_errors(BASE | changed)]


@pytest.mark.parametrize(
    "changed",
    [
        {"ownr": "x"},
        {"category": "daily"},
        {"steps": []},
        {"steps": [{"id": "a"}]},
        {"steps": [{"command": ["true"], "manual": "x"}]},
        {"steps": [{"comand": ["true"]}]},
        {"steps": [{"command": {"run": ["true"], "timout": 1}}]},
        {"steps": [{"checks": [{"id": "d", "kind": "dsk"}]}]},
        {"title": {"jp": "題"}},
        {"toil": {"demand": "requests"}},
        {"data": {}},
    ],
)
def test_editors_underline_this(validator, changed):
    assert not validator.is_valid(BASE | changed)


def told(lang):
    steps = [{"id": "look", "title": {"ja": "見る", "en": "Look"}, "manual": "x"}, {"id": "go", "command": ["true"]}]
    parameter = {"name": "unit", "title": {"ja": "サービス", "en": "Service"}, "hint": {"ja": "例: cron", "en": "e.g. cron"}}
    return describe(runbook_of(steps, parameters=[parameter], system="web"), lang)


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("ja", ["# 見本", "試験用です。", "ops", "web", "見る", "サービス (`unit`): 例: cron", "手作業"]),
        ("en", ["# Sample", "For tests.", "ops", "web", "Look", "Service (`unit`): e.g. cron"]),
    ],
)
def test_a_runbook_is_told_in_the_readers_language(lang, words):
    text = told(lang)
    for word in words:
        assert word in text
    assert "runbooks." not in text


def test_a_runbook_without_parameters_has_no_heading_for_them():
    for lang in LANGUAGES:
        plain = describe(runbook_of([{"command": ["true"]}]), lang)
        assert plain.count("##") == 1
