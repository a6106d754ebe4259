"""The good search: fused rankings and a confidence learned from the entries alone."""

import json
import threading
from datetime import date

import numpy as np
import pytest

from temanashi.faq.engine import Engine, index_name
from temanashi.faq.entries import Entry
from temanashi.faq.searching.calibrating import calibrated
from temanashi.faq.searching.choosing import chosen_maker
from temanashi.faq.searching.cutting import Numbered, cut_document
from temanashi.faq.searching.documents import Document
from temanashi.faq.searching.search import Search
from temanashi.faq.searching.sureness import Sureness
from temanashi.faq.searching.usual import USUAL, USUAL_BARS
from temanashi.faq.searching.words import Cutter, character_pairs

THINGS = ["パスワード", "プリンター", "共有フォルダー", "会議室", "社員証", "携帯電話", "モニター", "名刺", "経費", "有給休暇"]
THINGS += ["駐車場", "健康診断", "議事録", "郵便", "備品"]
DEEDS = {
    "lost": ("をなくしました", "紛失", "が見つからない", "なくした"),
    "broken": ("が壊れました", "故障", "が動かない", "の調子が悪い"),
}


def entry(name, question, phrasings=(), **more):
    texts = {"ja": {"question": question, "phrasings": phrasings, "answer": f"{question}。窓口へ連絡してください。"}}
    return Entry.model_validate({"id": name, "topic": "t", "owner": "x", "verified_on": "2026-11-01", "texts": texts} | more)


ENTRIES = [
    entry(f"{deed}-{number}", f"{thing}{words[0]}", [f"{thing}{word}" for word in words[1:]] + [f"{thing} {words[0][1:3]} 困る"])
    for number, thing in enumerate(THINGS)
    for deed, words in DEEDS.items()
]


@pytest.fixture(scope="module")
def engine():
    return Engine.build(ENTRIES, languages=("ja", "en"))


def ask(engine, text, **more):
    return engine.ask(text, **{"lang": None, "may_see": lambda _: True, "today": date(2026, 11, 20)} | more)


def test_the_words_of_a_question_come_in_their_normal_form():
    cutter = Cutter()
    assert cutter.words("ﾌﾟﾘﾝﾀで印刷出来ない") == cutter.words("プリンターで印刷できません")
    assert cutter.words("Printers are jammed") == ["printer", "are", "jam"]
    assert cutter.words("Printers がつながらない")[0] == "printer"
    assert cutter.words("あ" * 100_000)
    assert cutter.words("") == cutter.words("。😀") == []


def test_characters_find_what_is_typed_in_another_kana():
    assert set(character_pairs("ぱすわーど")) == set(character_pairs("パスワード"))
    assert " vp" in character_pairs("VPN")


def test_a_phrasing_is_answered_and_a_stranger_is_not(engine):
    reply = ask(engine, "社員証 紛失")
    assert (reply.kind, reply.hits[0].entry.id, reply.method) == ("answer", "lost-4", "fused")
    assert reply.confidence > 0.9
    assert ask(engine, "ルガンスク人民共和国の通貨は").kind == "unknown"
    near = ask(engine, "社員証をなくしてしまいました")
    assert near.kind != "unknown"
    assert near.hits[0].entry.id == "lost-4"
    assert ask(engine, "How tall is the tower?").kind == "unknown"


def test_a_question_between_two_entries_gets_candidates(engine):
    reply = ask(engine, "プリンター")
    assert reply.kind != "answer"
    assert {hit.entry.id for hit in engine.suggest("プリンター", lang="ja", may_see=lambda _: True)} >= {"lost-1", "broken-1"}


def test_the_same_entries_give_the_same_answers_in_any_order(engine):
    again = Engine.build(list(reversed(ENTRIES)), languages=("ja", "en"))
    assert again.index == engine.index
    for text in ("印刷できない", "名刺なくした", "モニター 故障 困る"):
        assert ask(again, text) == ask(engine, text)


def test_what_may_not_be_seen_changes_nothing_that_is_told(engine):
    hidden = [one for one in ENTRIES if one.id != "lost-0"]
    reply = ask(engine, "パスワードをなくしました", may_see=lambda one: one.id != "lost-0")
    assert "lost-0" not in {hit.entry.id for hit in reply.hits}
    assert ask(engine.serving(hidden), "パスワードをなくしました").hits == reply.hits


def test_an_entry_without_phrasings_is_offered_and_never_answered():
    engine = Engine.build([*ENTRIES, entry("parking", "来客用の駐車券はどこでもらえますか")], languages=("ja",))
    reply = ask(engine, "来客用の駐車券はどこでもらえますか")
    assert (reply.kind, reply.hits[0].entry.id) == ("candidates", "parking")


def test_a_question_that_two_entries_ask_word_for_word_is_not_settled_by_that():
    two = [entry("one", "印鑑をなくした", ["困った"]), entry("two", "印鑑をなくした", ["困りました"])]
    assert ask(Engine.build(two, languages=("ja",)), "印鑑をなくした").confidence < 0.99


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\x00",
        "😀😀",
        "\ud800",
        '" OR 1=1 --',
        "あ" * 100_000,
        "x " * 50_000,
        "{{7*7}}<script>",
        "ﾊﾟｽ password 忘れ",
        "ー",
        "々",
    ],
)
def test_nothing_that_is_typed_breaks_it(engine, text):
    assert ask(engine, text).kind in {"answer", "candidates", "unknown"}


def test_no_entries_at_all_know_nothing():
    engine = Engine.build([], languages=("ja", "en"))
    assert ask(engine, "パスワード").kind == "unknown"
    assert engine.suggest("パスワード", lang=None, may_see=lambda _: True) == ()


def test_entries_of_signs_only_know_nothing():
    engine = Engine.build([entry("signs", "!?", ["…", "。"])], languages=("ja",))
    assert ask(engine, "パスワード").kind == "unknown"


def test_several_threads_may_ask_at_once(engine):
    wanted, found = ask(engine, "名刺 紛失"), []
    threads = [threading.Thread(target=lambda: found.extend(ask(engine, "名刺 紛失") for _ in range(20))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 160
    assert all(one == wanted for one in found)


def test_few_examples_are_not_learned_from():
    documents = Numbered.of([cut_document(Document("a", "ja", "印鑑", ("はんこ",), "x"), Cutter().words)])
    calibration = calibrated(documents, ["a"])
    assert (calibration.sureness, calibration.bars) == (USUAL, USUAL_BARS)


def test_a_signal_never_counts_against_what_it_speaks_for():
    rng = np.random.default_rng(1)
    right = (rng.random(400) < 0.5).astype(float)
    signals = np.column_stack([right + rng.normal(0, 0.5, 400), -right + rng.normal(0, 0.5, 400), np.ones(400)])
    model = Sureness.learned(signals, right, np.ones(400))
    assert model.weights[0] > 0
    assert model.weights[1] == model.weights[2] == 0
    assert model.of(np.array([[1.0, 0, 1]]))[0] > 0.5 > model.of(np.array([[0.0, 0, 1]]))[0]


def test_a_kept_index_answers_as_the_one_that_was_built(engine, tmp_path):
    file = tmp_path / "faq" / "index.json"
    first = Engine.build(ENTRIES, languages=("ja", "en"), file=file)
    assert first.problem is None
    before = file.read_bytes()
    again = Engine.build(ENTRIES, languages=("ja", "en"), file=file)
    assert ask(again, "会議室 故障") == ask(first, "会議室 故障") == ask(engine, "会議室 故障")
    assert (again.problem, file.read_bytes()) == (None, before)


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[" * 100_000,
        b"{}",
        b'{"digest": "x", "content": {}}',
        lambda raw: raw.replace("会議".encode(), "会計".encode()),
        lambda raw: raw[: len(raw) // 2],
    ],
    ids=["empty", "cut", "no text", "deep", "nothing", "wrong digest", "changed", "half"],
)
def test_a_damaged_index_is_built_anew_and_told(tmp_path, damage):
    file = tmp_path / "index.json"
    Engine.build(ENTRIES[:4], languages=("ja",), file=file)
    good = file.read_bytes()
    file.write_bytes(damage(good) if callable(damage) else damage)
    if file.read_bytes() == good:  # these four entries have no such word
        file.write_bytes(good.replace(b"words", b"sword"))
    engine = Engine.build(ENTRIES[:4], languages=("ja",), file=file)
    assert engine.problem.key == "faq.index-damaged"
    assert file.read_bytes() == good
    assert Engine.build(ENTRIES[:4], languages=("ja",), file=file).problem is None


def test_an_index_of_other_entries_or_of_another_program_is_replaced_without_a_word(tmp_path):
    file = tmp_path / "index.json"
    Engine.build(ENTRIES[:4], languages=("ja",), file=file)
    engine = Engine.build(ENTRIES[:6], languages=("ja",), file=file)
    assert engine.problem is None
    assert json.loads(file.read_text())["content"]["index"] == engine.index == index_name(ENTRIES[:6])


def test_where_no_index_can_be_kept_it_is_told_and_answers(tmp_path):
    (tmp_path / "faq").write_text("in the way")
    engine = Engine.build(ENTRIES[:4], languages=("ja",), file=tmp_path / "faq" / "index.json")
    assert engine.problem.key in {"faq.index-unwritable", "faq.index-unreadable"}
    assert ask(engine, "パスワード 紛失").kind == "answer"


def test_a_search_in_one_language_finds_for_the_reader_of_another():
    documents = [Document("vpn", "en", "How do I use the VPN?", ("vpn",), "x"), Document("印", "ja", "印鑑", ("はんこ",), "x")]
    search = Search.over(documents, maker=chosen_maker())
    found = search.search("VPN", lang="ja", may_show=lambda _: True, limit=3)
    assert (found.lang, found.found[0].document.key) == ("en", "vpn")
