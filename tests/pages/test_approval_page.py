"""A plan is approved or refused on the run's page: in sentences, by others, and only as it was seen."""

import json
import re

import pytest

from temanashi.people import Actor
from temanashi.runbooks.kinds import step_kinds
from temanashi.runs.advancing import advance
from temanashi.runs.approvals.reading import approval_of
from temanashi.runs.decisions import decide
from temanashi.workspace.loading import load_workspace
from temanashi.workspace.publishing import approve_publication
from temanashi.workspace.publishing import publish as publish_files

PEOPLE = {
    "people": {
        "yamada": {"name": "山田 花子"},
        "sato": {"name": "佐藤 次郎"},
        "suzuki": {"name": "鈴木 一郎"},
    },
    "groups": {"leads": ["sato", "suzuki"]},
    "roles": {"emergency": ["yamada"]},
}
YAMADA = Actor(name="yamada")


@pytest.fixture
def place(place):
    site = place.root / "runbooks" / "site"
    site.mkdir(parents=True, exist_ok=True)
    (site / "people.yaml").write_text(json.dumps(PEOPLE), encoding="utf-8")
    step = {"id": "go", "title": {"ja": "動かす", "en": "Go"}, "command": {"run": ["echo", "<turned>"]}}
    place.runbook("two-keys", step, approve={"by": "group:leads", "count": 2})
    place.runbook("one-key", step, approve={"by": "group:leads", "escalate": {"after_hours": 0.000001, "to": "yamada"}})
    place.runbook("midway", {"id": "ask", "approval": "group:leads"}, step)
    return place


@pytest.fixture
def waiting(visitor):
    return visitor.run("two-keys", actor=YAMADA, reason="月次の作業", beneficiary="経理部")


def send(visitor, run, verb="approve", *, name="sato", lang="", **form):
    headers = {"origin": "http://testserver"}
    with visitor.opened.database.reading() as connection:
        view = approval_of(visitor.engine, connection, run)
    data = {"verb": verb, "name": name, "digest": view.digest if view else "", **form}
    return visitor.http.post(f"/runs/{run}/approval{lang}", data=data, headers=headers)


def decisions(visitor, run):
    with visitor.opened.database.reading() as connection:
        return [record.draft for record in visitor.opened.ledger.records(connection, kinds=("decision",), run=run)]


WORDS = {
    "ja": (
        "この計画の承認を待っています",
        "却下になります",
        "あと2人の承認が必要です（全部で2人）",
        "佐藤 次郎、鈴木 一郎",
        "承認する",
    ),
    "en": (
        "This plan waits for approval",
        "Refused unless approved",
        "2 more of 2 must approve",
        "佐藤 次郎, 鈴木 一郎",
        "Approve",
    ),
}


@pytest.mark.parametrize(("lang", "words"), WORDS.items())
def test_the_plan_who_may_and_until_when(visitor, waiting, lang, words):
    text = visitor.get(f"/runs/{waiting}?lang={lang}").text
    for word in (*words, "月次の作業", "経理部", "&lt;turned&gt;", "山田 花子"):
        assert word in text
    assert "<turned>" not in text


def test_the_button_that_changes_something_is_not_the_first_one_and_nothing_is_chosen(visitor, waiting):
    text = visitor.get(f"/runs/{waiting}").text
    assert text.index('value="refuse"') < text.index('value="approve"')
    for field in re.findall(r'<(?:input type="text"|textarea)[^>]* id="(\w+)"', text):
        assert f'<label for="{field}">' in text
    assert 'name="name" value=""' in text


def test_two_people_approve_and_the_run_goes_on(visitor, seen, waiting):
    first = send(visitor, waiting, note="読みました", lang="?lang=en")
    assert (first.status_code, first.headers["location"]) == (303, f"/tema/runs/{waiting}?lang=en")
    assert "tema_name" in first.headers["set-cookie"]
    text = visitor.get(f"/runs/{waiting}").text
    assert "佐藤 次郎 さんが承認しました" in text
    assert "読みました" in text
    assert "あと1人の承認が必要です" in text
    assert send(visitor, waiting, name="ＳＵＺＵＫＩ").status_code == 303
    assert seen.woken == [waiting, waiting]
    assert advance(visitor.engine, waiting).outcome == "done"
    assert "<dd>佐藤 次郎、鈴木 一郎</dd>" in visitor.get(f"/runs/{waiting}?lang=ja").text
    assert [(d.actor, d.channel) for d in decisions(visitor, waiting)] == [("佐藤 次郎", "page"), ("鈴木 一郎", "page")]


@pytest.mark.parametrize(
    ("form", "status", "word"),
    [
        ({"name": "山田花子"}, 409, "依頼した人"),
        ({"name": "誰か"}, 409, "承認できる人ではありません"),
        ({"name": " "}, 400, "お名前を入力してください"),
        ({"name": "x" * 101}, 400, "100文字まで"),
        ({"verb": "refuse", "name": "sato"}, 400, "却下する理由"),
        ({"name": "sato", "note": "x" * 2001}, 400, "2000文字まで"),
        ({"name": "sato", "digest": "sha256:0"}, 409, "計画は、見ていた間に変わりました"),
        ({"name": "sato", "digest": ""}, 409, "計画は、見ていた間に変わりました"),
        ({"verb": "maybe"}, 400, "もう受け付けていません"),
    ],
)
def test_what_is_wrong_is_said_what_was_typed_is_kept_and_nothing_is_recorded(visitor, waiting, form, status, word):
    answer = send(visitor, waiting, **form)
    assert answer.status_code == status
    assert word in answer.text
    assert decisions(visitor, waiting) == []
    if form["verb" if "verb" in form else "name"].strip() == "誰か":
        assert 'value="誰か"' in answer.text


def test_the_requester_sees_why_there_is_no_form_for_them(visitor, waiting):
    from urllib.parse import quote

    text = visitor.get(f"/runs/{waiting}", headers={"cookie": f"tema_name={quote('yamada')}"}).text
    assert "依頼した人" in text
    assert 'value="approve"' not in text
    assert "別の人が答える" in text
    gone = send(visitor, waiting, "forget")
    assert gone.status_code == 303
    assert 'tema_name=""' in gone.headers["set-cookie"]


def test_a_refusal_ends_the_run_and_says_how_to_ask_again(visitor, waiting):
    assert send(visitor, waiting, "refuse", note="日程が合いません").status_code == 303
    assert advance(visitor.engine, waiting).outcome == "refused"
    text = visitor.get(f"/runs/{waiting}").text
    assert "日程が合いません" in text
    assert f'name="again" value="{waiting}"' in text
    late = send(visitor, waiting)
    assert late.status_code == 409
    assert "今の入力は記録していません" in late.text


def test_a_decision_stands_when_prefect_cannot_be_told(visitor, seen, waiting):
    seen.broken = True
    assert send(visitor, waiting).status_code == 303
    assert len(decisions(visitor, waiting)) == 1


def publish(visitor):
    """What says who must approve, and who may, changes by two people."""
    loaded = load_workspace(visitor.place.root, kinds=step_kinds())
    opened = visitor.opened
    made = publish_files(opened.database, opened.ledger, loaded, actor=YAMADA, clock=opened.clock)
    assert made.status == "pending"
    approve_publication(opened.database, opened.ledger, made.number, actor=Actor(name="carol"), clock=opened.clock)


def test_a_request_made_again_shows_what_changed(visitor, waiting):
    decide(visitor.engine, waiting, actor=Actor(name="sato"), channel="cli", verdict="refused", note="まだ")
    advance(visitor.engine, waiting)
    step = {"id": "go", "command": {"run": ["echo", "other"]}}
    visitor.place.runbook("two-keys", step, approve={"by": "group:leads", "count": 2})
    publish(visitor)
    again = visitor.run("two-keys", actor=YAMADA, again=waiting)
    text = visitor.get(f"/runs/{again}?lang=ja").text
    for word in ("前に承認を依頼したときからの違い", "手順書の版が", "変わりました"):
        assert word in text


def test_the_same_plan_asked_again_says_that_nothing_changed(visitor, waiting):
    decide(visitor.engine, waiting, actor=Actor(name="sato"), channel="cli", verdict="refused", note="まだ")
    advance(visitor.engine, waiting)
    again = visitor.run("two-keys", actor=YAMADA, again=waiting)
    assert "違いはありません" in visitor.get(f"/runs/{again}").text


def test_an_approval_in_the_middle_shows_the_later_steps_and_the_earlier_ones_below(visitor):
    run = visitor.run("midway", actor=YAMADA)
    text = visitor.get(f"/runs/{run}").text
    assert "実行すること（1件）" in text
    assert "2. 動かす" in text


def test_when_nobody_may_the_page_says_so(visitor):
    run = visitor.run("one-key", actor=Actor(name="sato"))
    assert "承認できる人を広げています" in visitor.get(f"/runs/{run}").text
    (visitor.place.root / "runbooks" / "site" / "people.yaml").write_text('{"people": {"x": {"name": "X"}}}', encoding="utf-8")
    publish(visitor)
    assert "いま承認できる人がいません" in visitor.get(f"/runs/{run}").text


def test_emergencies_that_lack_approval_stand_on_the_home_page_until_it_is_given(visitor):
    run = visitor.run("two-keys", actor=YAMADA, emergency=True, reason="全停止<1>")
    home = visitor.get("/?lang=ja").text
    assert "事後の承認が必要な緊急の実行が1件あります" in home
    assert "全停止&lt;1&gt;" in home
    text = visitor.get(f"/runs/{run}").text
    assert "緊急で実行されました" in text
    assert "緊急の実行" in text
    for name in ("sato", "suzuki"):
        assert send(visitor, run, name=name).status_code == 303
    assert "事後の承認が必要な" not in visitor.get("/").text
    assert "緊急で実行されました" not in visitor.get(f"/runs/{run}").text


def test_answers_from_elsewhere_are_refused_and_a_body_without_end_is_not_read(visitor, waiting):
    data = {"verb": "approve", "name": "sato"}
    assert visitor.http.post(f"/runs/{waiting}/approval", data=data, headers={"origin": "http://evil.example"}).status_code == 403
    assert send(visitor, waiting, note="x" * 70_000).status_code == 413
    assert decisions(visitor, waiting) == []
