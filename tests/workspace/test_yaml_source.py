from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from temanashi.workspace.yaml_source import BadYaml, read_yaml


def flaws(text):
    with pytest.raises(BadYaml) as caught:
        read_yaml(text)
    return [(flaw.line, flaw.message.key.removeprefix("workspace.yaml-")) for flaw in caught.value.flaws]


def test_words_that_older_yaml_turns_into_other_things_stay_text():
    source = read_yaml(
        "at: 07:30\non: on\noff: no\nday: 2026-11-20\nmoment: 2026-11-20T08:30:00Z\nversion: '1.0'\nfolded: >\n  a\n  b\n"
    )
    assert source.data == {
        "at": "07:30",
        "on": "on",
        "off": "no",
        "day": "2026-11-20",
        "moment": "2026-11-20T08:30:00Z",
        "version": "1.0",
        "folded": "a b\n",
    }


def test_the_core_schema_of_yaml_1_2_decides_about_numbers_and_words():
    source = read_yaml("[1, -2, +3, 007, 0o17, 0x1F, 1_000, 1.5, .5, 1e3, 1., true, False, yes, null, ~, Null, '', !!str 5, ! 6]")
    assert source.data == [1, -2, 3, 7, 15, 31, "1_000", 1.5, 0.5, 1000.0, 1.0, True, False, "yes", None, None, None, "", "5", "6"]


def test_an_empty_value_is_null_and_keys_are_text_as_written():
    assert read_yaml("a:\n1: x\ntrue: y\n").data == {"a": None, "1": "x", "true": "y"}


def test_every_value_knows_its_line():
    source = read_yaml("# a comment\nid: x\nsteps:\n  - id: a\n    command:\n      - ls\n  - id: b\n")
    assert source.line(()) == 2
    assert source.line(("id",)) == 2
    assert source.line(("steps",)) == 3
    assert source.line(("steps", 0)) == 4
    assert source.line(("steps", 0, "command", 0)) == 6
    assert source.line(("steps", 1, "id")) == 7


def test_a_missing_key_is_at_its_parent_and_names_of_models_are_passed_over():
    source = read_yaml("id: x\nparameters:\n  - name: a\n    type: integer\n    minimum: z\n")
    assert source.line(("parameters", 0, "title")) == 3
    assert source.line(("parameters", 0, "integer", "minimum")) == 5


def test_an_alias_repeats_a_value():
    source = read_yaml("a: &x {ja: 朝}\nb: *x\n")
    assert source.data == {"a": {"ja": "朝"}, "b": {"ja": "朝"}}
    assert source.line(("b",)) == 2
    assert source.line(("b", "ja")) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [(1, "empty")]),
        ("# only a comment\n", [(1, "empty")]),
        ("a: 1\nb:\n  c: 1\n  c: 2\na: 3\n", [(4, "duplicate"), (5, "duplicate")]),
        ("a: 1\n---\nb: 2\n", [(2, "documents")]),
        ("a: 1\n\tb: 2\n", [(2, "tab")]),
        ("a: b: c\n", [(1, "colon")]),
        ("a: 1\n  b: 2\n", [(2, "colon")]),
        ("a: 1\nb\nc: 1\n", [(3, "no-colon")]),
        ("a: 'x\n", [(2, "open-quote")]),
        ('a: "\\q"\n', [(1, "escape")]),
        ("a: [1\nb: 2\n", [(2, "open-bracket")]),
        ("[[[[", [(1, "open-bracket")]),
        ("a:\n  - b\n c: 1\n", [(3, "indent")]),
        ("a: @x\n", [(1, "start")]),
        ("a: &\n", [(1, "syntax")]),
        ("\ta: 1", [(1, "tab")]),
        ("a: *x\n", [(1, "alias")]),
        ("a: &x [*x]\n", [(1, "alias")]),
        ("a: !!set {b}\nc: !py 1\n", [(1, "tag"), (2, "tag")]),
        ("run: {{ name }}\n", [(1, "key")]),
        ("? [a, b]\n: 1\n", [(1, "key")]),
        ("a: .nan\nb: -.inf\n", [(1, "not-finite"), (2, "not-finite")]),
        ("a: 1e999\n", [(1, "number")]),
        ("a: b\x01c\n", [(0, "syntax")]),
        ("[" * 1000, [(1, "deep")]),
        ('a: "x\\0"\n"\\ud800": 1\n', [(1, "workspace.control-character"), (2, "workspace.control-character")]),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(text, expected):
    assert flaws(text) == expected


def test_aliases_that_multiply_are_stopped():
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for n in range(1, 9):
        bomb += f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n"
    started = time.process_time()
    assert flaws(bomb)[-1][1] == "large"
    assert time.process_time() - started < 5


def test_a_long_list_is_stopped_at_the_limit():
    assert flaws("[" + "1," * 60_000 + "]")[-1][1] == "large"


NUMBERS = st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False, width=32)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc: é", min_size=1, max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
@settings(max_examples=60, deadline=None)
def test_any_json_is_read_back_as_it_was(value):
    # JSON is YAML 1.2, apart from what no YAML file may hold unescaped; dumps escapes all of that.
    assert read_yaml(json.dumps(value)).data == value


@given(st.text(alphabet="ab:-[]{}&*!|>'\"%@`#,? \n\t", max_size=40))
@settings(max_examples=300, deadline=None)
def test_any_text_gives_data_or_flaws_and_nothing_else(text):
    try:
        json.dumps(read_yaml(text).data, allow_nan=False)
    except BadYaml as error:
        told = error.flaws
        assert told
