"""Owners edit entries in the browser: a preview first, mistakes with their place, and never over somebody else's changes."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from fixtures_faq import with_faq

HERE = {"origin": "http://testserver"}
VPN = "/faq/entries/vpn-connect/edit"


@pytest.fixture
def desk(empty):
    with_faq(empty.place)
    empty.place.publish()
    empty.sign_in("sato", "operator")
    empty.vpn = empty.place.root / "faq" / "network" / "vpn-connect.md"
    empty.vpn.write_text(empty.vpn.read_text(encoding="utf-8").replace("owner: sato", "owner: sato  # 電話 1234"), encoding="utf-8")
    return empty


def fields(text):
    """What the form has, as a browser would send it."""
    found = dict(re.findall(r'<input type="(?:hidden|text|date)"[^>]* name="([\w-]+)" value="([^"]*)"', text))
    for name, value in re.findall(r'<textarea[^>]* name="([\w-]+)"[^>]*>(.*?)</textarea>', text, re.DOTALL):
        found[name] = (
            value.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").replace("&#39;", "'").replace("&#34;", '"')
        )
    return found


def opened(desk, path=VPN):
    answer = desk.get(f"{path}?lang=ja")
    assert answer.status_code == 200
    return fields(answer.text)


def send(desk, form, path=VPN, action="save"):
    return desk.http.post(f"{path}?lang=ja", data=form | {"action": action}, headers=HERE)


def test_an_owner_sees_a_preview_and_nothing_is_written_by_it(desk):
    before = desk.vpn.read_text(encoding="utf-8")
    form = opened(desk) | {"answer-ja": "**太字** <script>alert(1)</script>\n\n![x](images/vpn.png)"}
    answer = send(desk, form, action="preview")
    assert answer.status_code == 200
    assert "<strong>太字</strong>" in answer.text
    assert "<script>alert" not in answer.text
    assert 'src="/tema/faq/entries/vpn-connect/images/vpn.png"' in answer.text
    assert desk.vpn.read_text(encoding="utf-8") == before


def test_what_is_saved_is_a_draft_that_keeps_comments_and_answers_once_published(desk):
    form = opened(desk) | {
        "answer-ja": "新しい手順です。",
        "phrasings-ja": "VPN つながらない\r\nVPN だめ\r\n",
        "valid_until": "2030-01-31",
    }
    answer = send(desk, form | {"verified": "yes"})
    assert answer.status_code == 200, answer.text
    assert "下書きを保存しました" in answer.text
    text = desk.vpn.read_text(encoding="utf-8")
    today = datetime.now(UTC).astimezone(ZoneInfo("Asia/Tokyo")).date()
    for words in ("# 電話 1234", "VPN だめ", "新しい手順です。", "valid_until: 2030-01-31", f"verified_on: {today}"):
        assert words in text
    assert "新しい手順です。" not in desk.get("/faq/entries/vpn-connect?lang=ja").text
    desk.place.publish()
    assert "新しい手順です。" in desk.get("/faq/entries/vpn-connect?lang=ja").text
    again = fields(answer.text) | {"answer-ja": "もう一度。", "valid_until": ""}
    assert send(desk, again).status_code == 200
    assert "valid_until" not in desk.vpn.read_text(encoding="utf-8")
    with desk.opened.database.reading() as connection:
        notes = [one.draft.body for one in desk.opened.ledger.records(connection, kinds=("noted",))]
    assert [one["file"] for one in notes if one.get("what") == "faq-draft"] == ["faq/network/vpn-connect.md"] * 2


def test_what_somebody_else_changed_is_never_overwritten(desk):
    form = opened(desk) | {"answer-ja": "わたしの文章"}
    theirs = desk.vpn.read_text(encoding="utf-8").replace("手順の一つ目", "ほかの人の変更")
    desk.vpn.write_text(theirs, encoding="utf-8")
    answer = send(desk, form)
    assert answer.status_code == 400
    assert "別の人が変更しました" in answer.text
    assert "わたしの文章" in answer.text
    assert desk.vpn.read_text(encoding="utf-8") == theirs


@pytest.mark.parametrize(
    "wrong",
    [{"question-ja": ""}, {"answer-ja": " "}, {"valid_until": "soon"}, {"valid_until": "2000-01-01"}, {"answer-en": "# ja\n\nx"}],
    ids=["no question", "no answer", "no day", "an early day", "a heading of a language"],
)
def test_a_mistake_is_told_and_the_file_stays(desk, wrong):
    before = desk.vpn.read_text(encoding="utf-8")
    answer = send(desk, opened(desk) | wrong)
    assert answer.status_code == 400
    assert "FAQ の項目になりません" in answer.text
    assert desk.vpn.read_text(encoding="utf-8") == before


def test_only_owners_edit(desk):
    form = opened(desk)
    desk.sign_in("taro", "staff")
    assert desk.get(VPN).status_code == send(desk, form).status_code == 400
    assert desk.get("/faq/new").status_code == 400
    assert "この項目を編集する" not in desk.get("/faq/entries/vpn-connect?lang=ja").text


def test_a_new_entry_is_a_draft_too_and_takes_nobodys_place(desk):
    form = opened(desk, "/faq/new") | {
        "id": "room-key",
        "topic": "office",
        "owner": "sato",
        "question-ja": "会議室の鍵",
        "answer-ja": "総務です。",
    }
    assert "総務です。" in send(desk, form, "/faq/new", "preview").text
    assert "下書きを保存しました" in send(desk, form, "/faq/new").text
    assert "総務です。" in (desk.place.root / "faq" / "office" / "room-key.md").read_text(encoding="utf-8")
    assert "別の人が変更しました" in send(desk, form, "/faq/new").text
    for odd in ({"topic": "../../etc"}, {"id": "../x"}, {"id": "A b"}, {"topic": ""}, {"owner": "a b\nc"}):
        assert send(desk, form | {"id": "other"} | odd, "/faq/new").status_code == 400
    assert not list(desk.place.root.glob("**/other.md"))


def test_very_long_and_hostile_texts_break_nothing(desk):
    form = opened(desk)
    assert send(desk, form | {"answer-ja": "あ" * 300_000}).status_code in {400, 413}
    assert send(desk, form | {"phrasings-ja": "\x00\n---\n'\": {{7*7}} 🙂"}, action="preview").status_code in {200, 400}
    assert send(desk, {}).status_code == 400
