"""The pages of the FAQ: asking, answers, near questions, not knowing, and a person who answers."""

import json
import re
from urllib.parse import urlencode

import pytest

from fixtures_faq import PNG, with_faq
from fixtures_runs import ALICE
from temanashi.books import Seconds, proposed_tasks, read_register, sign
from temanashi.faq.inquiries import inquiries_of
from temanashi.ledger.narrow import rebuild_rows
from temanashi.workspace.publishing import current_version
from temanashi.workspace.reporting import current_month, month_report

HERE = {"origin": "http://testserver"}


@pytest.fixture
def desk(empty):
    with_faq(empty.place)
    empty.place.publish()
    return empty


def publish(desk):
    """Publish, and wait until the search knows it."""
    desk.place.publish()
    desk.get("/faq?q=x")
    desk.site.faq.wait(60)


def ask(desk, question, *, lang="ja", follow=True, **more):
    number = re.search(r'name="number" value="(inq-\d{8}-[0-9a-f]{8})"', desk.get("/faq").text)[1]
    answer = desk.http.post(f"/faq?lang={lang}", data={"q": question, "number": number} | more, headers=HERE)
    if not follow or answer.status_code != 303:
        return answer
    desk.number = number
    return shown(desk, lang=lang)


def shown(desk, number="", *, lang="ja", **query):
    return desk.get(f"/faq/inquiries/{number or desk.number}?{urlencode({'lang': lang} | query)}")


def act(desk, action, *, number="", lang="ja", **form):
    return desk.http.post(f"/faq/inquiries/{number or desk.number}?lang={lang}", data={"action": action} | form, headers=HERE)


def inquiries(desk):
    with desk.opened.database.reading() as connection:
        return inquiries_of(desk.opened.ledger.records(connection, kinds=("inquiry",)))


def register(desk):
    with desk.opened.database.reading() as connection:
        return read_register(desk.opened.ledger, connection, zone=desk.opened.settings.zone)


def test_a_question_gets_its_answer_with_owner_and_day(desk):
    desk.sign_in("taro", "staff")
    answer = ask(desk, "VPN に接続できません")
    assert answer.status_code == 200
    assert "<h1>VPN に接続できません</h1>" in answer.text
    assert "手順の一つ目" in answer.text
    assert "佐藤 次郎" in answer.text
    assert "2026年4月1日" in answer.text
    (one,) = inquiries(desk).values()
    assert (one.kind, one.asker.name, one.channel, one.offered[0].entry) == ("answer", "田中 太郎", "page", "vpn-connect")
    assert one.index
    assert one.state == "offered"


def test_an_answer_is_safe_markup_with_our_own_images_and_links_only(desk):
    desk.sign_in("taro", "staff")
    text = ask(desk, "VPN に接続できません").text
    assert "<script>alert" not in text
    assert "&lt;script&gt;" in text
    assert "{{7*7}}" in text
    assert "evil.example" not in text
    assert 'src="/tema/faq/entries/vpn-connect/images/vpn.png"' in text
    assert 'href="/tema/faq/entries/reset-pc"' in text
    image = desk.get("/faq/entries/vpn-connect/images/vpn.png")
    assert (image.status_code, image.content) == (200, PNG)
    assert desk.get("/faq/entries/vpn-connect/images/other.png").status_code == 404


def test_a_secret_is_masked_before_anything_is_stored(desk):
    ask(desk, "VPN に接続できません。パスワードは Himitsu-2026! です")
    text = json.dumps([str(one) for one in inquiries(desk).values()], ensure_ascii=False)
    assert "Himitsu" not in text
    assert b"Himitsu" not in b"".join(path.read_bytes() for path in (desk.place.root / ".tema").rglob("temanashi.db*"))
    assert "伏せて記録しました" in shown(desk).text


def test_who_is_not_of_the_audience_never_hears_of_an_entry(desk):
    desk.sign_in("taro", "staff")
    assert "給与" not in ask(desk, "給与明細 間違い").text.replace("給与明細 間違い", "")
    assert desk.get("/faq/suggest?q=給与明細").json() == {"entries": []}
    assert desk.get("/faq/entries/salary-slip").status_code == desk.get("/faq/entries/nothing-here").status_code == 400
    assert "salary-slip" not in desk.get("/faq/entries/salary-slipp").text.replace("salary-slipp", "")
    assert desk.get("/faq/entries/salary-slip/images/vpn.png").status_code == 400
    assert "給与" not in desk.get("/faq/entries?lang=ja").text
    assert desk.http.post("/faq", data={"q": "x", "entry": "salary-slip"}, headers=HERE).status_code == 400
    desk.sign_in("hanako", "staff")
    assert desk.get("/faq/suggest?q=給与明細").json()["entries"][0]["id"] == "salary-slip"
    assert "秘密の手順" in ask(desk, "給与明細 間違い").text or "salary-slip" in shown(desk).text


def test_an_asserted_name_opens_no_entry_for_others(desk):
    desk.http.post("/faq", data={"q": "x"}, headers=HERE)
    answer = desk.get("/faq/entries?lang=ja", headers={"cookie": "tema_name=hanako"})
    assert "給与" not in answer.text


def test_only_the_asker_says_whether_it_is_solved_once_and_changeable(desk):
    desk.sign_in("taro", "staff")
    ask(desk, "VPN に接続できません")
    assert register(desk).requested == {}
    assert act(desk, "solved", entry="vpn-connect").status_code == 303
    assert act(desk, "solved", entry="vpn-connect").status_code == 303
    (one,) = inquiries(desk).values()
    assert (one.vote, one.votes, one.voted_entry) == ("solved", 1, "vpn-connect")
    (unit,) = register(desk).requested["answer-inquiry"].values()
    assert (unit.source, unit.slot) == ("inquiries", one.key)
    assert act(desk, "not_solved", entry="vpn-connect").status_code == 303
    assert register(desk).cancelled[("answer-inquiry", one.key)].reason
    assert "引き継ぐ" in shown(desk).text
    desk.sign_in("hanako", "staff")
    assert shown(desk).status_code == 400
    assert act(desk, "solved").status_code in {400, 403}
    assert next(iter(inquiries(desk).values())).vote == "not_solved"


def test_a_vote_for_what_was_not_offered_or_long_ago_is_refused(desk, monkeypatch):
    desk.sign_in("taro", "staff")
    ask(desk, "VPN に接続できません")
    assert "表示した項目ではありません" in act(desk, "solved", entry="reset-pc").text
    act(desk, "hand-over")
    assert "もう変えられません" in act(desk, "solved", entry="vpn-connect").text


def test_what_nobody_knows_goes_to_a_person_and_the_answer_comes_back(desk):
    desk.sign_in("taro", "staff")
    page = ask(desk, "社員食堂の献立 zzqq")
    assert "<h1>わかりません</h1>" in page.text
    assert act(desk, "hand-over", details="来週の分です。電話 090-1234-5678").status_code == 303
    (one,) = inquiries(desk).values()
    assert one.waiting
    assert "090-1234-5678" not in one.details
    assert [unit.slot for unit in register(desk).requested["answer-inquiry"].values()] == [one.key]
    assert "担当者に引き継ぎました" in shown(desk).text
    assert 'name="reply"' not in shown(desk).text
    assert "この操作はできません" in act(desk, "reply", reply="自分で答える").text
    desk.sign_in("sato", "operator")
    assert "あなたの回答を待っている質問が1件" in desk.get("/faq?lang=ja").text
    assert act(desk, "reply", reply=" ").status_code == 400
    assert act(desk, "reply", reply="総務の掲示板にあります。", minutes="５", propose="entry", topic="general").status_code == 303
    assert "先に回答しました" in act(desk, "reply", reply="もう一度").text
    (one,) = inquiries(desk).values()
    assert (one.state, one.replied_by, one.seconds) == ("replied", "佐藤 次郎", 300)
    desk.sign_in("taro", "staff")
    assert "回答が届いています" in shown(desk).text
    assert "総務の掲示板にあります。" in shown(desk).text
    assert "担当者が回答" in desk.get("/faq?lang=ja").text


def test_an_accepted_proposal_is_a_draft_that_is_published_as_usual(desk):
    desk.sign_in("taro", "staff")
    ask(desk, "社員食堂の献立 zzqq")
    act(desk, "hand-over")
    desk.sign_in("sato", "operator")
    act(desk, "reply", reply="総務の掲示板にあります。", propose="entry", topic="general")
    assert "受け入れる" in shown(desk).text
    assert act(desk, "accept").status_code == 303
    (file,) = (desk.place.root / "faq" / "general").glob("*.md")
    assert "総務の掲示板にあります。" in file.read_text(encoding="utf-8")
    assert "受け入れられる提案がありません" in act(desk, "accept").text or act(desk, "accept").status_code == 400
    publish(desk)
    desk.sign_in("taro", "staff")
    ask(desk, "社員食堂の献立 zzqq")
    (offered,) = inquiries(desk)[desk.number].offered
    assert offered.entry == file.stem
    assert "総務の掲示板にあります。" in shown(desk, entry=file.stem).text


def test_a_question_becomes_a_phrasing_of_the_entry_that_answers_it(desk):
    desk.sign_in("taro", "staff")
    ask(desk, "社員食堂の献立 zzqq")
    act(desk, "hand-over")
    desk.sign_in("sato", "operator")
    assert "FAQ に「vpn-conect」という項目はありません" in act(desk, "reply", reply="x", **{"entry-id": "vpn-conect"}).text
    act(desk, "reply", reply="VPN の項目です。", propose="phrasing", **{"entry-id": "vpn-connect"})
    act(desk, "accept")
    text = (desk.place.root / "faq" / "network" / "vpn-connect.md").read_text(encoding="utf-8")
    assert "社員食堂の献立 zzqq" in text
    assert "VPN つながらない" in text
    (one,) = inquiries(desk).values()
    assert one.proposal.state == "accepted"
    publish(desk)
    desk.sign_in("taro", "staff")
    assert "VPN に接続できません" in ask(desk, "社員食堂の献立 zzqq").text


def test_an_answer_that_can_be_done_offers_its_runbook_filled_in(desk):
    desk.sign_in("sato", "operator")
    assert "/tema/runbooks/reset/run?p.host=localhost&amp;lang=ja" in ask(desk, "PC のパスワードを忘れました").text


def test_the_same_form_twice_is_one_question_and_a_strangers_number_shows_nothing(desk):
    desk.sign_in("taro", "staff")
    ask(desk, "VPN に接続できません")
    assert desk.http.post("/faq", data={"q": "another", "number": desk.number}, headers=HERE).status_code == 303
    assert [one.question for one in inquiries(desk).values()] == ["VPN に接続できません"]
    desk.sign_in("hanako", "staff")
    assert desk.http.post("/faq", data={"q": "another", "number": desk.number}, headers=HERE).status_code == 400


@pytest.mark.parametrize(
    "text", ["", " \u3000 ", "\0\0", "x" * 60_000, "あ" * 2001], ids=["empty", "blanks", "nul", "very long", "too long"]
)
def test_a_question_that_is_none_is_refused_with_what_to_do(desk, text):
    answer = ask(desk, text, follow=False)
    assert answer.status_code in {400, 413}
    assert inquiries(desk) == {}


@pytest.mark.parametrize(
    "text", ["🙂🙂", "<script>alert(1)</script>", "{{7*7}}{% raw %}", "ﾊﾟｽﾜｰﾄﾞ 忘れた", "' OR 1=1 --", "a\0b", "*" * 300]
)
def test_hostile_questions_are_questions(desk, text):
    desk.sign_in("taro", "staff")
    answer = ask(desk, text)
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert ">49" not in answer.text
    assert desk.get(f"/faq/suggest?{urlencode({'q': text})}").status_code == 200
    assert desk.get(f"/faq?{urlencode({'q': text})}").status_code == 200


def test_an_entry_that_is_withdrawn_is_no_longer_shown(desk):
    desk.sign_in("taro", "staff")
    ask(desk, "VPN に接続できません")
    (desk.place.root / "faq" / "network" / "vpn-connect.md").unlink()
    desk.place.publish()
    answer = shown(desk)
    assert answer.status_code == 200
    assert "いまは公開されていません" in answer.text
    assert "手順の一つ目" not in answer.text


def test_the_page_searches_without_a_script_and_records_nothing_by_that(desk):
    desk.sign_in("taro", "staff")
    page = desk.get("/faq?lang=en&q=vpn+does+not+connect")
    assert "I cannot connect to the VPN" in page.text
    assert inquiries(desk) == {}
    entry = desk.get("/faq/entries/vpn-connect?lang=en&q=vpn+does+not+connect")
    assert "It is solved" in entry.text
    number = re.search(r'name="number" value="([^"]+)"', entry.text)[1]
    form = {"q": "vpn does not connect", "entry": "vpn-connect", "number": number, "action": "solved"}
    assert desk.http.post("/faq?lang=en", data=form, headers=HERE).status_code == 303
    (one,) = inquiries(desk).values()
    assert (one.vote, one.voted_entry) == ("solved", "vpn-connect")


def test_where_nobody_signs_in_a_name_is_asked_for_at_the_hand_over(desk):
    ask(desk, "社員食堂の献立 zzqq")
    assert "名前" in act(desk, "hand-over").text
    assert act(desk, "hand-over", name="田中").status_code == 303
    assert next(iter(inquiries(desk).values())).waiting


def test_figures_count_words_and_hand_overs_and_never_looks(desk):
    desk.sign_in("taro", "staff")
    ask(desk, "VPN に接続できません")
    act(desk, "solved", entry="vpn-connect")
    ask(desk, "VPN に接続できません")
    ask(desk, "社員食堂の献立 zzqq")
    act(desk, "hand-over")
    desk.sign_in("sato", "operator")
    act(desk, "reply", reply="はい", minutes="10")
    for lang, words in (
        ("ja", "質問 3件のうち、解決 1件、担当者へ 1件"),
        ("en", "of 3 questions, 1 were solved and 1 reached a person"),
    ):
        text = desk.get(f"/faq/figures?lang={lang}").text
        assert words in text
    assert "10 min on average" in text
    assert desk.get("/faq/figures?month=1800-01").status_code == desk.get("/faq/figures?month=x").status_code == 200


def test_a_solved_question_is_credited_once_and_a_handed_over_one_remains(desk):
    desk.sign_in("taro", "staff")
    opened = desk.opened
    with opened.database.transaction() as connection:
        published = current_version(connection, kinds=desk.engine.kinds)
        (task,) = [one for one in proposed_tasks(published.runbooks.values()) if one.task == "answer-inquiry"]
        rule = task.demand.model_copy(update={"per_month": 30})
        signed = sign(task, Seconds(setup=600), actor=ALICE, now=opened.clock.now(), zone=opened.settings.zone, demand=rule)
        opened.ledger.append(connection, signed)
    ask(desk, "VPN に接続できません")
    act(desk, "solved", entry="vpn-connect")
    ask(desk, "社員食堂の献立 zzqq")
    act(desk, "hand-over")

    def sums():
        with opened.database.reading() as connection:
            report = month_report(opened, connection, current_version(connection, kinds=desk.engine.kinds), current_month(opened))
        (found,) = [one for one in report.figures.tasks if one.task == "answer-inquiry"]
        return found.sums

    assert (sums().credited_seconds, sums().remaining_seconds) == (600, 600)
    with opened.database.transaction() as connection:
        rebuild_rows(connection)
    assert sums().credited_seconds == 600
