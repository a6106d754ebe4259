"""The addresses at which a chat or a portal asks the FAQ."""

import pytest

from fixtures_faq import with_faq
from fixtures_runs import ALICE
from temanashi.faq.inquiries import inquiries_of
from temanashi.signin.tokens import make_token
from temanashi.signin.users import add_user
from temanashi.workspace.first_admin import book_of
from temanashi.workspace.live import live_people

HERE = {"origin": "http://testserver"}


@pytest.fixture
def desk(empty):
    with_faq(empty.place)
    empty.place.publish()
    empty.token = made(empty, "ask")
    return empty


def made(desk, scope, user=""):
    with desk.opened.database.transaction() as connection:
        book = book_of(desk.opened)
        return make_token(book, connection, "chat", user=user, scopes=[scope], until=None, actor=ALICE, channel="cli")[1]


def post(desk, path="", told=None, *, token=None, lang="en", **more):
    headers = {"authorization": f"Bearer {token or desk.token}", "accept-language": lang}
    body = {"json": told} if told is not None else {}
    return desk.http.post(f"/api/ask{path}", headers=headers | more.pop("headers", {}), **body, **more)


def inquiries(desk):
    with desk.opened.database.reading() as connection:
        return inquiries_of(desk.opened.ledger.records(connection, kinds=("inquiry",)))


def test_a_chat_asks_and_gets_the_entry_with_its_owner_and_day(desk):
    answer = post(desk, "", {"question": "I cannot connect to the VPN", "for": "田中 太郎"})
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert (told["kind"], told["state"]) == ("answer", "offered")
    assert (told["entries"][0]["id"], told["entries"][0]["owner"]) == ("vpn-connect", "佐藤 次郎")
    assert told["entries"][0]["verified_on"] == "2026-04-01"
    (one,) = inquiries(desk).values()
    assert (one.channel, one.asker.name, one.beneficiary) == ("api", "chat", "田中 太郎")


def test_the_whole_way_to_a_persons_answer(desk):
    told = post(
        desk, "", {"question": "zzqq lunch menu", "for": "田中 太郎", "hand_over": True, "details": "password: Himitsu-99!"}
    )
    number = told.json()["number"]
    assert told.json()["state"] == "waiting"
    assert "Himitsu" not in str(inquiries(desk))
    desk.sign_in("taro", "staff")
    assert desk.get(f"/faq/inquiries/{number}").status_code == 200
    desk.sign_in("sato", "operator")
    desk.http.post(f"/faq/inquiries/{number}", data={"action": "reply", "reply": "On the board."}, headers=HERE)
    desk.http.me = None
    after = post(desk, "/state", {"number": number}).json()
    assert (after["state"], after["reply"], after["replied_by"]) == ("replied", "On the board.", "佐藤 次郎")


def test_votes_and_hand_overs_are_told_by_who_asked(desk):
    number = post(desk, "", {"question": "I cannot connect to the VPN"}).json()["number"]
    assert post(desk, "/vote", {"number": number, "vote": "solved"}).json()["state"] == "solved"
    assert post(desk, "/vote", {"number": number, "vote": "solved", "entry": "reset-pc"}).status_code == 422
    with desk.opened.database.transaction() as connection:
        book = book_of(desk.opened)
        other = make_token(book, connection, "portal", user="", scopes=["ask"], until=None, actor=ALICE, channel="cli")[1]
    for path, told in (
        ("/vote", {"number": number, "vote": "not_solved"}),
        ("/hand-over", {"number": number}),
        ("/state", {"number": number}),
    ):
        answer = post(desk, path, told, token=other)
        assert (answer.status_code, answer.json()["error"]) == (422, "ask.no-such")
    assert post(desk, "", {"question": "x", "number": number}, token=other).status_code == 422
    assert post(desk, "/hand-over", {"number": number, "details": "once more"}).json()["handed_to"] == "sato"
    assert post(desk, "/vote", {"number": number, "vote": "solved"}).json()["error"] == "ask.vote-closed"


def test_what_is_not_for_everyone_is_for_the_person_of_the_token_only(desk):
    with desk.opened.database.transaction() as connection:
        add_user(
            book_of(desk.opened),
            connection,
            "hanako",
            password="Correct-horse-9",
            people=live_people(connection),
            roles=["staff"],
            one_time=False,
            actor=ALICE,
            channel="cli",
        )
    hers = made(desk, "ask", "hanako")
    salary = {"text": "salary slip wrong"}
    assert "salary-slip" not in {entry["id"] for entry in post(desk, "/suggest", salary).json()["entries"]}
    found = post(desk, "/suggest", salary, token=hers)
    assert found.status_code == 200, found.text
    assert found.json()["entries"][0]["id"] == "salary-slip"
    asked = post(desk, "", {"question": "How to correct a salary slip"}, token=hers).json()
    assert asked["entries"][0]["id"] == "salary-slip"
    for more in ({}, {"for": "鈴木 花子"}):
        assert "salary-slip" not in post(desk, "", {"question": "How to correct a salary slip", **more}).text
    assert "salary-slip" not in post(desk, "", {"question": "How to correct a salary slip", "for": "x"}, token=hers).text


def test_what_cannot_be_understood_is_refused_with_what_to_do(desk):
    cases = [
        ({"json": {}}, 422, "bad-fields"),
        ({"json": {"question": 5}}, 422, "bad-fields"),
        ({"json": {"question": "x", "lang": "fr"}}, 422, "bad-fields"),
        ({"json": {"question": " \x00 "}}, 422, "empty"),
        ({"json": {"question": "x" * 3000}}, 422, "too-long"),
        ({"content": b"{", "headers": {"content-type": "application/json"}}, 400, "bad-json"),
        ({"content": b"q=1", "headers": {"content-type": "text/plain"}}, 415, "no-json"),
        ({"json": {"question": "x" * 100_000}}, 413, "too-long"),
    ]
    for given, status, word in cases:
        answer = post(desk, "", **given)
        assert answer.status_code == status, answer.text
        assert answer.json()["error"].endswith(word)
        assert answer.json()["next"]
    assert post(desk, "", {"question": "x"}, token="tema_nobody").status_code == 401
    assert post(desk, "", {"question": "x"}, token=made(desk, "demand")).status_code == 403
    assert inquiries(desk) == {}


@pytest.mark.parametrize("text", ["🙂", "<img src=x onerror=alert(1)>", "{{7*7}}", "ﾊﾟｽﾜｰﾄﾞ", "a\x00b", "日本 english ミックス"])
def test_hostile_questions_are_questions(desk, text):
    answer = post(desk, "", {"question": text})
    assert answer.status_code == 201
    assert answer.headers["content-type"] == "application/json"
