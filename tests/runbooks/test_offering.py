"""Choices from the real world: hosts, people, groups, a command, a table; found when a form is made, and again at the start."""

import sys
from datetime import date

import pytest
from jsonschema import Draft202012Validator

from fixtures_runs import asking, make_engine, runbook_of
from temanashi.hosts.inventory import Inventory
from temanashi.hosts.transport import Result, TimedOut
from temanashi.people import People
from temanashi.runbooks.choices import ChoicesFrom
from temanashi.runbooks.form_schema import input_schema
from temanashi.runbooks.inputs import BadInputs, validate_inputs
from temanashi.runbooks.offering import ChoicesUnavailable, Offering
from temanashi.runbooks.parsing import BadRunbook
from temanashi.runs.reading import run_view
from temanashi.runs.requests import request_run
from temanashi.text import LANGUAGES, explain
from temanashi.workspace.choosing import running_on

TITLE = {"ja": "選択", "en": "Pick"}
INVENTORY = Inventory.model_validate(
    {"hosts": {"web1": {"tags": ["web"], "system": "shop"}, "web2": {"tags": ["web"]}, "db1": {"system": "shop"}}}
)
PEOPLE = People.model_validate(
    {
        "people": {
            "hanako": {"name": "山田 花子"},
            "taro": {"name": "佐藤 太郎", "left": "2026-03-31"},
            "jiro": {"name": "鈴木 次郎"},
        },
        "groups": {"ops": ["hanako", "taro"], "ops-leads": ["hanako"], "sales": ["jiro"]},
    }
)
FILES = {
    "runbooks/site/depts.csv": "\ufeff"
    'code,name,system\r\n100,営業部,shop\r\n200,"経理, 財務",books\r\n,空,shop\r\n100,二重,shop\r\n-rf,悪,shop\r\n',
    "runbooks/site/tabs.csv": "code\tname\n1\tone\n",
    "runbooks/site/empty.csv": "",
}


def offers(**more):
    return Offering(inventory=INVENTORY, files=FILES, people=PEOPLE, today=date(2026, 11, 20), **more)


def found(source, values=None, **more):
    return [
        (c.value, c.title.text("ja") if c.title else "")
        for c in offers(**more).offered(ChoicesFrom.model_validate(source), values or {})
    ]


FOUND = [
    ({"hosts": "tag:web"}, [("web1", ""), ("web2", "")]),
    ({"hosts": "system:shop,!web1"}, [("db1", "")]),
    ({"people": "all"}, [("hanako", "山田 花子"), ("jiro", "鈴木 次郎")]),
    ({"people": "group:ops"}, [("hanako", "山田 花子")]),
    ({"groups": "all"}, [("ops", ""), ("ops-leads", ""), ("sales", "")]),
    ({"groups": "ops*"}, [("ops", ""), ("ops-leads", "")]),
    ({"csv": "depts.csv"}, [("100", ""), ("200", "")]),
    ({"csv": "depts.csv", "column": "code", "title": "name"}, [("100", "営業部"), ("200", "経理, 財務")]),
    ({"csv": "depts.csv", "title": "name", "where": {"system": "books"}}, [("200", "経理, 財務")]),
    ({"csv": "tabs.csv", "title": "name"}, [("1", "one")]),
    ({"csv": "empty.csv"}, []),
]


@pytest.mark.parametrize(("source", "expected"), FOUND)
def test_this_can_be_chosen(source, expected):
    assert found(source) == expected


LOST = [
    ({"hosts": "tag:nothing"}, "tag:nothing"),
    ({"people": "group:nobody"}, "group:nobody"),
    ({"people": "hanako"}, "hanako"),
    ({"csv": "gone.csv"}, "runbooks/site/gone.csv"),
    ({"csv": "depts.csv", "column": "cde"}, "cde"),
    ({"csv": "depts.csv", "where": {"sytem": "x"}}, "sytem"),
]


@pytest.mark.parametrize(("source", "word"), LOST)
def test_a_source_that_leads_nowhere_says_so(source, word):
    with pytest.raises(ChoicesUnavailable) as caught:
        found(source)
    for lang in LANGUAGES:
        assert word in explain(caught.value, lang).what
        assert explain(caught.value, lang).next


def answering(*lines, exit=0, stderr=b"", truncated=False):  # noqa: A002
    return lambda _: Result(exit, stdout="\n".join(lines).encode(), stderr=stderr, truncated=truncated)


def test_a_command_offers_its_lines_and_what_could_be_an_option_or_a_control_character_is_left_out():
    lines = ("alpha", "beta\tThe second", "", "-rf", "bad\x1b[31m", "gamma\r", "alpha\tagain", "x" * 201)
    assert found({"command": ["list"]}, run_on=answering(*lines)) == [("alpha", ""), ("beta", "The second"), ("gamma", "")]


@pytest.mark.parametrize(
    "answer",
    [
        answering("a", exit=3, stderr=b"first\nno such table"),
        answering("a", truncated=True),
        answering(*(f"v{n}" for n in range(5001))),
    ],
)
def test_a_command_that_fails_or_says_too_much_offers_nothing(answer):
    with pytest.raises(ChoicesUnavailable):
        found({"command": ["list"]}, run_on=answer)


def test_a_host_that_does_not_answer_is_said_so():
    def late(source):
        raise TimedOut("db1", "list", 5)

    with pytest.raises(ChoicesUnavailable) as caught:
        found({"command": ["list"]}, run_on=late)
    assert "db1" in explain(caught.value, "ja").what


def test_a_command_really_runs_on_its_host_with_values_as_arguments():
    source = {"command": [sys.executable, "-c", "import sys; print('got', *sys.argv[1:], sep='\\n')", "{{ params.system }}; id"]}
    inventory = Inventory()
    assert found(source, {"system": "a b"}, run_on=running_on(inventory)) == [("got", ""), ("a b; id", "")]


def picking(*parameters):
    named = [{"name": f"p{n}" if n else "p", "title": TITLE, "type": "choice", **p} for n, p in enumerate(parameters)]
    return runbook_of([{"command": ["true"]}], parameters=named)


def wrong(runbook, raw, **more):
    with pytest.raises(BadInputs) as caught:
        validate_inputs(runbook, raw, offers=offers(**more))
    return caught.value


def test_a_value_that_is_gone_is_refused_with_what_is_there_now():
    runbook = picking({"choices_from": {"hosts": "tag:web"}})
    assert validate_inputs(runbook, {"p": "web1"}, offers=offers()) == {"p": "web1"}
    error = wrong(runbook, {"p": "web9"})
    [problem] = error.problems
    assert (problem.message.key, problem.close) == ("runbooks.input-gone", "web2")
    assert "web1、web2" in explain(error, "ja").what
    assert "web1, web2" in explain(error, "en").what


def test_many_choices_are_not_all_told():
    error = wrong(picking({"choices_from": {"command": ["x"]}}), {"p": "zz"}, run_on=answering(*(f"v{n}" for n in range(30))))
    assert "v19、…" in explain(error, "ja").what


def test_choices_that_depend_on_an_earlier_answer():
    runbook = picking({"choices": ["shop", "books"]}, {"choices_from": {"csv": "depts.csv", "where": {"system": "{{ params.p }}"}}})
    assert validate_inputs(runbook, {"p": "books", "p1": "200"}, offers=offers())["p1"] == "200"
    [gone] = wrong(runbook, {"p": "shop", "p1": "200"}).problems
    assert gone.message.key == "runbooks.input-gone"
    problems = wrong(runbook, {"p": "no such", "p1": "200"}).problems
    assert [p.message.key for p in problems] == ["runbooks.input-choice", "runbooks.input-needs"]


def test_choices_that_cannot_be_looked_up_refuse_the_run():
    [problem] = wrong(picking({"choices_from": {"csv": "gone.csv"}}), {"p": "x"}).problems
    assert problem.message.key == "runbooks.input-unavailable"
    assert "gone.csv" in problem.message.text("ja")


def test_an_optional_choice_that_is_not_made_asks_nobody():
    runbook = picking({"choices_from": {"csv": "gone.csv"}, "required": False})
    assert validate_inputs(runbook, {}, offers=offers()) == {"p": None}


@pytest.mark.parametrize("given", ["", "-rf", "a\nb", 5, ["a"], "x" * 201])
def test_the_shape_of_a_found_choice_is_checked_even_where_nobody_can_look(given):
    with pytest.raises(BadInputs):
        validate_inputs(picking({"choices_from": {"command": ["x"]}}), {"p": given})


LISTS = [
    ({}, ["a", "b"], ["a", "b"]),
    ({}, "a, b", ["a", "b"]),
    ({}, "a,b\nc", ["a,b", "c"]),
    ({}, '["a,b", "c"]', ["a,b", "c"]),
    ({"choices": ["x", "y"]}, "y,x", ["y", "x"]),
    ({"choices_from": {"hosts": "tag:web"}}, ["web2"], ["web2"]),
    ({"min_items": 0}, [], []),
    ({"required": False}, [], None),
    ({"default": ["d", "e"]}, None, ["d", "e"]),
]
BAD_LISTS = [
    ({}, None, "runbooks.input-missing"),
    ({}, [], "runbooks.input-count"),
    ({}, 5, "runbooks.input-list"),
    ({}, {"a": 1}, "runbooks.input-list"),
    ({}, "[not json", "runbooks.input-list"),
    ({}, ["a", "a"], "runbooks.input-twice"),
    ({}, ["a", ""], "runbooks.input-empty-item"),
    ({}, ["a", 5], "runbooks.input-text"),
    ({}, ["-rf"], "runbooks.input-dash"),
    ({}, ["a\nb"], "runbooks.input-control"),
    ({"max_items": 2}, ["a", "b", "c"], "runbooks.input-count"),
    ({"pattern": "[a-z]+"}, ["a", "B"], "runbooks.input-pattern"),
    ({"max_length": 2}, ["abc"], "runbooks.input-long"),
    ({"choices": ["x"]}, ["z"], "runbooks.input-choice"),
    ({"choices_from": {"hosts": "tag:web"}}, ["web1", "db1"], "runbooks.input-gone"),
]


@pytest.mark.parametrize(("parameter", "given", "expected"), LISTS)
def test_this_list_is_taken(parameter, given, expected):
    runbook = picking({"type": "list", **parameter})
    assert validate_inputs(runbook, {"p": given} if given is not None else {}, offers=offers()) == {"p": expected}


@pytest.mark.parametrize(("parameter", "given", "key"), BAD_LISTS)
def test_this_list_is_refused(parameter, given, key):
    error = wrong(picking({"type": "list", **parameter}), {"p": given} if given is not None else {})
    assert [p.message.key for p in error.problems] == [key]
    for lang in LANGUAGES:
        assert TITLE[lang] in explain(error, lang).what


BAD_FILES = [
    {"choices_from": {"hosts": "all", "people": "all"}},
    {"choices_from": {}},
    {"choices_from": {"hosts": "all", "column": "x"}},
    {"choices_from": {"hosts": "all"}, "choices": ["a"]},
    {},
    {"choices": ["a", "a"]},
    {"choices_from": {"csv": "../secrets.csv"}},
    {"choices_from": {"csv": "notes.txt"}},
    {"choices_from": {"command": ["x", "{{ params.later }}"]}},
    {"choices_from": {"command": ["x", "{{ host.name }}"]}},
    {"choices_from": {"command": ["x", "{{ oops"]}},
    {"choices_from": {"command": []}},
    {"choices_from": {"comand": ["x"]}},
    {"type": "list", "min_items": 5, "max_items": 2},
    {"type": "list", "choices": ["a"], "default": ["b"]},
]


@pytest.mark.parametrize("parameter", BAD_FILES)
def test_this_is_a_mistake_of_the_file_with_its_place(parameter):
    with pytest.raises(BadRunbook) as caught:
        picking(parameter, {"choices": ["x"]})
    assert caught.value.problems[0].loc[:2] == ("parameters", 0)


def test_a_secret_is_nothing_to_choose_by():
    with pytest.raises(BadRunbook):
        picking({"type": "secret"}, {"choices_from": {"command": ["x", "{{ params.p }}"]}})


def test_prefects_form_lists_up_to_200_choices():
    few, many = (
        picking({"choices_from": {"command": ["x"]}, "default": "v0"}, {"type": "list", "choices_from": {"command": ["x"]}})
        for _ in range(2)
    )
    small = input_schema(few, "ja", offers=offers(run_on=answering(*(f"v{n}" for n in range(200)))))
    Draft202012Validator.check_schema(small)
    assert len(small["properties"]["p"]["enum"]) == 200
    assert small["properties"]["p1"]["items"]["enum"][0] == "v0"
    assert small["properties"]["p1"]["type"] == "array"
    large = input_schema(many, "ja", offers=offers(run_on=answering(*(f"v{n}" for n in range(201)))))
    assert "enum" not in large["properties"]["p"]
    assert "enum" not in input_schema(few, "ja")["properties"]["p"]
    assert "enum" not in input_schema(few, "ja", offers=offers(run_on=answering(exit=1)))["properties"]["p"]


def test_prefects_form_takes_any_text_where_choices_depend_on_another_answer():
    runbook = picking({"choices": ["shop"]}, {"choices_from": {"csv": "depts.csv", "where": {"system": "{{ params.p }}"}}})
    assert "enum" not in input_schema(runbook, "ja", offers=offers())["properties"]["p1"]


@pytest.fixture
def engine(tmp_path):
    made = make_engine(tmp_path)
    yield made
    made.database.close()


def test_a_run_starts_with_a_list_that_a_template_can_join(engine):
    parameter = {"name": "names", "type": "list", "title": TITLE}
    runbook = runbook_of([{"command": ["echo", "{{ params.names | join('+') }}"]}], parameters=[parameter])
    run = request_run(engine, asking(runbook, inputs={"names": "a,b"}))
    with engine.database.reading() as connection:
        assert "a+b" in run_view(connection, run).steps[0].rows[0].summary.text("ja")


def test_a_run_never_starts_on_choices_that_nobody_looked_up(engine):
    runbook = picking({"choices_from": {"command": ["x"]}})
    with pytest.raises(BadInputs) as caught:
        request_run(engine, asking(runbook, inputs={"p": "anything"}))
    assert caught.value.problems[0].message.key == "runbooks.input-unavailable"
    hosts = picking({"choices_from": {"hosts": "web*"}})
    assert request_run(engine, asking(hosts, hosts=2, inputs={"p": "web2"}))
    with pytest.raises(BadInputs):
        request_run(engine, asking(hosts, hosts=2, inputs={"p": "web3"}))
