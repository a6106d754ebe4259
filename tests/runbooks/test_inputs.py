"""Inputs: one way in for form, page, schedule, command line and API; what is wrong is said, and nothing is touched."""

from datetime import date

import pytest
from jsonschema import Draft202012Validator

from fixtures_runs import runbook_of
from temanashi.runbooks.form_schema import input_schema
from temanashi.runbooks.inputs import BadInputs, validate_inputs
from temanashi.text import LANGUAGES, explain

TITLES = {"ja": "欄", "en": "Field"}


def book(*parameters):
    named = [{"name": f"p{n}" if n else "p", "title": TITLES, **p} for n, p in enumerate(parameters)]
    return runbook_of([{"command": ["true"]}], parameters=named)


GOOD = [
    ({}, "web01", "web01"),
    ({}, "; rm -rf /", "; rm -rf /"),
    ({}, "$(reboot) `id` {{ params.x }} %s \\n", "$(reboot) `id` {{ params.x }} %s \\n"),
    ({}, "日本語 ｶﾅ 😀", "日本語 ｶﾅ 😀"),
    ({}, " padded ", " padded "),
    ({"multiline": True}, "one\ntwo", "one\ntwo"),
    ({"leading_dash": True}, "-v", "-v"),
    ({"pattern": "[a-z]+|x-1"}, "x-1", "x-1"),
    ({"max_length": 3}, "あいう", "あいう"),
    ({"required": False}, None, None),
    ({"required": False}, "", None),
    ({"default": "d"}, "", "d"),
    ({"type": "integer"}, 5, 5),
    ({"type": "integer"}, "-5", -5),
    ({"type": "integer"}, " 007 ", 7),
    ({"type": "integer", "minimum": 1, "maximum": 3}, 3, 3),
    ({"type": "choice", "choices": ["a", {"value": "b", "title": TITLES}]}, "b", "b"),
    ({"type": "boolean"}, "Yes", True),
    ({"type": "boolean"}, "off", False),
    ({"type": "boolean"}, False, False),
    ({"type": "boolean", "default": True}, None, True),
    ({"type": "date"}, "2026-02-28", "2026-02-28"),
    ({"type": "date"}, date(2026, 2, 28), "2026-02-28"),
    ({"type": "secret"}, "env:PASSWORD", "env:PASSWORD"),
    ({"type": "secret"}, "file:/etc/secret", "file:/etc/secret"),
]

BAD = [
    ({}, None, "runbooks.input-missing"),
    ({}, "", "runbooks.input-missing"),
    ({}, 5, "runbooks.input-text"),
    ({}, ["x"], "runbooks.input-text"),
    ({}, {"a": 1}, "runbooks.input-text"),
    ({}, "one\ntwo", "runbooks.input-control"),
    ({}, "one\rtwo", "runbooks.input-control"),
    ({}, "one\u2028two", "runbooks.input-control"),
    ({}, "nul\x00", "runbooks.input-control"),
    ({}, "esc\x1b[31m", "runbooks.input-control"),
    ({}, "c1\x9b31m", "runbooks.input-control"),
    ({}, "half\ud800", "runbooks.input-control"),
    ({"multiline": True}, "nul\x00", "runbooks.input-control"),
    ({"multiline": True}, "tab\tred", "runbooks.input-control"),
    ({}, "-rf", "runbooks.input-dash"),
    ({}, "--help", "runbooks.input-dash"),
    ({}, "x" * 201, "runbooks.input-long"),
    ({"max_length": 2}, "あいう", "runbooks.input-long"),
    ({"pattern": "[a-z]+"}, "abc; rm -rf /", "runbooks.input-pattern"),
    ({"pattern": "[a-z]+|[0-9]+"}, "abc123", "runbooks.input-pattern"),
    ({"type": "integer"}, "five", "runbooks.input-integer"),
    ({"type": "integer"}, True, "runbooks.input-integer"),
    ({"type": "integer"}, 5.0, "runbooks.input-integer"),
    ({"type": "integer"}, "5.0", "runbooks.input-integer"),
    ({"type": "integer"}, "１２", "runbooks.input-integer"),
    ({"type": "integer"}, "9" * 19, "runbooks.input-integer"),
    ({"type": "integer"}, "1_000", "runbooks.input-integer"),
    ({"type": "integer", "minimum": 1}, 0, "runbooks.input-bounds"),
    ({"type": "integer", "maximum": 3}, "4", "runbooks.input-bounds"),
    ({"type": "choice", "choices": ["a", "b"]}, "c", "runbooks.input-choice"),
    ({"type": "choice", "choices": ["1"]}, 1, "runbooks.input-choice"),
    ({"type": "boolean"}, "perhaps", "runbooks.input-boolean"),
    ({"type": "boolean"}, 1, "runbooks.input-boolean"),
    ({"type": "date"}, "2026-02-30", "runbooks.input-date"),
    ({"type": "date"}, "02/28/2026", "runbooks.input-date"),
    ({"type": "date"}, "２０２６-02-28", "runbooks.input-date"),
    ({"type": "date"}, 20260228, "runbooks.input-date"),
    ({"type": "secret"}, "hunter22", "runbooks.input-secret"),
    ({"type": "secret"}, "env:not a name", "runbooks.input-secret"),
]


@pytest.mark.parametrize(("parameter", "given", "expected"), GOOD)
def test_this_input_is_taken(parameter, given, expected):
    raw = {} if given is None else {"p": given}
    assert validate_inputs(book(parameter), raw) == {"p": expected}


@pytest.mark.parametrize(("parameter", "given", "key"), BAD)
def test_this_input_is_refused_with_a_sentence_that_names_the_field(parameter, given, key):
    with pytest.raises(BadInputs) as caught:
        validate_inputs(book(parameter), {} if given is None else {"p": given})
    [problem] = caught.value.problems
    assert (problem.loc, problem.message.key) == (("p",), key)
    for lang in LANGUAGES:
        told = explain(caught.value, lang)
        assert TITLES[lang] in told.what
        assert told.next
        assert not any(ord(c) < 32 or 0xD800 <= ord(c) <= 0xDFFF for c in told.what.replace("\n", ""))


def test_a_secret_that_was_typed_is_not_repeated_in_the_message():
    with pytest.raises(BadInputs) as caught:
        validate_inputs(book({"type": "secret"}), {"p": "hunter22"})
    assert "hunter22" not in str(caught.value)
    assert "hunter22" not in repr(caught.value.problems)


def test_an_unknown_name_is_refused_with_the_closest_one():
    with pytest.raises(BadInputs) as caught:
        validate_inputs(
            runbook_of([{"command": ["true"]}], parameters=[{"name": "service", "title": TITLES}]), {"servce": "x", "service": "y"}
        )
    [problem] = caught.value.problems
    assert (problem.field, problem.close) == ("servce", "service")


def test_every_wrong_input_is_reported_at_once():
    with pytest.raises(BadInputs) as caught:
        validate_inputs(book({}, {"type": "integer"}, {"type": "date"}), {"p1": "x", "p2": "y", "zz": 1})
    assert {p.field for p in caught.value.problems} == {"p", "p1", "p2", "zz"}


ALL = [
    {"hint": {"ja": "例: a", "en": "e.g. a"}, "pattern": "a|b", "default": "a"},
    {"type": "integer", "minimum": 1, "maximum": 9},
    {"type": "choice", "choices": ["x", "y"], "default": "y"},
    {"type": "boolean"},
    {"type": "date", "required": False, "default": "2026-01-31"},
    {"type": "secret"},
]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_forms_schema_is_valid_in_the_readers_language_and_in_the_files_order(lang):
    schema = input_schema(book(*ALL), lang)
    Draft202012Validator.check_schema(schema)
    assert [p["title"] for p in schema["properties"].values()] == [TITLES[lang]] * len(ALL)
    assert [p["position"] for p in schema["properties"].values()] == list(range(len(ALL)))
    assert schema["properties"]["p"]["description"] == {"ja": "例: a", "en": "e.g. a"}[lang]
    assert schema["properties"]["p4"]["default"] == "2026-01-31"
    assert schema["required"] == ["p1", "p5"]


@pytest.mark.parametrize(
    "inputs",
    [
        {"p": "b", "p1": 3, "p2": "x", "p3": True, "p4": "2026-02-01", "p5": "env:X"},
        {"p1": 9, "p5": "file:/x"},
    ],
)
def test_what_the_forms_schema_takes_is_taken_here_too(inputs):
    runbook = book(*ALL)
    Draft202012Validator(input_schema(runbook, "ja")).validate(inputs)
    assert validate_inputs(runbook, inputs).items() >= inputs.items()


@pytest.mark.parametrize("inputs", [{"p": "ab"}, {"p1": 10}, {"p2": "z"}, {"p3": "yes"}, {"p5": "plain"}, {"p1": "1"}])
def test_the_forms_schema_refuses_what_no_box_of_the_form_can_mean(inputs):
    validator = Draft202012Validator(input_schema(book(*ALL), "ja"))
    assert not validator.is_valid({"p1": 3, "p5": "env:X"} | inputs)
