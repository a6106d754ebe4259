"""The page on which calls are counted with one tap."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from temanashi.books import read_register

ZONE = ZoneInfo("Asia/Tokyo")
OURS = {"origin": "http://testserver"}
SATO = {"cookie": "tema_name=%E4%BD%90%E8%97%A4"}
STEP = {"id": "go", "manual": {"text": {"ja": "行う", "en": "Do it"}, "minutes": 1}}


@pytest.fixture
def desk(empty):
    for name, demand in {
        "reset-password": "request",
        "stop-service": {"source": "tally"},
        "from-tickets": {"source": "tickets"},
        "daily": {"calendar": "day"},
    }.items():
        empty.place.runbook(name, STEP, toil={"demand": demand}, title={"ja": f"作業 <{name}>", "en": f"Task <{name}>"})
    empty.place.publish()
    return empty


def see(desk, path="/tally?lang=en", *, name=SATO):
    answer = desk.get(path, headers=dict(name))
    assert answer.status_code == 200
    return answer.text


def token(text):
    return re.search(r'name="token" value="([^"]+)"', text)[1]


def send(desk, name=SATO, /, **form):
    return desk.http.post("/tally?lang=en", data=form, headers={**OURS, **name})


def tapped(desk, task="reset-password", *, name=SATO):
    return send(desk, name, task=task, token=token(see(desk, name=name)))


def register(desk):
    with desk.opened.database.reading() as connection:
        return read_register(desk.opened.ledger, connection, zone=ZONE)


def units(desk, task="reset-password"):
    return list(register(desk).requested.get(task, {}).values())


def test_a_tap_is_one_recorded_occasion_and_a_reload_taps_nothing(desk):
    answer = tapped(desk)
    assert (answer.status_code, answer.headers["location"]) == (303, "/tema/tally?lang=en&said=counted&task=reset-password")
    text = see(desk, "/tally?lang=en&said=counted&task=reset-password")
    assert "Counted one: Task &lt;reset-password&gt;." in text
    assert "today 1, this month 1" in text
    (one,) = units(desk)
    assert (one.source, one.by, one.day) == ("tally", "佐藤", datetime.now(UTC).astimezone(ZONE).date())
    tapped(desk)
    assert "today 2, this month 2" in see(desk)


def test_a_form_that_is_sent_twice_is_one_tap(desk):
    form = {"task": "reset-password", "token": token(see(desk))}
    assert "said=counted" in send(desk, **form).headers["location"]
    assert "said=twice" in send(desk, **form).headers["location"]
    assert "counted already; it stays one" in see(desk, "/tally?lang=en&said=twice&task=reset-password")
    assert len(units(desk)) == 1


def test_only_tasks_whose_rule_says_so_have_a_button_and_can_be_tapped(desk):
    text = see(desk)
    first, _, others = text.partition("<details>")
    assert re.findall(r'name="task" value="([^"]+)"', first) == ["stop-service"]
    assert re.findall(r'name="task" value="([^"]+)"', others) == ["count-cash", "full-disk", "reset-password"]
    for task, told in {"from-tickets": "from tickets only", "daily": "by the calendar", "none": "none"}.items():
        answer = send(desk, task=task, token=token(text))
        assert 400 <= answer.status_code < 500
        assert told in answer.text
    assert register(desk).requested == {}


def test_the_last_tap_of_ones_own_is_taken_back_with_its_reason_and_stays_readable(desk):
    tapped(desk)
    tapped(desk)
    tapped(desk, name={"cookie": "tema_name=bob"})
    text = see(desk)
    assert text.count('name="undo"') == 1
    slot = re.search(r'name="undo" value="([^"]+)"', text)[1]
    assert slot == [unit.slot for unit in units(desk) if unit.by == "佐藤"][-1]
    form = {"undo": slot, "of": "reset-password"}
    assert "said=undone" in send(desk, **form).headers["location"]
    assert send(desk, **form).status_code == 303
    assert "today 2, this month 2" in see(desk)
    assert "taken back: 押し間違い" in see(desk)
    assert {slot: why.reason for (_, slot), why in register(desk).cancelled.items()} == {slot: "押し間違い"}
    assert re.search(r'name="undo" value="([^"]+)"', see(desk))[1] != slot


def test_nobody_takes_back_the_tap_of_somebody_else(desk):
    tapped(desk)
    (one,) = units(desk)
    for name, of, slot in (
        ({"cookie": "tema_name=bob"}, "reset-password", one.slot),
        (SATO, "reset-password", "tally-none"),
        (SATO, "stop-service", one.slot),
    ):
        answer = send(desk, name, undo=slot, of=of)
        assert 400 <= answer.status_code < 500
        assert "only what you counted yourself today" in answer.text
    assert register(desk).cancelled == {}


def test_who_taps_says_their_name_first_and_the_browser_keeps_it(desk):
    text = see(desk, name={})
    assert 'name="name"' in text
    assert 'name="task"' not in text
    for name in ("", " ", "x" * 101):
        answer = send(desk, {}, name=name)
        assert answer.status_code == 400
        assert 'aria-invalid="true"' in answer.text
    answer = send(desk, {}, name="佐藤")
    assert answer.headers["location"] == "/tema/tally?lang=en"
    assert "tema_name=%E4%BD%90%E8%97%A4" in answer.headers["set-cookie"]
    assert send(desk, {}, task="reset-password", token="x" * 16).status_code == 400
    assert 'name="name"' in see(desk, "/tally?lang=en&who=1")
    assert register(desk).requested == {}


def test_forms_of_others_and_made_up_tokens_count_nothing(desk):
    text = see(desk)
    form = {"task": "reset-password", "token": token(text)}
    for headers in ({}, {"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site"}):
        assert desk.http.post("/tally", data=form, headers={**SATO, **headers}).status_code == 403
    for made_up in ("", "short", "x" * 17, "../../../../etc/"):
        assert send(desk, task="reset-password", token=made_up).status_code == 400
    assert desk.http.post("/tally", content=b"x" * 70_000, headers={**OURS, **SATO}).status_code == 413
    assert "Counted one" not in see(desk, "/tally?lang=en&said=counted&task=%3Cb%3E")
    assert register(desk).requested == {}


def test_who_signed_in_taps_under_their_own_name(desk):
    actor = desk.sign_in("carol", "operator")
    text = see(desk, name={})
    assert 'name="name"' not in text
    assert send(desk, SATO, task="stop-service", token=token(text)).status_code == 303
    (one,) = units(desk, "stop-service")
    assert one.by == actor.name
    assert send(desk, {}, name="佐藤").status_code == 400


def test_home_leads_to_the_page_whom_it_is_for(desk):
    assert "/tema/tally?lang=en" in desk.get("/?lang=en").text
    desk.sign_in("erin", "viewer")
    assert "/tema/tally" not in desk.get("/?lang=en").text


def test_a_workspace_without_such_tasks_says_how_to_have_one(empty):
    empty.place.runbook("daily", STEP, toil={"demand": {"calendar": "day"}})
    for name in ("count-cash", "full-disk"):
        (empty.place.root / f"runbooks/routine/{name}.yaml").unlink()
    empty.place.publish()
    assert "<code>toil: {demand: request}</code>" in see(empty)
