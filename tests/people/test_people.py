"""Who a typed name is, who belongs to what, and who stands in for whom."""

import getpass
from datetime import date

import pytest
from pydantic import ValidationError

from temanashi.people import Actor, People, current_actor, folded, missing_words
from temanashi.problems import problems_of

PEOPLE = People.model_validate(
    {
        "people": {
            "yamada": {
                "name": "山田 花子",
                "mail": "hanako@example.jp",
                "os": "yamada",
                "deputies": [{"who": "sato", "from": "2026-12-01", "to": "2026-12-10"}],
            },
            "sato": {"name": "Ｓａｔｏ Jiro", "os": ["jsato", "sato-adm"], "left": "2026-12-31"},
            "kato": {"name": "加藤"},
        },
        "groups": {"leads": ["yamada", "group:board"], "board": ["kato", "group:leads"], "empty": []},
        "roles": {"emergency": "group:board", "auditor": None} | {"auditor": ["sato"]},
    }
)


@pytest.mark.parametrize(
    "typed",
    ["yamada", "YAMADA", "ＹＡＭＡＤＡ", " ya\u200bmada ", "山田花子", "山田　花子", "Hanako@Example.jp", "ｙａｍａｄａ\u00ad"],
)
def test_every_spelling_of_a_name_is_the_same_person(typed):
    assert PEOPLE.find(typed) == "yamada"
    assert PEOPLE.identity(typed) == "person:yamada"


def test_the_account_at_a_terminal_is_the_person_whose_it_is():
    assert PEOPLE.find("JSATO") == "sato"
    assert PEOPLE.identities(Actor(name="bob", account="jsato")) == {"name:bob", "person:sato"}
    assert PEOPLE.identities(Actor(name="yamada", account="root")) == {"person:yamada"}


def test_who_is_not_listed_is_their_own_folded_name():
    assert PEOPLE.find("somebody") is None
    assert PEOPLE.find(" ") is None
    assert PEOPLE.identity("Some Body") == PEOPLE.identity("ＳＯＭＥｂｏｄｙ") == "name:somebody"
    assert folded("ﾔﾏﾀﾞ") == folded("ヤマダ")


def test_a_listed_person_acts_under_the_listed_name_and_the_system_as_itself():
    assert PEOPLE.known(Actor(name="ＪＳＡＴＯ")).name == "Ｓａｔｏ Jiro"
    assert PEOPLE.known(Actor(name="root", account="root")).name == "root"
    assert PEOPLE.known(Actor(name="yamada", kind="system")).name == "yamada"
    assert PEOPLE.name("yamada") == "山田 花子"
    assert PEOPLE.name("gone") == "gone"


def test_groups_may_hold_groups_and_each_other():
    assert PEOPLE.members(["group:leads"]) == {"yamada", "kato"}
    assert PEOPLE.members(["group:board", "sato"]) == {"yamada", "kato", "sato"}
    assert PEOPLE.members(["role:emergency"]) == {"yamada", "kato"}
    assert PEOPLE.members(["role:admin", "group:nobody", "nobody", "group:empty"]) == frozenset()


def test_a_deputy_stands_in_from_the_first_day_to_the_last_one():
    days = [date(2026, 11, 30), date(2026, 12, 1), date(2026, 12, 10), date(2026, 12, 11)]
    assert [PEOPLE.stands_in_for("sato", day) for day in days] == [frozenset(), {"yamada"}, {"yamada"}, frozenset()]


def test_who_left_is_not_here_from_the_next_day_on():
    assert PEOPLE.here("sato", date(2026, 12, 31))
    assert not PEOPLE.here("sato", date(2027, 1, 1))
    assert not PEOPLE.here("nobody", date(2026, 1, 1))


def test_words_that_name_nobody_are_found_with_the_closest_one():
    found = missing_words(["yamda", "group:lead", "role:auditor", "schedule"], PEOPLE, more=("schedule",))
    assert [(f.at, f.word, f.close) for f in found] == [(0, "yamda", "yamada"), (1, "group:lead", "group:leads")]


def problem(data):
    with pytest.raises(ValidationError) as caught:
        People.model_validate(data)
    return problems_of(caught.value, model=People)[0]


WRONG = [
    ({"people": {"a": {"name": "山田"}, "b": {"name": "Ｂ", "os": "Ａ"}}}, "（", "belongs to both"),
    ({"people": {"schedule": {"name": "予定"}}}, "自動で始まる", "starts by itself"),
    (
        {"people": {"a": {"name": "A", "deputies": [{"who": "b", "from": "2026-12-02", "to": "2026-12-01"}]}}},
        "期間が逆",
        "wrong way round",
    ),
]


@pytest.mark.parametrize(("data", "ja", "en"), WRONG)
def test_what_cannot_be_told_apart_or_makes_no_sense_is_refused(data, ja, en):
    found = problem(data).message
    assert en in found.text("en")
    assert ja in found.text("ja") or "両方" in found.text("ja")


def test_misspelt_keys_get_a_suggestion():
    found = problem({"people": {"a": {"name": "A", "deputes": []}}})
    assert (found.close, found.field) == ("deputies", "people.a.deputes")


def test_an_empty_file_and_empty_keys_list_nobody():
    assert People.model_validate({"people": None, "groups": None, "roles": None}) == People()


def test_the_person_at_the_terminal(monkeypatch):
    monkeypatch.setenv("USER", "yamada")
    monkeypatch.setenv("LOGNAME", "yamada")
    monkeypatch.delenv("TEMA_ACTOR", raising=False)
    assert current_actor(people=PEOPLE).name == "山田 花子"
    assert current_actor().name == getpass.getuser() == "yamada"
    assert current_actor().account != "yamada"  # USER is what somebody says; the account is what the system knows
    monkeypatch.setenv("TEMA_ACTOR", "kato")
    assert current_actor(people=PEOPLE).name == "加藤"
    assert current_actor("sato", people=PEOPLE).name == "Ｓａｔｏ Jiro"


def test_a_user_without_a_name_is_a_number(monkeypatch):
    import pwd

    def nobody(_):
        raise KeyError

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    assert current_actor("a").account.isdigit()
