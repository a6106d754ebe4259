"""The address at which jobs tell of themselves."""

import pytest
from sqlalchemy import text

from fixtures_runs import ALICE
from temanashi.runs.heartbeat_rows import heartbeat_named, heartbeats
from temanashi.runs.heartbeats import make_heartbeat, remove_heartbeat, renew_heartbeat


@pytest.fixture
def token(visitor):
    return make_heartbeat(visitor.engine, "eod-backup", actor=ALICE)


def known(visitor):
    with visitor.opened.database.reading() as connection:
        return heartbeat_named(connection, "eod-backup")


@pytest.mark.parametrize(
    ("method", "event", "said", "expected"),
    [
        ("GET", "", None, (0, "")),
        ("HEAD", "", None, (0, "")),
        ("POST", "", b"42 files", (0, "42 files")),
        ("GET", "/0", None, (0, "")),
        ("POST", "/fail", "空きがありません".encode(), (1, "空きがありません")),
        ("GET", "/255", None, (255, "")),
        ("POST", "/3", b"\xff\x00", (3, "\ufffd\ufffd")),
    ],
)
def test_an_end_is_heard_with_its_status(visitor, token, method, event, said, expected):
    answer = visitor.http.request(method, f"/ping/{token}{event}", content=said)
    assert answer.status_code == 200
    assert answer.text == ("" if method == "HEAD" else "OK")
    now = known(visitor)
    assert (now.exit, now.said) == expected
    assert now.ended_at is not None
    assert (now.succeeded_at is not None) == (expected[0] == 0)


def test_a_beginning_is_heard_and_leaves_the_last_end(visitor, token):
    visitor.get(f"/ping/{token}")
    before = known(visitor)
    visitor.get(f"/ping/{token}/start")
    now = known(visitor)
    assert now.started_at >= before.ended_at == now.ended_at
    assert now.exit == 0


@pytest.mark.parametrize("event", ["256", "-1", "begin", "１", "0x1", "00000"])
def test_an_unknown_event_is_told_and_heard_as_nothing(visitor, token, event):
    answer = visitor.get(f"/ping/{token}/{event}")
    assert answer.status_code == 404
    assert "/start, /fail" in answer.text
    assert known(visitor).ended_at is None


def test_an_unknown_token_is_not_found(visitor, token):
    assert visitor.get("/ping/guessed").status_code == 404
    assert visitor.http.request("PUT", f"/ping/{token}").status_code == 405
    assert known(visitor).ended_at is None


def test_the_body_is_bounded_and_the_ping_counts(visitor, token):
    assert visitor.http.post(f"/ping/{token}", content=b"x" * 1_000_000).status_code == 200
    assert len(known(visitor).said) == 10_000


def test_the_token_is_not_in_the_database(visitor, token):
    with visitor.opened.database.reading() as connection:
        rows = connection.execute(text("SELECT * FROM heartbeats")).all()
        assert len(rows) == 1
        assert token not in str(rows)


def test_a_new_address_makes_the_old_one_worthless(visitor, token):
    fresh = renew_heartbeat(visitor.engine, "eod-backup", actor=ALICE)
    assert visitor.get(f"/ping/{token}").status_code == 404
    assert visitor.get(f"/ping/{fresh}").status_code == 200
    remove_heartbeat(visitor.engine, "eod-backup", actor=ALICE)
    assert visitor.get(f"/ping/{fresh}").status_code == 404


def test_what_people_did_is_on_the_record(visitor, token):
    renew_heartbeat(visitor.engine, "eod-backup", actor=ALICE)
    remove_heartbeat(visitor.engine, "eod-backup", actor=ALICE)
    with visitor.opened.database.reading() as connection:
        told = connection.execute(text("SELECT envelope FROM ledger ORDER BY seq DESC LIMIT 3")).scalars().all()
        assert heartbeats(connection) == []
    for envelope, outcome in zip(told, ("heartbeat_removed", "heartbeat_renewed", "heartbeat_made"), strict=True):
        assert outcome in envelope
        assert token not in envelope


def test_a_page_of_somebody_else_cannot_make_a_browser_ping(visitor, token):
    answer = visitor.http.post(f"/ping/{token}", headers={"origin": "https://evil.example"})
    assert answer.status_code == 403
    assert known(visitor).ended_at is None


def test_a_ping_that_cannot_be_written_down_asks_for_another(visitor, token, monkeypatch):
    visitor.opened.database.close()
    visitor.opened.settings.state_dir.joinpath("temanashi.db").unlink()
    answer = visitor.get(f"/ping/{token}")
    assert (answer.status_code, answer.text) == (503, "not written down, try again")


def test_other_pages_still_refuse_programs(visitor):
    assert visitor.http.post("/runs/x", data={}).status_code == 403
