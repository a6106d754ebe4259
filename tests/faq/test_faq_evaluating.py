"""`tema faq evaluate`: figures by hand, files of every sort, and what it says of a bad line."""

import json

import pytest

from fixtures_terminal import Terminal
from temanashi.faq.evaluating.evaluation import evaluated
from temanashi.faq.evaluating.files import BadLines, Judged, read_material
from temanashi.faq.evaluating.measures import Outcome, area_under, measures_of
from temanashi.faq.searching.choosing import plain_maker
from temanashi.faq.searching.search import Search
from temanashi.text import LANGUAGES, explain

ENTRIES = [
    {
        "id": "vpn_1",
        "lang": "ja",
        "question": "VPN につながりません",
        "answer": "再起動します。",
        "phrasings": ["VPN 切れる", "vpnだめ"],
    },
    {"id": "print", "lang": "ja", "question": "印刷できません", "answer": "紙を入れます。", "phrasings": ["プリンターが動かない"]},
    {"id": "mail", "lang": "en", "question": "How do I set up mail?", "answer": "Open it.", "phrasings": ["mail setup"], "more": 1},
]
QUERIES = [
    {"id": "1", "lang": "ja", "text": "VPN 切れる", "split": "dev", "in_scope": True},
    {"id": "2", "lang": "ja", "text": "今日の天気は", "split": "dev", "in_scope": False},
    {"id": "3", "lang": "en", "text": "mail setup", "split": "test", "in_scope": True},
]
RELEVANCE = [
    {"query": "1", "entry": "vpn_1", "grade": 2},
    {"query": "3", "entry": "mail"},
    {"query": "9", "entry": "mail", "grade": 1},
]


def lines(rows):
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


@pytest.fixture
def files(tmp_path):
    def write(entries=None, queries=None, relevance=None):
        paths = [tmp_path / name for name in ("e.jsonl", "q.jsonl", "r.jsonl")]
        for path, raw in zip(paths, ((entries, ENTRIES), (queries, QUERIES), (relevance, RELEVANCE)), strict=True):
            given, usual = raw
            path.write_bytes(lines(usual) if given is None else given)
        return paths

    return write


def outcome(found, grades, confidence=0.5, *, covered=True, answered=False, offered=False):
    return Outcome(Judged("x", "ja", "", covered, grades), tuple(found), confidence, answered, tuple(found[:3]) if offered else ())


def test_figures_are_those_that_a_person_works_out():
    measures = measures_of(
        [
            outcome("abc", {"a": 2}, 0.9, answered=True, offered=True),
            outcome("abc", {"b": 2, "a": 1}, 0.8, answered=True, offered=True),
            outcome("abcdefg", {"f": 2}, 0.3, offered=True),
            outcome("abc", {"c": 1}, 0.2, offered=True),
            outcome("ab", {}, 0.3, covered=False, offered=True),
            outcome("ab", {}, 0.1, covered=False),
        ]
    )
    assert (measures.questions, measures.covered, measures.uncovered) == (6, 4, 2)
    assert measures.mrr == pytest.approx((1 + 1 / 2 + 1 / 6 + 1 / 3) / 4)
    assert (measures.sr_at_1, measures.sr_at_3, measures.sr_at_5) == (0.25, 0.75, 0.75)
    second = (1 + 2 / 1.5849625) / (2 + 1 / 1.5849625)
    assert measures.ndcg_at_10 == pytest.approx((1 + second + 1 / 2.807354922 + 1 / 2) / 4)
    assert measures.refusal_auroc == pytest.approx((2 + 2 + 1.5 + 1) / 8)
    bar = measures.at_bar
    assert (bar.answered_count, bar.answered_right_count, bar.answered_wrong_count) == (2, 1, 1)
    assert (bar.answered, bar.answered_right, bar.answered_wrong) == (2 / 6, 1 / 4, 1 / 6)
    assert (bar.right_offered, bar.refused_of_uncovered, bar.unknown_of_uncovered) == (1 / 4, 1.0, 0.5)


def test_where_there_is_nothing_to_measure_with_there_is_no_figure():
    measures = measures_of([])
    assert (measures.mrr, measures.refusal_auroc, measures.at_bar.answered) == (None, None, None)
    assert area_under([1.0], []) is None


def test_files_are_read_and_measured(files):
    material = read_material(*files())
    assert material.ignored == 1
    ticks = iter([1.0, 1.3])
    evaluation = evaluated(Search.over(material.documents, maker=plain_maker()), material.questions, seconds=lambda: next(ticks))
    assert (evaluation.overall.sr_at_1, evaluation.milliseconds) == (1.0, pytest.approx(100))
    assert set(evaluation.by_language) == {"ja", "en"}
    assert set(evaluation.by_language_and_split) == {"ja/dev", "en/test"}
    assert evaluation.as_json()["by_split"]["dev"]["at_bar"]["refused_of_uncovered"] == 1.0


def test_empty_files_mean_none(files):
    material = read_material(*files(b"", lines(QUERIES), b""))
    assert (material.documents, [one.covered for one in material.questions]) == ([], [True, False, True])
    found = evaluated(Search.over([]), material.questions, seconds=lambda: 0.0)
    assert (found.overall.sr_at_1, found.overall.refusal_auroc, found.method) == (0.0, 0.5, "")
    assert evaluated(Search.over([]), [], seconds=lambda: 0.0).overall.questions == 0


def test_what_a_file_leaves_out_is_worked_out(files):
    queries = lines([{"id": "1", "text": "VPN 切れる"}, {"id": "2", "text": "weather"}])
    entries = "\ufeff".encode() + lines([{"id": "vpn_1", "question": "VPN につながりません"}]).replace(b"\n", b"\r\n\r\n")
    material = read_material(*files(entries, queries, lines(RELEVANCE[:1])))
    assert [(one.lang, one.covered) for one in material.questions] == [("ja", True), ("en", False)]
    assert material.documents[0].lang == "ja"


def test_ids_may_be_numbers_and_null_is_nothing(files):
    entries = lines([{"id": 7, "question": "VPN につながりません", "answer": None, "phrasings": None, "lang": None}])
    queries = lines([{"id": 1, "text": "VPN", "split": None, "in_scope": None}])
    material = read_material(*files(entries, queries, lines([{"query": 1, "entry": 7, "grade": None}])))
    assert (material.documents[0].key, material.questions[0].grades) == ("7", {"7": 2})


BAD = {
    "no JSON": (b'{"id": "a"}\n{"id": ', 2, "not JSON"),
    "no object": (b"[1]\n", 1, "object"),
    "no id": (b'{"question": "x"}\n', 1, "`id`"),
    "a number for a text": (b'{"id": "a", "question": 3}\n', 1, "question"),
    "another language": (b'{"id": "a", "lang": "fr"}\n', 1, "lang"),
    "twice": (b'{"id": "a", "question": "x"}\n\n{"id": "a", "question": "y"}\n', 3, "line 1"),
    "no UTF-8": (b'{"id": "\xff"}\n', 1, "UTF-8"),
    "too deep": (b'{"id": ' + b"[" * 100_000 + b"\n", 1, "not JSON"),
    "phrasings that are one text": (b'{"id": "a", "phrasings": "x"}\n', 1, "phrasings"),
}


@pytest.mark.parametrize(("raw", "line", "word"), BAD.values(), ids=BAD)
def test_a_bad_line_is_told_with_its_number_and_nothing_is_measured(files, raw, line, word):
    with pytest.raises(BadLines) as caught:
        read_material(*files(entries=raw))
    told = {lang: explain(caught.value, lang) for lang in LANGUAGES}
    assert word in told["en"].what
    assert f"{line}" in told["en"].where
    assert all(one.next and "faq." not in one.what for one in told.values())


def test_every_bad_line_is_counted_and_the_first_are_told(files):
    with pytest.raises(BadLines) as caught:
        read_material(*files(entries=b"x\n" * 50))
    assert caught.value.data["count"] == 50
    assert len(caught.value.data["problems"]) == 5


@pytest.fixture(scope="module")
def terminal(tmp_path_factory):
    return Terminal(tmp_path_factory.mktemp("evaluate"))


def words(paths):
    return [word for pair in zip(("--entries", "--queries", "--relevance"), map(str, paths), strict=True) for word in pair]


def test_the_command_answers_people_and_programs(terminal, files):
    paths = files()
    told = terminal.json("faq", "evaluate", *words(paths))
    assert (told["entries"], told["ignored"], told["overall"]["sr_at_1"]) == (3, 1, 1.0)
    for lang, word in (("ja", "見分け"), ("en", "refusing")):
        shown = terminal.run("--lang", lang, "faq", "evaluate", *words(paths), "--plain")
        assert shown.returncode == 0
        assert "fts5" in shown.stdout
        assert word in shown.stdout


def test_the_command_tells_what_is_missing_or_wrong(terminal, files):
    paths = files(queries=b"nonsense")
    wrong = terminal.run("--lang", "en", "faq", "evaluate", *words(paths))
    assert (wrong.returncode, "line 1" in wrong.stderr) == (2, True)
    one = terminal.run("--lang", "en", "faq", "evaluate", "--entries", str(paths[0]))
    assert (one.returncode, "belong together" in one.stderr) == (2, True)
    paths = files()
    gone = terminal.run("--lang", "en", "faq", "evaluate", *words([*paths[:2], "gone.jsonl"]))
    assert gone.returncode == 2
    assert "gone.jsonl" in gone.stderr
