import pytest
from pydantic import TypeAdapter

from fixtures_runs import runbook_of
from temanashi.runbooks.kinds import step_kinds
from temanashi.runbooks.manual_values import Value, WrongValue, read_value
from temanashi.runbooks.parsing import BadRunbook
from temanashi.text import explain


def spec(**more):
    return TypeAdapter(Value).validate_python({"title": "残高", **more})


NUMBER = {"type": "number", "minimum": -5, "maximum": 1_000_000}


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("7", 7),
        ("7.0", 7),
        ("0.1", 0.1),
        ("１２３，４５６．７８", 123456.78),
        ("1,000,000", 1_000_000),
        ("-5", -5),
        ("−5", -5),
        ("+3", 3),
        (" 1 000 ", 1000),
        ("12.50", 12.5),
    ],
)
def test_numbers_are_read_as_people_write_them(typed, value):
    read = read_value(spec(**NUMBER), typed)
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize("typed", ["", " ", "many", "1,00", "1.2.3", "nan", "inf", "1e5", "0x10", "--1", "9" * 40, "٣"])
def test_what_is_no_number_is_refused(typed):
    with pytest.raises(WrongValue):
        read_value(spec(**NUMBER), typed)


@pytest.mark.parametrize(("typed", "key"), [("-5.01", "runbooks.value-too-small"), ("1000000.5", "runbooks.value-too-large")])
def test_bounds_hold(typed, key):
    with pytest.raises(WrongValue) as told:
        read_value(spec(**NUMBER), typed)
    assert told.value.problem.key == key


def test_a_value_may_be_left_out_where_it_is_not_required():
    assert read_value(spec(required=False), "  ") is None
    with pytest.raises(WrongValue):
        read_value(spec(), "  ")


@pytest.mark.parametrize(
    ("more", "typed", "key"),
    [
        ({"pattern": "[A-Z]{3}-[0-9]+"}, "abc-1", "runbooks.value-pattern"),
        ({"pattern": "[A-Z]{3}-[0-9]+"}, "ABC-1 ", None),
        ({"max_length": 3}, "1234", "runbooks.value-too-long"),
        ({}, "two\nlines", "runbooks.value-one-line"),
        ({}, "bell\x07", "runbooks.value-one-line"),
        ({"type": "choice", "choices": ["ok", "bad"]}, "fine", "runbooks.value-not-a-choice"),
        ({"type": "choice", "choices": ["ok", "bad"]}, "ok", None),
    ],
)
def test_texts_and_choices(more, typed, key):
    if key is None:
        assert read_value(spec(**more), typed) == typed.strip()
        return
    with pytest.raises(WrongValue) as told:
        read_value(spec(**more), typed)
    assert told.value.problem.key == key
    for lang in ("ja", "en"):
        assert "{title}" not in explain(told.value, lang).what


@pytest.mark.parametrize(
    ("manual", "field"),
    [
        ({"text": "x", "confirm": "ops"}, "confirm"),
        ({"text": "x", "confirm": "group:"}, "confirm"),
        ({"text": "x", "value": {"title": "x", "type": "number", "minimum": 2, "maximum": 1}}, "value"),
        ({"text": "x", "value": {"title": "x", "type": "choice", "choices": []}}, "value"),
        ({"text": "x", "value": {"title": "x", "pattern": "("}}, "value"),
        ({"text": "x", "value": {"type": "number"}}, "value"),
        ({"text": "x", "idle_minutes": 0}, "idle_minutes"),
        ({"text": "x", "not_aplicable": True}, "not_aplicable"),
    ],
)
def test_what_a_runbook_cannot_ask_for_is_told_at_its_place(manual, field):
    with pytest.raises(BadRunbook) as told:
        runbook_of([{"id": "one", "manual": manual}])
    assert any(field in problem.field for problem in told.value.problems)


def test_the_schema_describes_what_may_be_asked():
    text = str(step_kinds()["manual"].schema())
    assert all(word in text for word in ("confirm", "idle_minutes", "not_applicable", "NumberValue", "choices"))
