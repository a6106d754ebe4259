"""How a person is identified for whom somebody else asks: a call back counts only at a number of the directory."""

import pytest

from temanashi.people import People
from temanashi.people.identity_check import (
    NoListedNumber,
    NotTheListedNumber,
    UnknownCheck,
    check_identity,
    numbers_of,
    tell_identity,
)
from temanashi.text import explain

PEOPLE = People.model_validate(
    {"people": {"sato": {"name": "佐藤 次郎", "phone": ["03-1234-5678", "5678"]}, "ito": {"name": "伊藤"}}}
)


def test_a_call_back_is_recorded_with_the_number_of_the_directory():
    assert numbers_of(PEOPLE, "ＳＡＴＯ") == ("03-1234-5678", "5678")
    assert check_identity(PEOPLE, "佐藤次郎", " call-back  03-1234-5678 ") == "call-back 03-1234-5678"


@pytest.mark.parametrize("way", ["in-person", "signed", "none"])
def test_other_ways_need_no_number(way):
    assert check_identity(PEOPLE, "誰か", way) == way


@pytest.mark.parametrize(
    ("name", "text", "error", "word"),
    [
        ("佐藤 次郎", "call-back 090-0000-0000", NotTheListedNumber, "03-1234-5678、5678"),
        ("佐藤 次郎", "call-back", NotTheListedNumber, "かけ直した番号を選んで"),
        ("伊藤", "call-back 1", NoListedNumber, "名簿にありません"),
        ("誰か", "call-back", NoListedNumber, "誰か"),
        ("佐藤 次郎", "magic", UnknownCheck, "magic"),
        ("佐藤 次郎", "in-person 03-1234-5678", UnknownCheck, "in-person"),
    ],
)
def test_what_proves_nothing_is_refused_with_words(name, text, error, word):
    with pytest.raises(error) as caught:
        check_identity(PEOPLE, name, text)
    told = explain(caught.value, "ja")
    assert word in told.what
    assert told.next


def test_nobody_needs_no_check():
    assert check_identity(PEOPLE, "", "call-back") == ""
    assert check_identity(PEOPLE, "佐藤 次郎", "") == ""


@pytest.mark.parametrize(
    ("text", "lang", "told"),
    [
        ("call-back 03-1", "ja", "名簿の番号 03-1 にかけ直して確かめた"),
        ("call-back", "en", "Called back at the number of the directory"),
        ("none", "en", "Not identified"),
        ("seen by the guard", "ja", "seen by the guard"),
    ],
)
def test_it_is_told_in_words(text, lang, told):
    assert tell_identity(text, lang) == told


@pytest.mark.parametrize("phone", ["<b>", "03 1234 5678;", "a" * 50, "1"])
def test_a_number_is_a_number(phone):
    with pytest.raises(ValueError, match="phone"):
        People.model_validate({"people": {"sato": {"name": "佐藤", "phone": phone}}})
