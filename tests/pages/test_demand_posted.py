"""The address at which a ticket system tells of occasions."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from fixtures_runs import ALICE
from temanashi.books import read_register
from temanashi.signin.recognising import of_token
from temanashi.signin.tokens import make_token
from temanashi.workspace.first_admin import book_of
from temanashi.workspace.live import live_people

ZONE = ZoneInfo("Asia/Tokyo")
STEP = {"id": "go", "manual": {"text": {"ja": "行う", "en": "Do it"}, "minutes": 1}}


def today():
    """Asked for when it is needed: a suite may begin on the evening before."""
    return datetime.now(UTC).astimezone(ZONE).date()


@pytest.fixture
def desk(empty):
    for name, demand in {
        "reset": "request",
        "other": "request",
        "calls": {"source": "tally"},
        "daily": {"calendar": "day"},
    }.items():
        empty.place.runbook(name, STEP, toil={"demand": demand})
    empty.place.publish()
    empty.token = made(empty, "demand", "tickets of 2F")
    return empty


def made(desk, scope, name="x", **more):
    book = book_of(desk.opened)
    with desk.opened.database.transaction() as connection:
        about = {"user": "", "scopes": [scope], "until": None, "actor": ALICE, "channel": "cli"} | more
        return make_token(book, connection, name, **about)[1]


def post(desk, told=None, *, lang="en", headers=None, **more):
    given = {"authorization": f"Bearer {desk.token}", "content-type": "application/json", "accept-language": lang}
    body = {"json": told} if told is not None else {}
    return desk.http.post("/api/demand", headers={k: v for k, v in {**given, **(headers or {})}.items() if v}, **body, **more)


def register(desk):
    with desk.opened.database.reading() as connection:
        return read_register(desk.opened.ledger, connection, zone=ZONE)


def refused(answer, status, *words):
    assert answer.status_code == status, answer.text
    told = answer.json()
    assert told["error"]
    assert told["next"]
    assert "{task" not in told["message"] + told["next"]
    for word in words:
        assert word in answer.text
    return told


def test_a_ticket_is_recorded_once_however_often_it_is_sent(desk):
    told = {"task": "reset", "key": "ＩＮＣ-1", "day": str(today() - timedelta(days=1)), "targets": 2}
    first, again, shorter = post(desk, told), post(desk, told), post(desk, {"task": "reset", "key": "INC-1"})
    assert (first.status_code, again.status_code, shorter.status_code) == (201, 200, 200)
    day = str(today() - timedelta(days=1))
    assert first.json() == {"task": "reset", "key": "INC-1", "day": day, "standing": "new", "counted": True}
    assert again.json() == {**first.json(), "standing": "known"} == shorter.json()
    (one,) = register(desk).requested["reset"].values()
    assert (one.source, one.by, one.ticket, one.targets, str(one.day)) == ("tickets", "tickets of 2F", "INC-1", 2, day)


def test_other_data_under_the_same_key_are_a_conflict_and_change_nothing(desk):
    post(desk, {"task": "reset", "key": "INC-1"})
    refused(post(desk, {"task": "reset", "key": "INC-1", "targets": 5}), 409, "that record stays")
    refused(post(desk, {"task": "other", "key": "INC-1"}), 409, "occasion of task reset already")
    assert len(register(desk).requested) == 1


def test_a_ticket_falls_away_with_its_reason_once(desk):
    post(desk, {"task": "reset", "key": "INC-1", "targets": 3})
    refused(post(desk, {"task": "reset", "key": "INC-1", "cancelled": True}), 422, "without a reason")
    gone = {"task": "reset", "key": "INC-1", "cancelled": True, "reason": " 二重 "}
    assert [post(desk, gone).json()["standing"] for _ in range(2)] == ["cancel", "cancelled"]
    after = post(desk, {"task": "reset", "key": "INC-1"})
    assert (after.status_code, after.json()["standing"], after.json()["counted"]) == (200, "cancelled", False)
    never = post(desk, {"task": "reset", "key": "INC-2", "cancelled": True, "reason": "却下"})
    assert (never.status_code, never.json()["counted"]) == (201, False)
    assert {key: why.reason for (_, key), why in register(desk).cancelled.items()} == {"INC-1": "二重", "INC-2": "却下"}


@pytest.mark.parametrize(
    ("told", "status", "word"),
    [
        ({"task": "resett", "key": "1"}, 404, "reset"),
        ({"task": "daily", "key": "1"}, 422, "by the calendar"),
        ({"task": "calls", "key": "1"}, 422, "from tally only"),
        ({"task": "reset", "key": "1", "day": "2999-01-01"}, 422, "2999-01-01"),
        ({"task": "reset", "key": " \n "}, 422, "key"),
        ({"task": "reset"}, 422, '"field":"key"'),
        ({"task": "reset", "key": 5}, 422, '"field":"key"'),
        ({"task": "reset", "key": "1", "day": "yesterday"}, 422, '"field":"day"'),
        ({"task": "reset", "key": "1", "targets": 0}, 422, '"field":"targets"'),
        ({"task": "reset", "key": "1", "targets": "3"}, 422, '"field":"targets"'),
        ({"task": "reset", "key": "1", "cancelled": "yes"}, 422, '"field":"cancelled"'),
        ({"task": "reset", "key": "1", "ticker": "1"}, 422, '"field":"ticker"'),
        ({"task": "reset", "key": "x" * 201}, 422, '"field":"key"'),
        ([], 422, "problems"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_do(desk, told, status, word):
    refused(post(desk, told), status, word)
    assert post(desk, told, lang="ja").json()["message"] != post(desk, told).json()["message"]
    assert register(desk).requested == {}


def test_what_is_no_json_or_too_long_is_refused(desk):
    refused(post(desk, content=b"{"), 400, "reset-password")
    refused(post(desk, content=b"\xff"), 400)
    refused(post(desk, content=b'{"task": 1}', headers={"content-type": "text/plain"}), 415)
    refused(post(desk, content=b" " * 16_385), 413, "16384")
    assert desk.get("/api/demand").status_code == 405


def test_only_a_token_of_the_scope_opens_it(desk):
    told = {"task": "reset", "key": "1"}
    for given in (None, "Bearer tema_wrong", f"Basic {desk.token}", "Bearer "):
        answer = post(desk, told, headers={"authorization": given})
        refused(answer, 401, "--scope demand")
        assert answer.headers["www-authenticate"] == "Bearer"
    refused(post(desk, told, headers={"authorization": f"Bearer {made(desk, 'worker')}"}), 403, "scope demand")
    desk.sign_in("carol", "operator")
    refused(post(desk, told), 403)
    assert register(desk).requested == {}


def test_a_page_of_somebody_else_cannot_send_it(desk):
    for headers in ({"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site"}):
        assert post(desk, {"task": "reset", "key": "1"}, headers=headers).status_code == 403
    assert register(desk).requested == {}


def test_the_token_of_a_ticket_system_may_nothing_else(desk):
    with desk.opened.database.reading() as connection:
        now = datetime.now(UTC)
        me = of_token(connection, desk.token, people=live_people(connection), now=now, today=now)
    assert (me.user, me.actor.name, me.actor.kind, me.rights) == ("", "tickets of 2F", "system", {"record"})


def test_a_database_that_cannot_be_written_asks_to_try_again(desk):
    desk.opened.database.close()
    desk.opened.settings.state_dir.joinpath("temanashi.db").unlink()
    refused(post(desk, {"task": "reset", "key": "1"}), 503)
