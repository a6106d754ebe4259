"""A person's language: chosen on their own page, kept with them, and used where neither address nor letter says otherwise."""

from dataclasses import replace
from datetime import timedelta

import pytest

from temanashi.people import Actor, People
from temanashi.signin.preferences import chosen_languages
from temanashi.signin.recognising import of_session
from temanashi.signin.sessions import begin_session
from temanashi.signin.users import add_user
from temanashi.workspace.first_admin import book_of

OURS = {"origin": "http://testserver"}


@pytest.fixture
def anna(visitor):
    with visitor.opened.database.transaction() as connection:
        more = {"people": People(), "actor": Actor(name="setup"), "channel": "cli", "roles": ("staff",), "one_time": False}
        add_user(book_of(visitor.opened), connection, "anna", password="four short words here", **more)
    visitor.sign_in("anna", "staff")
    return visitor


def choose(anna, lang):
    return anna.http.post("/me?lang=ja", data={"verb": "language", "language": lang}, headers=OURS)


def chosen(anna):
    with anna.opened.database.reading() as connection:
        return dict(chosen_languages(connection))


def heading(anna, path="/requests", **headers):
    text = anna.get(path, headers=headers).text
    return "ja" if '<html lang="ja">' in text else "en"


def test_it_is_kept_with_the_person_and_can_be_given_up(anna):
    answer = choose(anna, "en")
    assert (answer.status_code, answer.headers["location"]) == (303, "/tema/me?said=language&lang=en")
    assert chosen(anna) == {"anna": "en"}
    assert "The language was saved." in anna.get("/me?said=language&lang=en").text
    assert choose(anna, "").headers["location"] == "/tema/me?said=language"
    assert chosen(anna) == {}


@pytest.mark.parametrize("wrong", ["fr", "ja ", "en'; --", "x" * 500])
def test_a_language_that_the_workspace_does_not_have_is_not_taken(anna, wrong):
    assert choose(anna, wrong).status_code == 303
    assert chosen(anna) == {}


def test_the_address_goes_before_it_and_the_browser_after_it(anna):
    japanese = {"accept-language": "ja"}
    assert heading(anna, **{"accept-language": "en"}) == "en"
    anna.http.me = replace(anna.http.me, lang="en")
    assert heading(anna, **japanese) == "en"
    assert heading(anna, "/requests?lang=ja") == "ja"
    anna.http.me = replace(anna.http.me, lang="")
    assert heading(anna, **japanese) == "ja"


def test_a_session_knows_it_and_its_page_marks_it(anna):
    choose(anna, "en")
    now = anna.opened.clock.now()
    with anna.opened.database.transaction() as connection:
        token = begin_session(connection, "anna", now=now, lasting=timedelta(hours=1), address="")
        me = of_session(connection, token, people=People(), now=now, today=now, idle=timedelta(hours=1))
    assert me.lang == "en"
    anna.http.me = me
    assert 'name="language" value="en" checked' in anna.get("/me").text


def test_somebody_by_a_token_and_nobody_choose_none(anna):
    anna.http.me = replace(anna.http.me, by_token=True)
    assert choose(anna, "en").status_code == 303
    anna.http.me = None
    assert choose(anna, "en").status_code == 303
    assert chosen(anna) == {}
    assert 'name="language"' not in anna.get("/me").text
