"""On behalf of somebody who cannot sign in, once more for what was refused, and choices that are searched for."""

import html
import json
import re

import pytest

from temanashi.people import Actor
from temanashi.runs.advancing import advance
from temanashi.runs.approvals.reading import approval_of
from temanashi.runs.decisions import decide
from temanashi.workspace.publishing import approve_publication, stored_versions

PEOPLE = {
    "people": {
        "yamada": {"name": "山田 花子"},
        "sato": {"name": "佐藤 次郎", "phone": ["03-1234-5678", "5678"]},
        "ito": {"name": "伊藤 四郎"},
        "boss": {"name": "上司 五郎"},
    },
    "groups": {"leads": ["sato", "boss", "yamada"]},
}
ORIGIN = {"origin": "http://testserver"}


@pytest.fixture
def desk(empty):
    site = empty.place.root / "runbooks" / "site"
    site.mkdir(parents=True)
    (site / "people.yaml").write_text(json.dumps(PEOPLE), encoding="utf-8")
    word = {"name": "word", "title": {"ja": "言葉", "en": "Word"}, "default": "hello"}
    step = {"id": "go", "command": {"run": ["echo", "{{ params.word }}"]}}
    empty.place.runbook("four-eyes", step, parameters=[word], allow=["yamada", "ito"], approve="group:leads")
    empty.place.runbook("unlock", step, parameters=[word], allow=["yamada"], privileged=True, approve="group:leads")
    branches = [{"value": f"b{n:03}", "title": {"ja": f"支店{n:03}", "en": f"Branch {n:03}"}} for n in range(600)]
    branch = {"name": "branch", "title": {"ja": "支店", "en": "Branch"}, "type": "choice", "choices": branches}
    tail = {"id": "go", "command": {"run": ["echo", "{{ params.branch }}"]}}
    empty.place.runbook("count", tail, parameters=[branch], allow=["yamada"])
    empty.place.publish()
    with empty.opened.database.reading() as connection:
        pending = stored_versions(connection)[0]
    assert pending.state == "pending"  # privileged work is published by two people
    opened = empty.opened
    approve_publication(opened.database, opened.ledger, pending.number, actor=Actor(name="carol"), clock=opened.clock)
    empty.sign_in("yamada", "staff")
    return empty


def post(desk, runbook, lang="ja", **form):
    return desk.http.post(f"/runbooks/{runbook}/run?lang={lang}", data=form, headers=ORIGIN)


def hidden(text):
    found = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', text):
        found.setdefault(name, []).append(html.unescape(value))
    return found


@pytest.mark.parametrize(("lang", "word"), [("ja", "本人をどう確かめたか"), ("en", "Choose how they were identified")])
def test_who_asks_for_another_says_how_they_were_identified(desk, seen, lang, word):
    answer = post(desk, "four-eyes", lang, action="check", beneficiary="佐藤 次郎", **{"p.word": "typed"})
    assert answer.status_code == 400
    assert word in answer.text
    assert 'value="typed"' in answer.text
    assert 'href="#identity"' in answer.text
    assert seen.submitted == []


def test_a_call_back_is_to_a_number_of_the_directory_and_goes_on_record(desk, seen):
    first = post(desk, "four-eyes", action="check", beneficiary="佐藤 次郎", identity="call-back")
    assert first.status_code == 400
    assert "名簿の番号は 03-1234-5678、5678 です" in first.text
    assert 'name="identity" value="call-back 5678"' in first.text
    plan = post(desk, "four-eyes", action="check", beneficiary="佐藤 次郎", identity="call-back 5678")
    assert plan.status_code == 200
    assert "名簿の番号 5678 にかけ直して確かめた" in plan.text
    assert post(desk, "four-eyes", action="run", **hidden(plan.text)).status_code == 303
    [(_, _, _, about)] = seen.submitted
    assert (about["beneficiary"], about["identity_check"]) == ("佐藤 次郎", "call-back 5678")


@pytest.mark.parametrize(
    ("who", "identity", "word"),
    [
        ("佐藤 次郎", "call-back 090-0000-0000", "名簿の番号は"),
        ("伊藤 四郎", "call-back", "電話番号は名簿にありません"),
        ("知らない人", "call-back 1", "電話番号は名簿にありません"),
        ("佐藤 次郎", "magic", "使えません"),
    ],
)
def test_a_check_that_proves_nothing_is_refused_beside_its_field(desk, seen, who, identity, word):
    answer = post(desk, "four-eyes", action="run", beneficiary=who, identity=identity)
    assert answer.status_code == 400
    assert word in re.search(r'id="identity-wrong">([^<]*)', answer.text)[1]
    assert seen.submitted == []


def test_privileged_work_for_others_is_not_asked_for_unidentified(desk):
    refused = post(desk, "unlock", action="check", beneficiary="佐藤 次郎", identity="none")
    assert refused.status_code == 400
    assert "本人を確かめてから" in refused.text
    assert post(desk, "unlock", action="check", beneficiary="佐藤 次郎", identity="in-person").status_code == 200
    assert post(desk, "four-eyes", action="check", beneficiary="佐藤 次郎", identity="none").status_code == 200


def test_for_oneself_nothing_is_to_be_checked(desk, seen):
    plan = post(desk, "four-eyes", action="run", beneficiary="ＹＡＭＡＤＡ", identity="magic")
    assert plan.status_code == 303
    assert seen.submitted[0][3]["identity_check"] == ""


def test_the_record_the_run_and_the_approver_see_it_and_neither_of_the_two_may_approve(desk):
    run = desk.run(
        "four-eyes",
        actor=Actor(name="山田 花子", assurance="verified"),
        beneficiary="佐藤 次郎",
        identity_check="call-back 5678",
        channel="page",
    )
    with desk.opened.database.reading() as connection:
        [asked] = [r.draft for r in desk.opened.ledger.records(connection, kinds=("run_requested",), run=run)]
    assert asked.identity_check == "call-back 5678"
    told = "名簿の番号 5678 にかけ直して確かめた"
    assert told in desk.get(f"/runs/{run}?lang=ja").text
    desk.sign_in("boss", "staff")
    assert told in desk.get("/approvals?lang=ja").text
    assert told in desk.get(f"/runs/{run}?lang=ja").text
    for user in ("yamada", "sato"):
        desk.sign_in(user, "staff")
        assert "あなたの承認を待っている計画はありません" in desk.get("/approvals?lang=ja").text


def refused_run(desk, **more):
    asked = {"actor": Actor(name="山田 花子", assurance="verified"), "inputs": {"word": "first"}, "channel": "page"}
    run = desk.run("four-eyes", **asked | more)
    with desk.opened.database.reading() as connection:
        digest = approval_of(desk.engine, connection, run).digest
    boss = Actor(name="上司 五郎")
    decide(desk.engine, run, actor=boss, channel="page", verdict="refused", note="言葉が違います", digest=digest)
    assert advance(desk.engine, run).outcome == "refused"
    return run


def test_a_refused_request_is_asked_for_again_in_one_step(desk, seen):
    run = refused_run(desk, beneficiary="佐藤 次郎", identity_check="call-back 5678", ticket="OPS-1", reason="急ぎ")
    page = desk.get("/requests?lang=ja").text
    assert "同じ内容でもう一度依頼する" in page
    plan = post(desk, "four-eyes", action="check", again=run)
    assert plan.status_code == 200
    assert "echo first" in plan.text
    assert "前の依頼との違い" in plan.text
    assert "違いはありません" in plan.text
    assert post(desk, "four-eyes", action="run", **hidden(plan.text)).status_code == 303
    [(_, inputs, _, about)] = seen.submitted
    said = {"beneficiary": "佐藤 次郎", "identity_check": "call-back 5678", "ticket": "OPS-1", "reason": "急ぎ", "again": run}
    assert (inputs, about) == ({"word": "first"}, said)


def test_what_is_changed_before_asking_again_is_told_to_who_asks_and_to_who_approves(desk):
    run = refused_run(desk)
    form = desk.get(f"/runbooks/four-eyes/run?again={run}&lang=ja").text
    assert 'value="first"' in form
    plan = post(desk, "four-eyes", action="check", again=run, **{"p.word": "second"})
    assert "first" in plan.text.split("前の依頼との違い")[1]
    fresh = desk.run("four-eyes", actor=Actor(name="山田 花子"), inputs={"word": "second"}, again=run)
    desk.sign_in("boss", "staff")
    inbox = desk.get("/approvals?lang=ja").text
    assert fresh in inbox
    assert "前に承認を依頼したときからの違い" in inbox
    assert "first" in inbox


def test_a_run_without_approval_is_compared_with_what_it_did(desk):
    run = desk.run("count", actor=Actor(name="山田 花子"), inputs={"branch": "b001"})
    plan = post(desk, "count", action="check", again=run, **{"p.branch": "b002"})
    assert "b001" in plan.text.split("前の依頼との違い")[1]


def test_nothing_of_somebody_elses_run_is_filled_in_or_compared(desk, seen):
    run = refused_run(desk, beneficiary="佐藤 次郎", identity_check="in-person")
    desk.sign_in("ito", "staff")
    assert "first" not in desk.get(f"/runbooks/four-eyes/run?again={run}").text
    plan = post(desk, "four-eyes", action="check", again=run, **{"p.word": "mine"})
    assert "前の依頼との違い" not in plan.text
    post(desk, "four-eyes", action="run", again=run, **{"p.word": "mine"})
    assert seen.submitted[0][3]["again"] == ""
    assert post(desk, "four-eyes", action="check", again="nowhere", **{"p.word": "mine"}).status_code == 200


@pytest.mark.parametrize(("lang", "found"), [("ja", "「支店59」で10件見つかりました"), ("en", "“branch 59” was found in 10")])
def test_a_long_list_is_searched_by_the_server_and_the_finds_are_chosen_from(desk, lang, found):
    start = desk.get(f"/runbooks/count/run?lang={lang}").text
    assert len(start.encode()) < 50_000
    assert 'value="refresh"' in start
    typed = {"ja": "支店59", "en": "branch 59"}[lang]
    answer = post(desk, "count", lang, action="refresh", **{"p.branch": typed})
    assert found in html.unescape(answer.text)
    assert '<input type="radio" name="p.branch" value="b599">' in answer.text
    assert post(desk, "count", lang, action="check", **{"p.branch": "b599"}).status_code == 200


def test_a_word_that_is_no_choice_is_refused_with_the_choices_that_it_is_found_in(desk):
    answer = post(desk, "count", action="check", **{"p.branch": "支店１２３"})
    assert answer.status_code == 400
    assert '<input type="radio" name="p.branch" value="b123">' in answer.text
    assert "別の言葉で探す" in answer.text
    assert 'id="p.branch"' in post(desk, "count", action="refresh", **{"p.branch": ""}).text
