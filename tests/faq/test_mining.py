"""Past inquiries become proposals: without greetings and personal data, the same questions together, most time first."""

from datetime import date

import pytest

from temanashi.faq.engine import Engine
from temanashi.faq.entries import Entry, EntryText
from temanashi.faq.mining.grouping import groups_of
from temanashi.faq.mining.inquiries import PastInquiry, asked_of
from temanashi.faq.mining.proposing import mine
from temanashi.faq.searching.choosing import plain_maker
from temanashi.faq.searching.folding import plain_words

TODAY = date(2026, 11, 20)


def entry(name, **texts):
    return Entry(id=name, topic="vpn", owner="helpdesk", verified_on=TODAY, texts=texts)


VPN = entry(
    "vpn",
    ja=EntryText(question="VPNにつながりません", phrasings=("vpn 繋がらない", "VPN接続エラー"), answer="再起動してください。"),
    en=EntryText(question="The VPN does not connect", phrasings=("vpn not connecting",), answer="Restart."),
)


def mined(inquiries, *, least=1, entries=(VPN,)):
    engine = Engine.build(entries, languages=("ja", "en"), maker=plain_maker())
    asked = [one for inquiry in inquiries if (one := asked_of(inquiry))]
    return mine(asked, engine, plain_words, today=TODAY, least=least, told=lambda _: None)


def past(title="", body="", *, place="A2", **more):
    return PastInquiry(place=place, title=title, body=body, **more)


@pytest.mark.parametrize(
    ("title", "body", "phrasing"),
    [
        ("【至急】印刷できません", "", "印刷できません"),
        ("RE: Re: printer broken", "", "printer broken"),
        ("[質問] #123 共有フォルダ", "", "#123 共有フォルダ"),
        (
            "お問い合わせ",
            "お世話になっております。営業部の山田です。\n印刷が出てきません。\nよろしくお願いいたします。",
            "印刷が出てきません",
        ),
        ("", "お疲れ様です。VPNがつながらないです。教えてください。", "VPNがつながらないです"),
        ("", "会議室のモニターが映らないです。", "会議室のモニターが映らないです"),
        ("", "Hi team,\nthe printer is offline. Can you help?\nMany thanks, Bob", "the printer is offline."),
        ("印刷\n できません\r\n", "", "印刷 できません"),
        ("ご質問について", "> 前のメール\n> 引用", None),
        ("", "お世話になっております。", None),
        ("印刷", "本文\n-----Original Message-----\nFrom: a@example.jp\n古い質問", "印刷"),
    ],
)
def test_what_was_asked_is_told_from_what_people_write_around_it(title, body, phrasing):
    asked = asked_of(past(title, body))
    assert (asked.phrasing if asked else None) == phrasing
    assert asked is None or "古い質問" not in asked.text


def test_nothing_personal_is_kept():
    inquiry = past(
        "パスワードは Abc12345 です 山田",
        "山田花子です。携帯 090-1234-5678、hanako@example.jp に返信ください。",
        answer="山田様、パスワードを Welcome1 に変更しました。担当: 佐藤",
        people=("山田 花子", "佐藤"),
    )
    asked = asked_of(inquiry)
    kept = f"{asked.phrasing} {asked.text} {asked.answer}"
    for personal in ("Abc12345", "山田", "花子", "090", "hanako", "Welcome1", "佐藤"):
        assert personal not in kept
    assert "パスワードは" in asked.phrasing


def test_the_same_question_in_other_words_is_one_group_and_others_are_apart():
    texts = [
        "プリンタ 紙詰まり",
        "紙詰まり プリンタ 3階",
        "名刺 追加 注文",
        "名刺 注文",
        "プリンタ 紙詰まり 直らない",
        "社員証 再発行",
    ]
    assert groups_of([text.split() for text in texts]) == [[0, 1, 4], [2, 3], [5]]
    assert groups_of([]) == []
    assert groups_of([[], []]) == [[0], [1]]


def test_different_wishes_about_one_system_are_no_single_question():
    wishes = ["遅い 昨日", "ログイン 失敗", "権限 追加", "帳票 印刷", "画面 白い"]
    texts = [f"在庫 照会 {wish} 語{n}".split() for wish in wishes for n in range(8)]
    groups = groups_of(texts)
    assert [len(group) for group in groups] == [8] * 5
    assert groups[0] == list(range(8))


def test_proposals_stand_in_the_order_of_the_time_that_they_took():
    inquiries = [past("名刺を注文したい", minutes=5.0, place=f"A{n}") for n in range(3)]
    inquiries += [past("社員証の再発行", minutes=30.0, place=f"B{n}") for n in range(2)]
    inquiries += [past("VPNにつながりません。助けて", minutes=None, place="C1")]
    found = mined(inquiries)
    assert [(one.count, one.minutes) for one in found.proposals] == [(2, 60.0), (3, 15.0), (1, 15.0)]
    assert found.average == 15.0
    assert found.proposals[0].places == ("B0", "B1")
    assert found.proposals[0].entry is None


def test_what_an_entry_answers_gives_it_phrasings_that_it_lacks():
    found = mined([past("VPN接続エラー"), past("vpn 繋がらないです"), past("ＶＰＮ　繋がらないです")])
    assert [(one.entry.id, one.phrasings) for one in found.proposals] == [("vpn", ("vpn 繋がらないです",))]
    assert mined([past("VPN接続エラー")]).proposals == ()


def test_seldom_questions_are_only_counted():
    found = mined([past("名刺を注文したい"), past("社員証の再発行"), past("社員証の再発行")], least=2)
    assert [one.count for one in found.proposals] == [2]
    assert found.rare == 1
    assert found.average is None


def test_the_answer_given_most_often_is_the_draft():
    inquiries = [
        past("社員証の再発行", answer=answer) for answer in ("", "総務に申請してください。", "完了", "総務に申請してください。")
    ]
    assert mined(inquiries).proposals[0].answer == "総務に申請してください。"


def test_languages_are_kept_apart_and_two_times_give_the_same():
    inquiries = [past("order business cards", place="A1"), past("名刺を注文", place="A2"), past("business cards order", place="A3")]
    assert mined(inquiries) == mined(inquiries)
    assert {(one.lang, one.count) for one in mined(inquiries).proposals} == {("en", 2), ("ja", 1)}


@pytest.mark.timeout(60)
def test_thousands_of_inquiries_are_grouped_in_seconds():
    texts = [[f"語{n % 700}", f"題{n % 701}", "共通"] for n in range(6000)]
    assert sum(map(len, groups_of(texts))) == 6000
