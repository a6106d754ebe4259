"""The handbook: every runbook, and all that there is to know of one, from the YAML that runs."""

import pytest

from fixtures_prefect import OPS
from temanashi.workspace.publishing import publish_back

PEOPLE = """
people:
  hanako: {name: 山田 花子}
  jiro: {name: 鈴木 次郎}
groups:
  ops-leads: [hanako, jiro]
"""


@pytest.fixture
def rich(empty):
    (empty.place.root / "runbooks" / "site").mkdir(parents=True, exist_ok=True)
    (empty.place.root / "runbooks" / "site" / "people.yaml").write_text(PEOPLE, encoding="utf-8")
    steps = [
        {
            "id": "stop",
            "title": {"ja": "止める", "en": "Stop"},
            "command": {"run": ["true"], "undo": ["true"]},
            "retries": 3,
            "when": "params.hard == 'yes'",
            "on_failure": "rollback",
        },
        {"id": "look", "manual": {"text": {"ja": "画面を見ます。", "en": "Look at the screen."}, "minutes": 4}},
        {"id": "tell", "command": {"run": ["true"], "reads": True}, "for_each": ["a", "b"], "always": True},
    ]
    empty.place.runbook(
        "stop-shop",
        *steps,
        category="maintenance",
        allow=["group:ops-leads", "schedule"],
        approve={"by": "group:ops-leads", "count": 1, "expires": {"hours": 4}},
        system="shop",
        parameters=[
            {
                "name": "hard",
                "type": "choice",
                "choices": ["yes", "no"],
                "title": {"ja": "強制", "en": "By force"},
                "required": False,
            }
        ],
        schedules=[
            {"at": "25:30", "days": "business_day", "title": {"ja": "毎晩", "en": "Every night"}, "parameters": {"hard": "no"}}
        ],
        toil={"demand": "request", "minutes": 12},
    )
    empty.place.publish()
    return empty


def test_the_list_shows_every_runbook_by_category_and_leads_to_its_page(rich):
    text = rich.get("/runbooks?lang=ja").text
    assert text.index("定常業務") < text.index("見本 count-cash") < text.index("<h2>保守</h2>") < text.index("見本 stop-shop")
    assert '<a href="/tema/runbooks/stop-shop?lang=ja">' in text
    assert "Sample stop-shop" in rich.get("/runbooks?lang=en").text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=stop", ["stop-shop"]),
        ("q=ＳＴＯＰ", ["stop-shop"]),
        ("q=見本+cash", ["count-cash"]),
        ("q=shop+sample", ["stop-shop"]),
        ("category=maintenance", ["stop-shop"]),
        ("category=nonsense&q=disk", ["full-disk"]),
        ("q=nothing-like-it", []),
    ],
)
def test_words_and_a_category_narrow_the_list(rich, query, found):
    text = rich.get(f"/runbooks?lang=ja&{query}").text
    shown = [name for name in ("count-cash", "full-disk", "stop-shop") if f"/runbooks/{name}?" in text]
    assert shown == found
    assert ("当てはまる手順書はありません" in text) is not bool(found)


def test_words_that_were_searched_stay_and_are_no_html(rich):
    assert "&lt;script&gt;" in rich.get("/runbooks?q=<script>").text


def test_before_anything_is_published_the_list_says_so(empty):
    assert "tema publish" in empty.get("/runbooks").text


SAID = {
    "ja": (
        "見本 stop-shop",
        "次の条件のときだけ行います: params.hard == &#39;yes&#39;",
        "あと3回までやり直します",
        "元に戻します",
        "元に戻せます",
        "画面を見ます。",
        "手で行う時間の目安: 4分",
        "繰り返します: a、b",
        "失敗したときも行います",
        "読むだけ",
        "グループ ops-leads（山田 花子、鈴木 次郎）、予定",
        "1人の承認が要ります",
        "4時間以内",
        "毎晩",
        "01:30",
        "まだ一度も完了していません",
        "1回12分という提案",
        "第1版",
        "新しく公開",
        "この手順書を実行する",
    ),
    "en": (
        "Sample stop-shop",
        "Only when: params.hard",
        "up to 3 times",
        "is taken back",
        "Look at the screen.",
        "Once for each of: a, b",
        "group ops-leads (山田 花子, 鈴木 次郎), schedules",
        "Approval by 1",
        "within 4 hours",
        "Every night",
        "Never yet",
        "12 minutes by hand are proposed",
        "Run this runbook",
    ),
}


@pytest.mark.parametrize(("lang", "words"), SAID.items())
def test_the_page_tells_everything_that_the_file_says(rich, lang, words):
    text = rich.get(f"/runbooks/stop-shop?lang={lang}").text
    assert [word for word in words if word not in text] == []
    assert len(text) < 50_000


def test_the_page_knows_how_it_went(visitor):
    good = visitor.run("count-cash", through=False)
    text = visitor.get("/runbooks/full-disk?lang=ja").text
    assert "まだ一度も完了していません" in text
    done = visitor.run("full-disk")
    text = visitor.get("/runbooks/full-disk?lang=ja").text
    assert f"/runs/{done}" in text
    assert "だれでも実行できます" in text
    assert "承認は要りません" in text
    text = visitor.get("/runbooks/count-cash?lang=ja").text
    assert f"/runs/{good}" in text
    assert "最後の実行" in text


def test_a_held_schedule_says_who_holds_it_and_a_skipped_start_is_not_told(rich):
    from fixtures_runs import ALICE
    from temanashi.runs.holds import add_hold

    add_hold(rich.engine, runbook="stop-shop", reason="棚卸し", until=None, actor=ALICE, channel="cli")
    text = rich.get("/runbooks/stop-shop?lang=ja").text
    assert "棚卸し" in text
    assert "alice" in text


def test_the_history_shows_what_changed_from_one_version_to_the_next(visitor):
    file = visitor.place.root / "runbooks" / "routine" / "full-disk.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace('"crit": "0"', '"crit": "5"'), encoding="utf-8")
    visitor.place.publish()
    text = visitor.get("/runbooks/full-disk?lang=ja").text
    assert text.index("第2版") < text.index("第1版")
    assert "&#34;crit&#34;: &#34;5&#34;" in text
    assert "第2版" not in visitor.get("/runbooks/count-cash?lang=ja").text
    publish_back(visitor.opened.database, visitor.opened.ledger, actor=OPS, clock=visitor.opened.clock)
    assert visitor.get("/runbooks/full-disk?lang=ja").status_code == 200


def test_a_runbook_that_is_not_there_is_said_so_with_the_closest(visitor):
    answer = visitor.get("/runbooks/full-dsk?lang=ja")
    assert answer.status_code in {404, 409}
    assert "full-disk" in answer.text


def test_home_and_every_page_lead_to_the_runbooks(visitor):
    text = visitor.get("/?lang=ja").text
    assert text.count('href="/tema/runbooks?lang=ja"') == 2
