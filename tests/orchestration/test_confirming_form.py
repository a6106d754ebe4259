import pytest
from pydantic import ValidationError

from temanashi.orchestration.confirming import _form, _verb


def schema(*languages):
    return _form(languages).model_json_schema()["properties"]


def test_every_field_has_a_title_in_each_language_of_the_workspace():
    both = schema("ja", "en")
    assert both["answer"]["title"] == "結果 / Result"
    assert both["answer"]["enum"] == ["完了しました / Done", "実施しません / Not done"]
    assert schema("ja")["name"]["title"] == "お名前"


def test_what_cannot_be_answered_as_a_whole_can_only_be_refused():
    form = _form(("ja",), whole=False)
    assert form.model_json_schema()["properties"]["answer"]["enum"] == ["実施しません"]
    assert form(name="bob", answer="実施しません")
    with pytest.raises(ValidationError):
        form(name="bob", answer="完了しました")


def test_nothing_is_chosen_beforehand():
    assert "default" not in schema("ja", "en")["answer"]
    with pytest.raises(ValidationError):
        _form(("ja",))(name="bob")


@pytest.mark.parametrize("wrong", [{"name": ""}, {"minutes": -1}, {"minutes": 1441}, {"note": "x" * 2001}, {"answer": "maybe"}])
def test_what_the_form_refuses(wrong):
    good = {"answer": "完了しました", "name": "bob"}
    assert _form(("ja",))(**good)
    with pytest.raises(ValidationError):
        _form(("ja",))(**good | wrong)


@pytest.mark.parametrize(
    ("answer", "verb"),
    [
        ("完了しました / Done", "done"),
        ("完了しました", "done"),
        ("Done", "done"),
        ("実施しません / Not done", "refused"),
        ("Not done", "refused"),
    ],
)
def test_an_answer_is_read_in_whatever_language_it_was_shown(answer, verb):
    assert _verb(answer) == verb
