import re
from urllib.parse import quote

import pytest
from sqlalchemy import update

from temanashi.runs.advancing import advance
from temanashi.runs.checklists import checklist_of
from temanashi.runs.tables import WAITS

OURS = {"origin": "http://testserver"}


@pytest.fixture
def place(place):
    text = {"ja": "金庫を数えてください。<b>", "en": "Count the safe.<b>"}
    value = {"title": {"ja": "残高", "en": "Balance"}, "type": "number", "unit": "円", "minimum": 0, "maximum": 5_000_000}
    choices = [{"value": "ok", "title": {"ja": "正常", "en": "fine"}}, {"value": "bad", "title": {"ja": "異常", "en": "bad"}}]
    air = {"title": {"ja": "空調", "en": "Air"}, "type": "choice", "choices": choices, "required": False}
    words = {"title": {"ja": "所見", "en": "Remark"}, "type": "text"}
    (place.root / "runbooks/site").mkdir(parents=True, exist_ok=True)
    (place.root / "runbooks/site/people.yaml").write_text(
        "people:\n  hanako: {name: 山田 花子}\n  ichiro: {name: 鈴木 一郎}\ngroups:\n  desk: [ichiro]\n", encoding="utf-8"
    )
    place.runbook(
        "month-end",
        {
            "id": "cash",
            "title": {"ja": "現金", "en": "Cash"},
            "manual": {"text": text, "minutes": 10, "value": value, "confirm": True},
        },
        {"id": "room", "manual": {"text": text, "value": air, "not_applicable": True}},
        {"id": "seal", "manual": {"text": text, "value": words, "confirm": "group:desk"}},
        {"id": "after", "title": {"ja": "後始末", "en": "Afterwards"}, "command": {"run": ["echo", "{{ steps.cash.value }}"]}},
    )
    return place


class Reader:
    """A browser with a name in its cookie."""

    def __init__(self, visitor, run, name=""):
        self.visitor, self.run, self.name = visitor, run, name

    @property
    def headers(self):
        return {**OURS, **({"cookie": f"tema_name={quote(self.name)}"} if self.name else {})}

    def page(self, lang="en"):
        return self.visitor.get(f"/runs/{self.run}?lang={lang}", headers=self.headers).text

    def send(self, verb, lang="en", **form):
        form = {"step": "cash", "verb": verb, **form}
        return self.visitor.http.post(f"/runs/{self.run}/checklist?lang={lang}", data=form, headers=self.headers)


@pytest.fixture
def hanako(visitor):
    return Reader(visitor, visitor.run("month-end"), "山田 花子")


@pytest.fixture
def ichiro(hanako):
    return Reader(hanako.visitor, hanako.run, "鈴木 一郎")


def now(reader):
    with reader.visitor.opened.database.reading() as connection:
        return checklist_of(connection, reader.run)


def decisions(reader):
    with reader.visitor.opened.database.reading() as connection:
        return [r.draft for r in reader.visitor.opened.ledger.records(connection, kinds=("decision",), run=reader.run)]


def test_a_name_is_typed_once_and_kept_as_it_is_listed(hanako):
    stranger = Reader(hanako.visitor, hanako.run)
    assert 'id="name"' in stranger.page()
    assert "<textarea" not in stranger.page()
    answer = stranger.send("begin", name=" HANAKO ")
    assert answer.status_code == 303
    cookie = answer.headers["set-cookie"]
    assert quote("山田 花子") in cookie
    assert all(word in cookie.lower() for word in ("httponly", "samesite=lax", "path=/tema"))
    assert now(hanako).holder.name == "山田 花子"
    assert 'id="name"' not in hanako.page()
    assert "(you) is on it" in hanako.page()


@pytest.mark.parametrize(("name", "problem"), [("", "Write your name."), ("x" * 101, "at most 100")])
def test_without_a_good_name_nothing_is_recorded(hanako, name, problem):
    answer = Reader(hanako.visitor, hanako.run).send("begin", name=name)
    assert answer.status_code == 400
    assert problem in answer.text
    assert now(hanako).deeds == ()


def test_a_name_can_be_changed(hanako):
    answer = hanako.send("forget")
    assert answer.status_code == 303
    assert 'tema_name=""' in answer.headers["set-cookie"]


def test_ticks_notes_and_values_are_small_forms_of_their_own(hanako):
    hanako.send("begin")
    text = hanako.page()
    assert text.count('value="tick"') == 3
    for field in re.findall(r'<(?:input type="text"|input class="\w*" type="text"|textarea|select)[^>]* id="([\w-]+)"', text):
        assert f'<label for="{field}">' in text or f'<label class="hide" for="{field}">' in text
    answer = hanako.send("tick", line="1", seen="0", value="１,２３４,５００", note="合いました")
    assert answer.status_code == 303
    assert answer.headers["location"].endswith("#line-1")
    assert (now(hanako).line(1).value, now(hanako).line(1).note) == (1234500, "合いました")
    assert "1,234,500" in hanako.page()
    assert "0 of 3 lines done" in hanako.page()  # it waits for a second person
    hanako.send("save", line="2", seen="0", value="ok", note="")
    assert '<option value="ok" selected>fine</option>' in hanako.page()


def test_what_is_wrong_is_said_at_the_top_and_at_the_line_and_what_was_typed_is_kept(hanako):
    hanako.send("begin")
    answer = hanako.send("tick", line="1", seen="0", value="6000000", note="viel")
    assert answer.status_code == 400
    assert answer.text.count("Write 5000000 or less") == 2
    assert 'href="#line-1"' in answer.text
    assert 'value="6000000"' in answer.text
    assert ">viel</textarea>" in answer.text
    assert now(hanako).line(1).state == "open"


def test_a_stale_page_is_told_and_shows_what_there_is(hanako, ichiro):
    hanako.send("begin")
    hanako.send("tick", line="1", seen="0", value="7", note="")
    answer = ichiro.send("tick", line="1", seen="0", value="8", note="")
    assert answer.status_code == 409
    assert "山田 花子 changed line 1 while you were looking" in answer.text
    assert now(hanako).line(1).value == 7


def test_a_colleague_takes_over_and_the_first_one_sees_it(hanako, ichiro):
    hanako.send("begin")
    assert 'value="take_over"' in ichiro.page()
    assert 'value="tick"' not in ichiro.page()
    ichiro.send("take_over")
    assert "(you) is on it" in ichiro.page()
    assert "鈴木 一郎 is on it" in hanako.page()


def test_the_second_person_confirms_and_the_first_one_cannot(hanako, ichiro):
    hanako.send("begin")
    hanako.send("tick", line="1", seen="0", value="7")
    assert 'value="confirm"' not in hanako.page()
    assert "Waits for a second person" in hanako.page()
    seen = str(now(hanako).line(1).seen)
    refused = hanako.send("confirm", line="1", seen=seen)
    assert refused.status_code == 409
    assert "cannot confirm it" in refused.text
    assert 'value="confirm"' in ichiro.page()
    assert ichiro.send("confirm", line="1", seen=seen).status_code == 303
    assert "Confirmed by 鈴木 一郎" in hanako.page()


def test_only_the_group_gets_the_button_to_confirm(hanako, ichiro):
    hanako.send("begin")
    hanako.send("tick", line="3", seen="0", value="fine")
    assert 'value="confirm"' in ichiro.page()
    other = Reader(hanako.visitor, hanako.run, "佐藤 次郎")
    assert 'value="confirm"' not in other.page()
    assert "Waits for somebody of desk" in other.page()


def through(hanako, ichiro):
    hanako.send("begin")
    hanako.send("tick", line="1", value="7")
    hanako.send("not_applicable", line="2", note="工事中")
    hanako.send("tick", line="3", value="良好")
    ichiro.send("confirm", line="1")
    ichiro.send("confirm", line="3")


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_a_checklist_is_worked_through_and_the_run_goes_on(hanako, ichiro, seen, lang):
    through(hanako, ichiro)
    words = {"ja": ("完了する", "対象外", "操作の履歴"), "en": ("Complete it", "Not applicable", "What was done, and by whom")}
    assert all(word in hanako.page(lang) for word in words[lang])
    answer = hanako.send("done", lang)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/tema/runs/{hanako.run}?lang={lang}")
    assert seen.woken == [hanako.run]
    (decision,) = decisions(hanako)
    assert (decision.actor, decision.approvers, decision.channel) == ("山田 花子", ("鈴木 一郎",), "page")
    assert advance(hanako.visitor.engine, hanako.run).outcome == "done"
    assert "鈴木 一郎" in hanako.page(lang)


def test_it_is_not_completed_before_every_line_is_settled(hanako):
    hanako.send("begin")
    assert 'value="done"' not in hanako.page()
    answer = hanako.send("done")
    assert answer.status_code == 409
    assert "It cannot be completed yet" in answer.text
    assert decisions(hanako) == []


def test_a_refusal_needs_a_reason(hanako):
    assert hanako.send("refused", note=" ").status_code == 400
    assert hanako.send("refused", note="休止中").status_code == 303
    assert decisions(hanako)[0].reason == "休止中"


def test_ones_own_minutes_are_corrected_and_shown_beside_the_measured_ones(hanako):
    hanako.send("begin")
    hanako.send("tick", line="2", value="ok")
    wrong = hanako.send("minutes", minutes="soon")
    assert wrong.status_code == 400
    assert "from 0 to 1440" in wrong.text
    hanako.send("minutes", minutes="12.5")
    assert "12.5 min (corrected; 0 min measured)" in hanako.page()


def test_a_sign_of_life_answers_nothing_and_is_no_news(hanako):
    hanako.send("begin")
    assert hanako.send("heartbeat").status_code == 204
    assert now(hanako).deeds[-1].verb == "heartbeat"
    assert "heartbeat" not in hanako.page()


@pytest.mark.parametrize("form", [{"verb": "dance"}, {"verb": "tick", "line": "1", "step": "another", "value": "7"}])
def test_what_is_no_deed_of_this_wait_is_not_taken(hanako, form):
    assert hanako.send(**form).status_code == 409
    assert now(hanako).deeds == ()


@pytest.mark.parametrize("line", ["99", "-1", "x", "9" * 40])
def test_lines_that_there_are_not_are_told(hanako, line):
    assert hanako.send("tick", line=line, value="7").status_code == 400


def test_a_checklist_that_is_over_says_so(hanako, ichiro):
    through(hanako, ichiro)
    hanako.send("done")
    late = ichiro.send("tick", line="1", value="9")
    assert late.status_code == 409
    assert "no longer" in late.text


def test_a_decision_stands_when_prefect_cannot_be_told(hanako, seen):
    seen.broken = True
    assert hanako.send("refused", note="no").status_code == 303
    assert len(decisions(hanako)) == 1


def test_forms_of_other_sites_and_bodies_without_end_are_refused(hanako):
    run = hanako.run
    assert hanako.visitor.http.post(f"/runs/{run}/checklist", data={"verb": "begin", "name": "x"}).status_code == 403
    assert hanako.send("begin", note="x" * 70_000).status_code == 413
    assert now(hanako).deeds == ()


def test_only_the_page_of_a_checklist_lets_our_script_run(hanako):
    assert "script-src 'self'" in hanako.visitor.get(f"/runs/{hanako.run}").headers["content-security-policy"]
    assert "script-src" not in hanako.visitor.get("/").headers["content-security-policy"]
    script = hanako.visitor.get("/checklist.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert "heartbeat" in script.text


def test_steps_of_the_checklist_are_not_told_twice_and_the_others_keep_their_numbers(hanako):
    text = hanako.page()
    assert "4. Afterwards" in text
    assert text.count("Count the safe.&lt;b&gt;") == 3


def test_a_wait_without_lines_shows_its_only_step(hanako):
    from sqlalchemy import delete

    from temanashi.runs.checklist_journal import LINES

    with hanako.visitor.opened.database.transaction() as connection:
        connection.execute(delete(LINES))
    assert "0 of 1 lines done" in hanako.page()


def test_an_expired_checklist_takes_nothing_more(hanako):
    with hanako.visitor.opened.database.transaction() as connection:
        connection.execute(update(WAITS).values(until="2020-01-01T00:00:00+00:00"))
    assert hanako.send("begin").status_code == 409
