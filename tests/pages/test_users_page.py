"""The page of users: what one admin does alone, what takes two, secrets that are shown once, and all of it on record."""

import html
import re
from datetime import timedelta

import pytest

from temanashi.people import Actor, People
from temanashi.signin.sessions import begin_session, open_sessions
from temanashi.signin.throttle import count_try, seconds_to_wait
from temanashi.signin.tokens import find_token
from temanashi.signin.users import add_user, admins, read_user
from temanashi.workspace.first_admin import book_of

ORIGIN = {"origin": "http://testserver"}
PASSWORD = "four short words here"


@pytest.fixture
def office(visitor):
    with visitor.opened.database.transaction() as connection:
        for user, roles in {"anna": ("admin",), "bert": ("admin",), "cleo": ("staff",)}.items():
            more = {"people": People(), "actor": Actor(name="setup"), "channel": "cli", "roles": roles, "one_time": False}
            add_user(book_of(visitor.opened), connection, user, password=PASSWORD, **more)
    visitor.sign_in("anna", "admin")
    return visitor


def post(office, path, lang="ja", **form):
    return office.http.post(f"/{path}?lang={lang}", data=form, headers=ORIGIN)


def read(office, look):
    with office.opened.database.reading() as connection:
        return look(connection)


def noted(office):
    records = read(office, lambda c: list(office.opened.ledger.records(c, kinds=("noted",))))
    return [(r.draft.actor, r.draft.outcome, r.draft.channel) for r in records]


def shown(text):
    return html.unescape(re.search(r'role="status"><p>[^<]*</p><p><code>([^<]+)', text)[1])


@pytest.mark.parametrize(
    ("lang", "words"), [("ja", ("利用者", "社員", "まだサインインしていません")), ("en", ("Users", "never signed in"))]
)
def test_everybody_is_listed_with_roles_and_found_by_name(office, lang, words):
    text = office.get(f"/users?lang={lang}").text
    assert all(word in text for word in (*words, "anna", "cleo"))
    found = office.get("/users?q=cle").text
    assert "/tema/users/cleo" in found
    assert "/tema/users/bert" not in found
    assert "当てはまる利用者はいません" in office.get("/users?q=zz&lang=ja").text


def test_a_new_user_gets_a_password_that_is_shown_once(office):
    answer = post(office, "users", verb="add", user="dora", name="Dora D", role="staff")
    assert answer.status_code == 200
    password = shown(answer.text)
    assert len(password) > 20
    assert password not in office.get("/users/dora").text
    user = read(office, lambda c: read_user(c, "dora"))
    assert (user.name, user.roles, user.one_time) == ("Dora D", ("staff",), True)
    assert ("anna", "user-added", "page") in noted(office)


@pytest.mark.parametrize(("user", "word"), [("Bad Name", "使えません"), ("cleo", "もういます"), ("", "使えません")])
def test_what_is_wrong_with_a_new_user_is_said_and_what_was_typed_is_kept(office, user, word):
    answer = post(office, "users", verb="add", user=user, name="Kept Name", role="staff")
    assert answer.status_code == 400
    assert word in answer.text
    assert "Kept Name" in answer.text


def test_a_role_that_changes_something_takes_two_admins(office):
    assert "said=role-asked" in post(office, "users/cleo", verb="give", role="approver").headers["location"]
    assert read(office, lambda c: read_user(c, "cleo")).roles == ("staff",)
    text = office.get("/users?lang=ja").text
    request = re.search(r'name="request" value="([^"]+)"', text)[1]
    assert 'value="confirm"' not in text
    assert post(office, "users", verb="confirm", request=request).status_code == 409
    office.sign_in("bert", "admin")
    assert "cleo を承認者にする" in office.get("/?lang=ja").text
    assert "said=confirmed" in post(office, "users", verb="confirm", request=request).headers["location"]
    assert "approver" in read(office, lambda c: read_user(c, "cleo")).roles
    assert [(a, o) for a, o, _ in noted(office)][-2:] == [("anna", "role-asked"), ("bert", "role-given")]
    assert post(office, "users", verb="confirm", request=request).status_code == 400


def test_what_lets_somebody_see_is_given_and_everything_taken_by_one(office):
    assert "said=role-given" in post(office, "users/cleo", verb="give", role="viewer").headers["location"]
    assert "said=role-taken" in post(office, "users/cleo", verb="take", role="staff").headers["location"]
    assert read(office, lambda c: read_user(c, "cleo")).roles == ("viewer",)
    assert post(office, "users/cleo", verb="give", role="king").status_code == 400


def test_the_last_admin_who_may_sign_in_stays(office):
    assert post(office, "users/bert", verb="disable", reason="moved").status_code == 303
    assert "停止中" in office.get("/users/bert?lang=ja").text
    refused = post(office, "users/anna", verb="disable")
    assert refused.status_code == 409
    assert "ただ一人の管理者" in refused.text
    assert read(office, admins) == {"anna"}
    assert post(office, "users/bert", verb="enable").status_code == 303
    assert read(office, admins) == {"anna", "bert"}


def test_a_new_password_is_shown_once_but_not_of_another_admin(office):
    answer = post(office, "users/cleo", verb="password")
    assert len(shown(answer.text)) > 20
    assert read(office, lambda c: read_user(c, "cleo")).one_time
    refused = post(office, "users/bert", verb="password")
    assert refused.status_code == 409
    assert "tema user passwd bert" in refused.text


def test_sessions_are_listed_and_ended(office):
    now, idle = office.opened.clock.now(), timedelta(minutes=30)
    with office.opened.database.transaction() as connection:
        begin_session(connection, "cleo", now=now, lasting=timedelta(hours=9), address="192.0.2.7")
    assert "192.0.2.7" in office.get("/users/cleo").text
    assert post(office, "users/cleo", verb="sign-out").status_code == 303
    assert read(office, lambda c: open_sessions(c, "cleo", now=now, idle=idle)) == []
    assert ("anna", "sessions-ended", "page") in noted(office)


def test_my_own_page_lists_my_sessions_and_ends_the_others(office):
    now = office.opened.clock.now()
    with office.opened.database.transaction() as connection:
        here = begin_session(connection, "anna", now=now, lasting=timedelta(hours=9), address="192.0.2.1")
        begin_session(connection, "anna", now=now, lasting=timedelta(hours=9), address="192.0.2.2")
    cookie = {"cookie": f"tema_session={here}"}
    text = office.get("/me?lang=ja", headers=cookie).text
    assert text.count("（この端末）") == 1
    assert "192.0.2.2" in text
    assert office.http.post("/me?lang=ja", headers=ORIGIN | cookie).status_code == 303
    after = office.get("/me?lang=ja", headers=cookie).text
    assert "192.0.2.1" in after
    assert "192.0.2.2" not in after


def test_somebody_who_is_locked_out_is_let_in_again(office):
    now = office.opened.clock.now()
    with office.opened.database.transaction() as connection:
        for _ in range(6):
            count_try(connection, "cleo", "192.0.2.9", now)
    assert "分ほどサインインできません" in office.get("/users/cleo?lang=ja").text
    assert post(office, "users/cleo", verb="unlock").status_code == 303
    assert read(office, lambda c: seconds_to_wait(c, "cleo", "192.0.2.8", now)) == 0
    assert ("anna", "user-unlocked", "page") in noted(office)


def test_a_token_is_ones_own_shown_once_and_revoked(office):
    answer = post(office, "users/anna", verb="token", name="nightly", **{"scope-read": "yes", "scope-worker": "yes"})
    assert answer.status_code == 400  # a worker's token is nobody's
    secret = shown(post(office, "users/anna", verb="token", name="nightly", **{"scope-read": "yes"}).text)
    now = office.opened.clock.now()
    token = read(office, lambda c: find_token(c, secret, now=now))
    assert (token.user, token.scopes) == ("anna", ("read",))
    page = office.get("/users/anna").text
    assert secret not in page
    assert "nightly" in page
    assert post(office, "users/cleo", verb="revoke", token=token.id).status_code == 409
    assert post(office, "users/anna", verb="revoke", token=token.id).status_code == 303
    assert read(office, lambda c: find_token(c, secret, now=now)) is None
    assert post(office, "users/anna", verb="token", name="none").status_code == 400
    refused = post(office, "users/cleo", verb="token", **{"scope-approve": "yes"})
    assert refused.status_code == 409
    assert "本人として働く" in refused.text


def test_a_button_that_is_not_there_does_nothing(office):
    assert post(office, "users/cleo", verb="promote").status_code == 409
    assert office.get("/users/nobody").status_code == 400
    assert office.http.post("/users/cleo", data={"verb": "disable"}, headers={"origin": "http://evil"}).status_code == 403
