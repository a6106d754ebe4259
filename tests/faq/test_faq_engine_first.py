"""The search without the extra: an answer, candidates, or nothing."""

from datetime import date

import pytest

from temanashi.faq.engine import Engine
from temanashi.faq.entries import Entry
from temanashi.faq.searching.choosing import plain_maker

TODAY = date(2026, 11, 20)


def entry(name, question, phrasings=(), *, lang="ja", answer="答え", **more):
    texts = {lang: {"question": question, "phrasings": phrasings, "answer": answer}}
    given = {"id": name, "topic": "t", "owner": "x", "verified_on": "2026-11-01", "texts": texts} | more
    return Entry.model_validate(given)


ENTRIES = [
    entry("password", "パスワードを忘れました", ("パスワード忘れた", "ログインできない")),
    entry("folder", "共有フォルダーが開けません", ("共有が見えない",)),
    entry("vpn", "How do I connect to the VPN?", ("vpn does not connect",), lang="en"),
    entry("secret", "人事の評価はいつですか", ("評価いつ",), audience=["group:hr"]),
]


def everyone(found):
    return found.for_everyone


@pytest.fixture(scope="module")
def engine():
    return Engine.build(ENTRIES, languages=("ja", "en"), maker=plain_maker())


def ask(engine, text, lang=None, may_see=everyone):
    return engine.ask(text, lang=lang, may_see=may_see, today=TODAY)


def test_a_known_phrasing_is_answered_with_its_entry(engine):
    reply = ask(engine, "ﾊﾟｽﾜｰﾄﾞ忘れた")
    assert reply.kind == "answer"
    assert [hit.entry.id for hit in reply.hits] == ["password"]
    assert reply.index.startswith("sha256:")
    assert reply.method


def test_a_two_letter_word_finds_its_entry(engine):
    assert ask(engine, "共有").hits[0].entry.id == "folder"


def test_an_unknown_question_is_not_answered(engine):
    assert ask(engine, "ルガンスクの通貨は").kind == "unknown"


def test_who_may_not_see_an_entry_never_gets_it(engine):
    assert "secret" not in {hit.entry.id for hit in ask(engine, "人事の評価はいつですか").hits}
    assert ask(engine, "人事の評価はいつですか", may_see=lambda _: True).kind == "answer"
    assert not engine.suggest("人事の評価", lang="ja", may_see=everyone)


def test_an_english_word_on_a_japanese_page_is_found_too(engine):
    assert ask(engine, "VPN", lang="ja").hits[0].entry.id == "vpn"


@pytest.mark.parametrize(
    "text", ["", " ", "\x00", "😀😀", '" OR 1=1 --', "asked:*", "NEAR(a b)", "あ" * 100_000, "{{7*7}}<script>", "ｱｲｳ ABC 漢字"]
)
def test_nothing_that_is_typed_breaks_the_search(engine, text):
    assert ask(engine, text).kind in {"unknown", "candidates", "answer"}
    engine.suggest(text, lang="en", may_see=everyone)


def test_what_is_past_its_day_is_offered_and_not_answered():
    old = Engine.build(
        [entry("a", "社員証をなくしました", ("社員証紛失",), valid_until="2026-11-19")], languages=("ja",), maker=plain_maker()
    )
    assert ask(old, "社員証紛失").kind == "candidates"
