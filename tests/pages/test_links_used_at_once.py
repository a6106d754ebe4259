"""One link pressed twice at once, and two links of two people at once: exactly one vote, on both databases."""

import json
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

import pytest

from fixtures_postgresql import postgresql_server, postgresql_url  # noqa: F401  (fixtures)
from fixtures_prefect import make_place
from pages.conftest import Calls, Seen, Visitor
from pages.test_mail_to_people import PEOPLE, SATO
from temanashi.ledger.verification import verify
from temanashi.runs.advancing import advance
from temanashi.runs.approvals.faults import OwnRequest
from temanashi.runs.approvals.reading import approval_of
from temanashi.runs.decisions import decide
from temanashi.runs.reading import run_view
from temanashi.workspace.approval_links import LinkUsed, is_used, link_for, mark_used
from temanashi.workspace.opening import open_installation
from temanashi.workspace.signatures import ensure_gate_key


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request, tmp_path, monkeypatch):
    if request.param == "postgresql":
        monkeypatch.setenv("TEMA_DATABASE_URL", request.getfixturevalue("postgresql_url"))
    place = make_place(tmp_path, sign_in=True)
    rule = {"by": "group:leads", "expires": {"hours": 4}}
    place.runbook("to-approve", {"id": "go", "command": {"run": ["echo", "ok"]}}, approve=rule)
    place.runbook("by-two", {"id": "go", "command": {"run": ["echo", "ok"]}}, approve=rule | {"count": 2})
    (tmp_path / "runbooks" / "site").mkdir(parents=True)
    (tmp_path / "runbooks" / "site" / "people.yaml").write_text(json.dumps(PEOPLE), encoding="utf-8")
    place.publish()
    return place


@pytest.fixture
def visitor(place):
    with open_installation(place.root) as opened:
        ensure_gate_key(opened.settings)
        yield Visitor(place, opened, Seen())


def link(visitor, run, person, verdict="approved"):
    with visitor.opened.database.reading() as connection:
        view = approval_of(visitor.opened.engine(), connection, run)
    return link_for(visitor.opened.settings, view, person, verdict)


def at_once(visitor, *pressed):
    """The answers to links that people press at the same moment, each in a browser of their own."""
    together, browsers = Barrier(len(pressed)), []
    for user, token in pressed:
        browser = Calls(visitor.http.app)
        visitor.sign_in(user, "approver")
        browser.me, visitor.http.me = visitor.http.me, None
        browsers.append((browser, token))

    def press(one):
        browser, token = one
        together.wait(20)
        headers = {"origin": "http://testserver", "sec-fetch-site": "same-origin"}
        return browser.post(f"/decide/{token}?lang=en", data={"note": "because"}, headers=headers)

    with ThreadPoolExecutor(len(pressed)) as pool:
        return sorted(pool.map(press, browsers), key=lambda answer: answer.status_code)


def votes(visitor, run):
    with visitor.opened.database.reading() as connection:
        assert verify(connection).exit_code == 0
        return [r.draft.outcome for r in visitor.opened.ledger.records(connection, run=run, kinds=("decision",))]


@pytest.mark.parametrize("runbook", ["to-approve", "by-two"])
def test_one_link_pressed_four_times_at_once_is_one_vote(visitor, runbook):
    run = visitor.run(runbook, actor=SATO, channel="page")
    token = link(visitor, run, "yamada")
    answers = at_once(visitor, *[("yamada", token)] * 4)
    assert [answer.status_code for answer in answers] == [303, 400, 400, 400]
    assert all("used already" in answer.text for answer in answers[1:])
    assert votes(visitor, run) == ["approved"]


@pytest.mark.parametrize("verdict", ["approved", "refused"])
def test_of_two_people_who_answer_at_once_where_one_is_enough_one_votes_and_the_other_is_told(visitor, verdict):
    run = visitor.run("to-approve", actor=SATO, channel="page")
    pressed = [("yamada", link(visitor, run, "yamada")), ("mori", link(visitor, run, "mori", verdict))]
    first, second = at_once(visitor, *pressed)
    assert (first.status_code, second.status_code) == (303, 409)
    assert "no longer waits" in second.text
    decided = "approved" if "said=approved" in first.headers["location"] else "refused"
    assert votes(visitor, run) == [decided]
    advance(visitor.opened.engine(), run)
    with visitor.opened.database.reading() as connection:
        assert run_view(connection, run).state == ("done" if decided == "approved" else "refused")


def test_where_two_are_needed_two_people_at_once_are_two_votes(visitor):
    run = visitor.run("by-two", actor=SATO, channel="page")
    answers = at_once(visitor, *((user, link(visitor, run, user)) for user in ("yamada", "mori")))
    assert [answer.status_code for answer in answers] == [303, 303]
    assert votes(visitor, run) == ["approved", "approved"]


def test_a_link_that_was_used_since_its_page_was_read_leaves_no_vote(visitor):
    run = visitor.run("by-two", actor=SATO, channel="page")
    token, now = link(visitor, run, "yamada"), visitor.opened.clock.now()
    mark = partial(mark_used, token=token, run=run, now=now)
    with visitor.opened.database.transaction() as connection:
        mark(connection)
    yamada = visitor.sign_in("yamada", "approver")
    with pytest.raises(LinkUsed):
        decide(visitor.opened.engine(sign=True), run, actor=yamada, channel="page", verdict="approved", first=mark)
    assert votes(visitor, run) == []


def test_a_vote_that_is_not_taken_leaves_the_link_as_it_was(visitor):
    run = visitor.run("by-two", actor=SATO, channel="page")
    token = link(visitor, run, "yamada")
    mark = partial(mark_used, token=token, run=run, now=visitor.opened.clock.now())
    with pytest.raises(OwnRequest):
        decide(visitor.opened.engine(sign=True), run, actor=SATO, channel="page", verdict="approved", first=mark)
    with visitor.opened.database.reading() as connection:
        assert not is_used(connection, token)
    assert [answer.status_code for answer in at_once(visitor, ("yamada", token))] == [303]
