"""Home, the reader's own requests, and the inbox of approvals, as somebody who signed in sees them."""

import json
import re
from datetime import timedelta

import pytest

from temanashi.pages.site import Queued
from temanashi.people import Actor
from temanashi.runs.approvals.reading import approval_of

PEOPLE = {
    "people": {
        "yamada": {"name": "山田 花子"},
        "sato": {"name": "佐藤 次郎"},
        "suzuki": {"name": "鈴木 一郎", "deputies": [{"who": "tanaka", "from": "2020-01-01", "to": "2099-12-31"}]},
        "tanaka": {"name": "田中 三郎"},
        "ops": {"name": "運用 太郎"},
    },
    "groups": {"leads": ["sato", "suzuki"]},
    "roles": {"emergency": ["yamada"]},
}
ORIGIN = {"origin": "http://testserver"}
ASKED = {"channel": "page"}


@pytest.fixture
def office(empty):
    site = empty.place.root / "runbooks" / "site"
    site.mkdir(parents=True)
    (site / "people.yaml").write_text(json.dumps(PEOPLE), encoding="utf-8")
    lines = [f"word{n}" for n in range(1, 12)]
    steps = [{"id": f"s{n}", "command": {"run": ["echo", line]}} for n, line in enumerate(lines)]
    empty.place.runbook("four-eyes", *steps, allow=["yamada", "ops"], approve="group:leads")
    empty.place.runbook(
        "by-hand", {"id": "hand", "manual": {"text": {"ja": "数えます。", "en": "Count."}, "minutes": 1}}, allow=["yamada"]
    )
    empty.place.runbook("for-ops", {"id": "go", "command": {"run": ["echo", "ok"]}})
    empty.place.publish()
    return empty


def asks(office, runbook="four-eyes", user="yamada", **more):
    actor = Actor(name=PEOPLE["people"][user]["name"], assurance="verified")
    return office.run(runbook, actor=actor, **(ASKED | more))


def answer(office, run, verb, note="", **more):
    with office.opened.database.reading() as connection:
        digest = approval_of(office.engine, connection, run).digest
    form = {"verb": verb, "note": note, "digest": digest, "back": "approvals"} | more
    return office.http.post(f"/runs/{run}/approval?lang=ja", data=form, headers=ORIGIN)


def heading(text):
    return re.sub(r"<[^>]+>", "", re.search(r"<h1>(.*?)</h1>", text, re.DOTALL)[1])


@pytest.mark.parametrize(("lang", "words"), [("ja", ("あなたの手順書", "自分の依頼")), ("en", ("Your runbooks", "My requests"))])
def test_staff_see_their_runbooks_and_their_own_runs_and_nothing_of_others(office, lang, words):
    mine, theirs = asks(office, "by-hand"), asks(office, "for-ops", "ops")
    office.sign_in("yamada", "staff")
    text = office.get(f"/?lang={lang}").text
    assert all(word in text for word in words)
    assert "/tema/runbooks/four-eyes/run" in text
    assert "for-ops" not in text
    assert mine in text
    assert theirs not in text
    assert "1" in heading(text)
    assert "/tema/report" not in text


def test_staff_without_any_runbook_are_told_whom_to_ask(office):
    office.sign_in("tanaka", "staff")
    text = office.get("/?lang=ja").text
    assert "運用チームに実行者への追加を頼んでください" in text
    assert heading(text) == "あなたの対応を待っているものはありません"


def test_a_plan_waits_for_those_who_may_approve_it_and_for_nobody_else(office):
    asks(office)
    for user, roles, waits in [
        ("sato", ("staff",), True),
        ("tanaka", ("staff",), True),  # a deputy
        ("yamada", ("staff",), False),  # asked for it
        ("ops", ("operator",), False),
        ("sato", ("auditor",), False),  # an auditor changes nothing
    ]:
        office.sign_in(user, *roles)
        assert ("1件" in heading(office.get("/?lang=ja").text)) is waits, user
        assert ("1件" in heading(office.get("/approvals?lang=ja").text)) is waits, user


@pytest.mark.parametrize(("lang", "rest"), [("ja", "残りの3件"), ("en", "3 more")])
def test_the_inbox_shows_plan_deadline_requester_and_form(office, lang, rest):
    run = asks(office, reason="月次<1>", beneficiary="経理部")
    office.sign_in("sato", "staff")
    text = office.get(f"/approvals?lang={lang}").text
    for word in ("word1", "word11", rest, "月次&lt;1&gt;", "経理部", "山田 花子", f"/tema/runs/{run}/approval"):
        assert word in text
    assert text.index('value="refuse"') < text.index('value="approve"')
    assert "<script" not in text


def test_several_plans_are_answered_one_after_the_other_from_the_inbox(office, seen):
    first, second = asks(office), asks(office, user="ops")
    office.sign_in("sato", "staff")
    assert heading(office.get("/approvals?lang=ja").text) == "あなたの承認を待っている計画が2件あります"
    said = answer(office, first, "approve", "読みました")
    assert (said.status_code, said.headers["location"]) == (303, f"/tema/approvals?said=approved&run={first}&lang=ja")
    after = office.get(said.headers["location"].removeprefix("/tema")).text
    assert "承認を記録しました" in after
    assert heading(after) == "あなたの承認を待っている計画が1件あります"
    assert answer(office, second, "refuse").status_code == 400  # without a reason
    assert "said=refused" in answer(office, second, "refuse", "日程が合いません").headers["location"]
    assert seen.woken == [first, second]
    assert "承認が必要になると" in office.get("/approvals?lang=ja").text


def test_who_answered_may_see_what_came_of_it_and_others_may_not(office):
    run = asks(office)
    office.sign_in("sato", "staff")
    answer(office, run, "refuse", "日程が合いません")
    assert office.get(f"/runs/{run}").status_code == 200
    office.sign_in("tanaka", "staff")
    assert office.get(f"/runs/{run}").status_code == 404


def test_what_others_have_to_approve_is_listed_for_who_asked_and_for_operations(office):
    run = asks(office)
    for user, role in (("yamada", "staff"), ("ops", "operator"), ("ops", "auditor")):
        office.sign_in(user, role)
        text = office.get("/approvals?lang=ja").text
        assert "ほかの人の承認を待っているもの（1件）" in text
        assert "承認できる人：佐藤 次郎、鈴木 一郎" in text
        assert "代理：田中 三郎" in text
        assert f"/tema/runs/{run}/approval" not in text


def test_an_emergency_stands_before_what_can_wait_and_is_approved_afterwards(office):
    asks(office, user="ops")
    urgent = asks(office, emergency=True, reason="全停止")
    office.sign_in("sato", "staff")
    text = office.get("/approvals?lang=ja").text
    assert text.index(urgent) < text.index("却下になります")
    assert "緊急・事後承認" in text
    assert "said=approved" in answer(office, urgent, "approve").headers["location"]
    assert urgent not in office.get("/approvals?lang=ja").text.split("<h1>")[1]


def test_without_a_name_the_inbox_leads_to_the_page_that_asks_for_it(office):
    run = asks(office)
    text = office.get("/approvals?lang=ja").text
    assert "承認を待っている計画が1件あります" in text
    assert f'href="/tema/runs/{run}?lang=ja">開いて答える' in text


STANDING = {
    "ja": "佐藤 次郎、鈴木 一郎、田中 三郎さんの承認を待っています",
    "en": "Waits for 佐藤 次郎, 鈴木 一郎, 田中 三郎 to approve",
}


@pytest.mark.parametrize("lang", STANDING)
def test_my_requests_say_what_they_wait_for_whom_and_until_when(office, lang):
    asks(office)
    asks(office, "by-hand")
    office.sign_in("yamada", "staff")
    text = office.get(f"/requests?lang={lang}").text
    assert STANDING[lang] in text
    assert {"ja": "手作業を待っています：数えます。", "en": "Waits for work by hand: Count."}[lang] in text
    assert len(re.findall(r"20\d\d", text)) > 2


def test_a_request_for_somebody_is_theirs_too_however_they_are_spelled(office):
    run = asks(office, "for-ops", "ops", beneficiary="ＹＡＭＡＤＡ")
    office.sign_in("yamada", "staff")
    text = office.get("/requests?lang=ja").text
    assert run in text
    assert "依頼：運用 太郎" in text
    office.sign_in("tanaka", "staff")
    assert run not in office.get("/requests?lang=ja").text


def test_what_is_over_can_be_left_out_and_what_is_old_is_on_the_next_page(office):
    waiting = asks(office, "by-hand")
    done = [asks(office, "for-ops", "ops", beneficiary="yamada") for _ in range(31)]
    office.sign_in("yamada", "staff")
    first, second = office.get("/requests").text, office.get("/requests?page=2").text
    assert done[-1] in first
    assert waiting in second
    assert "page=2" in first
    assert "page=1" in second
    open_only = office.get("/requests?open=1").text
    assert waiting in open_only
    assert done[0] not in open_only


def cancel(office, run, **form):
    return office.http.post(f"/runs/{run}/cancel?lang=ja", data=form, headers=ORIGIN)


def test_a_request_of_ones_own_is_cancelled_with_a_reason_on_record(office, seen):
    run = asks(office)
    office.sign_in("yamada", "staff")
    assert "この依頼を中止する" in office.get(f"/runs/{run}?lang=ja").text
    refused = cancel(office, run, reason=" ")
    assert refused.status_code == 400
    assert "中止する理由を1000文字以内" in refused.text
    assert cancel(office, run, reason="間違えました").status_code == 303
    assert seen.woken == [run]
    text = office.get("/requests?lang=ja").text
    assert "取り消し" in text
    with office.opened.database.reading() as connection:
        last = [r.draft for r in office.opened.ledger.records(connection, run=run)]
    assert any(
        d.outcome == "cancelled" and "間違えました" in json.dumps(d.model_dump(mode="json"), ensure_ascii=False) for d in last
    )
    assert cancel(office, run, reason="again").status_code == 409
    assert "この依頼を中止する" not in office.get(f"/runs/{run}?lang=ja").text


def test_nobody_cancels_what_is_not_theirs_unless_they_steer(office):
    run = asks(office)
    office.sign_in("sato", "staff")
    assert "この依頼を中止する" not in office.get(f"/runs/{run}?lang=ja").text
    refused = cancel(office, run, reason="no")
    assert refused.status_code == 409
    assert "あなたには中止できません" in refused.text
    office.sign_in("tanaka", "staff")
    office.sign_in("ops", "operator")
    assert cancel(office, run, reason="方針の変更").status_code == 303


def test_prefect_that_cannot_be_told_does_not_keep_a_request_alive(office, seen):
    run = asks(office)
    office.sign_in("yamada", "staff")
    seen.broken = True
    assert cancel(office, run, reason="間違い").status_code == 303
    assert "取り消し" in office.get("/requests?lang=ja").text


def test_an_unconfirmed_sheet_waits_for_operators_only_until_it_is_confirmed(visitor):
    visitor.run("full-disk")
    visitor.sign_in("ops", "operator")
    home = visitor.get("/?lang=ja").text
    assert "点検表を確認する" in home
    digest = re.search(r'name="digest" value="([^"]+)"', visitor.get("/checks").text)[1]
    day = visitor.engine.today().isoformat()
    done = visitor.http.post(f"/checks/{day}", data={"digest": digest, "verb": "confirm"}, headers=ORIGIN)
    assert done.status_code == 303
    assert "点検表を確認する" not in visitor.get("/?lang=ja").text
    visitor.sign_in("aud", "auditor")
    assert "点検表を確認する" not in visitor.get("/?lang=ja").text


def test_staff_hear_of_the_emergency_stop_without_the_command_that_lifts_it(office):
    from temanashi.runs.stopping import stop_everything

    stop_everything(office.engine, actor=Actor(name="ops"), channel="cli", reason="fire")
    office.sign_in("yamada", "staff")
    text = office.get("/?lang=ja").text
    assert heading(text) == "緊急停止中です"
    assert "tema stop" not in text


def test_nothing_of_a_run_that_is_not_visible_is_said_by_cancelling_it(office):
    run = asks(office)
    office.sign_in("tanaka", "viewer")
    assert office.http.me.may("see-all")
    office.sign_in("ops", "staff")
    assert cancel(office, run, reason="x").status_code == 404


@pytest.mark.parametrize(("lang", "words"), [("ja", ("開始待ち", "ワーカー")), ("en", ("To start", "waits for the worker"))])
def test_a_request_that_no_worker_took_yet_is_among_ones_own(office, seen, lang, words):
    begun = asks(office, flow_run="11111111-1111-1111-1111-111111111111")
    soon, later = office.opened.clock.now() - timedelta(minutes=1), office.opened.clock.now() + timedelta(days=2)
    seen.queue = {
        "yamada": (
            Queued("22222222-2222-2222-2222-222222222222", "by-hand", later),
            Queued("33333333-3333-3333-3333-333333333333", "four-eyes", soon),
            Queued("11111111-1111-1111-1111-111111111111", "four-eyes", soon),
            Queued("44444444-4444-4444-4444-444444444444", "removed", soon),
        )
    }
    office.sign_in("yamada", "staff")
    text = office.get(f"/requests?lang={lang}").text
    assert all(word in text for word in words)
    assert [n for n in "1234" if f"/v2/runs/flow-run/{n * 8}" in text] == ["2", "3", "4"]
    assert begun in text
    assert "removed" in text
    assert ("に始まります" if lang == "ja" else "It will start on") in text
    office.sign_in("sato", "staff")
    assert words[0] not in office.get(f"/requests?lang={lang}").text


def test_my_requests_are_there_while_prefect_is_not(office, seen):
    run = asks(office)
    seen.broken = True
    office.sign_in("yamada", "staff")
    answer = office.get("/requests")
    assert (answer.status_code, run in answer.text) == (200, True)
    assert "Prefect が応答しない" in answer.text


def test_without_requests_nothing_is_said_of_there_being_none_while_prefect_does_not_answer(office, seen):
    office.sign_in("yamada", "staff")
    none = "You have asked for nothin"
    assert none in office.get("/requests?lang=en").text
    seen.broken = True
    shown = office.get("/requests?lang=en").text
    assert "Prefect does not answer" in shown
    assert none not in shown
    seen.broken = False
    assert "Prefect does not answer" not in office.get("/requests?lang=en").text
