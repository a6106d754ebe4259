import re

import pytest

from fixtures_runs import ALICE
from temanashi.runs.advancing import advance
from temanashi.runs.decisions import decide
from temanashi.runs.reading import run_view
from temanashi.runs.stopping import cancel


def view(visitor, run):
    with visitor.opened.database.reading() as connection:
        return run_view(connection, run)


def decisions(visitor, run):
    with visitor.opened.database.reading() as connection:
        return [record.draft for record in visitor.opened.ledger.records(connection, kinds=("decision",), run=run)]


def test_the_whole_story_of_a_finished_run(visitor):
    run = visitor.run("full-disk", ticket="INC-7", beneficiary="花子", flow_run="00000000-0000-0000-0000-000000000007")
    text = visitor.get(f"/runs/{run}?lang=en").text
    for words in ("Sample full-disk", "Critical", "root: ", "alice (as they said)", "the command line", "INC-7", "花子", run):
        assert words in text
    assert '<a href="/v2/runs/flow-run/00000000-0000-0000-0000-000000000007">' in text
    assert f"tema audit show --run {run}" in text
    assert 'http-equiv="refresh"' not in text


WAITING = {
    "ja": ("確認待ち", "数えてください。&lt;b&gt;", "始める", "却下になります"),
    "en": ("Waiting", "Count.&lt;b&gt;", "Start", "Refused if"),
}
ELSEWHERE = [
    {},
    {"origin": "http://evil.example"},
    {"origin": "null"},
    {"sec-fetch-site": "cross-site", "origin": "http://testserver"},
]


@pytest.mark.parametrize(("lang", "words"), WAITING.items())
def test_a_waiting_run_shows_what_to_do_and_a_form(visitor, lang, words):
    text = visitor.get(f"/runs/{visitor.run('count-cash')}?lang={lang}").text
    assert all(word in text for word in words)


def test_a_confirmation_is_recorded_and_wakes_the_run(visitor, seen):
    run = visitor.run("count-cash")
    answer = visitor.send(run, step="count", verdict="done", name=" 山田  花子 ", note="合いました", minutes="2.5")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/tema/runs/{run}"
    (decision,) = decisions(visitor, run)
    assert (decision.actor, decision.channel, decision.outcome) == ("山田 花子", "page", "done")
    assert (decision.human_seconds, decision.human_source) == (150, "entered")
    assert seen.woken == [run]
    assert advance(visitor.engine, run).outcome == "done"


def test_a_refusal_is_recorded_with_its_reason(visitor):
    run = visitor.run("count-cash")
    visitor.send(run, step="count", verdict="refused", name="bob", note="金庫が開きません")
    assert decisions(visitor, run)[0].outcome == "refused"
    assert advance(visitor.engine, run).outcome == "refused"


def test_a_decision_stands_when_prefect_cannot_be_told(visitor, seen):
    seen.broken = True
    run = visitor.run("count-cash")
    assert visitor.send(run, step="count", verdict="done", name="bob").status_code == 303
    assert len(decisions(visitor, run)) == 1


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        ({"name": "bob"}, "Choose a result."),
        ({"verdict": "approve", "name": "bob"}, "Choose a result."),
        ({"verdict": "done"}, "Write your name."),
        ({"verdict": "done", "name": "x" * 101}, "at most 100"),
        ({"verdict": "refused", "name": "bob"}, "why the step is not done"),
        ({"verdict": "done", "name": "bob", "note": "x" * 2001}, "at most 2000"),
        ({"verdict": "done", "name": "bob", "minutes": "soon"}, "from 0 to 1440"),
        ({"verdict": "done", "name": "bob", "minutes": "nan"}, "from 0 to 1440"),
        ({"verdict": "done", "name": "bob", "minutes": "-1"}, "from 0 to 1440"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_recorded(visitor, form, problem):
    run = visitor.run("count-cash")
    answer = visitor.http.post(f"/runs/{run}?lang=en", data={"step": "count", **form}, headers={"origin": "http://testserver"})
    assert answer.status_code == 400
    assert problem in answer.text
    assert 'role="alert"' in answer.text
    assert decisions(visitor, run) == []


def test_two_people_who_answer_at_once_are_recorded_once(visitor):
    run = visitor.run("count-cash")
    assert visitor.send(run, step="count", verdict="done", name="alice").status_code == 303
    late = visitor.send(run, step="count", verdict="refused", name="bob", note="no")
    assert late.status_code == 409
    assert "今の入力は記録していません" in late.text
    assert [d.actor for d in decisions(visitor, run)] == ["alice"]


def test_an_answer_to_another_step_is_not_taken(visitor):
    run = visitor.run("count-cash")
    assert visitor.send(run, step="after", verdict="done", name="bob").status_code == 409
    assert decisions(visitor, run) == []


def test_an_emergency_stop_refuses_answers_and_says_so(visitor):
    run = visitor.run("count-cash")
    with visitor.opened.database.transaction() as connection:
        from sqlalchemy import insert

        from temanashi.runs.tables import FLAGS

        connection.execute(insert(FLAGS).values(name="emergency_stop", value='{"actor": "carol", "reason": "fire"}'))
    answer = visitor.send(run, step="count", verdict="done", name="bob")
    assert answer.status_code == 409
    assert "carol" in answer.text
    assert "何も変更していません" in answer.text


@pytest.mark.parametrize("headers", ELSEWHERE)
def test_answers_from_elsewhere_are_refused(visitor, headers):
    run = visitor.run("count-cash")
    answer = visitor.send(run, step="count", verdict="done", name="bob", headers=headers)
    assert answer.status_code == 403
    assert "何も変更していません" in answer.text
    assert "Nothing was changed" in answer.text
    assert decisions(visitor, run) == []


def test_a_body_without_end_is_not_read(visitor):
    run = visitor.run("count-cash")
    assert visitor.send(run, step="count", verdict="done", name="x" * 70_000).status_code == 413


def test_the_language_of_the_form_is_kept_after_sending(visitor):
    run = visitor.run("count-cash")
    form = {"step": "count", "verdict": "done", "name": "bob"}
    answer = visitor.http.post(f"/runs/{run}?lang=en", data=form, headers={"origin": "http://testserver"})
    assert answer.headers["location"] == f"/tema/runs/{run}?lang=en"


def test_a_run_on_its_way_shows_its_progress_and_reloads_itself(visitor):
    run = visitor.run("count-cash", through=False)
    text = visitor.get(f"/runs/{run}?lang=en").text
    assert 'http-equiv="refresh"' in text
    assert "0 of 2 done" in text
    assert "To do" in text


def test_a_cancelled_run_says_who_and_why(visitor):
    run = visitor.run("count-cash")
    cancel(visitor.engine, run, actor=ALICE, channel="cli", reason="wrong day")
    text = visitor.get(f"/runs/{run}?lang=en").text
    assert "wrong day" in text
    assert "Cancelled" in text


def test_an_unknown_run_is_a_page_of_its_own(visitor):
    answer = visitor.get("/runs/no-such-run?lang=en")
    assert answer.status_code == 404
    assert "no-such-run" in answer.text
    assert re.search(r"Number to tell your operations team: [0-9a-f]{8}", answer.text)


def test_a_decided_wait_that_nobody_took_up_yet_is_on_its_way(visitor):
    run = visitor.run("count-cash")
    decide(visitor.engine, run, actor=ALICE, channel="cli", verdict="done")
    assert 'http-equiv="refresh"' in visitor.get(f"/runs/{run}").text
    assert view(visitor, run).wait is None
