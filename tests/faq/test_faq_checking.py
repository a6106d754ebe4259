"""`tema faq check`, `tema faq list`, and the inquiries that count as judged."""

from datetime import UTC, date, datetime

import pytest

from fixtures_terminal import Terminal
from temanashi.faq.entries import Entry
from temanashi.faq.evaluating.logged import judged_inquiries
from temanashi.faq.inquiries import Inquiry, Offered, Proposal
from temanashi.faq.likeness import alike_entries
from temanashi.people import Actor, People
from temanashi.text import LANGUAGES
from temanashi.workspace.faq_examining import examined_entries
from temanashi.workspace.faq_files import load_entries
from temanashi.workspace.faults import fault_line

FRONT = """---
id: {id}
owner: {owner}
verified_on: 2026-11-01
{more}ja:
  question: {question}
  phrasings: [{phrasings}]
---
{answer}
"""


def text(name, question, *, owner="yamada", more="", phrasings="言い回し", answer="答え"):
    return FRONT.format(id=name, owner=owner, more=more, question=question, phrasings=f"{phrasings}{name}", answer=answer)


def examined(tmp_path, *texts, channels=("desk",)):
    files = {}
    for one in texts:
        name = one.split("id: ")[1].split("\n")[0]
        files[f"faq/pc/{name}.md"] = one
        (tmp_path / "faq/pc").mkdir(parents=True, exist_ok=True)
    faults = []
    people = People.model_validate({"people": {"yamada": {"name": "山田"}}, "groups": {"helpdesk": ["yamada"]}})
    entries = load_entries(files, people=people, languages=("ja",), faults=faults)
    assert not faults
    return examined_entries(entries, root=tmp_path, people=people, channels=channels, today=date(2026, 11, 20))


def keys(faults):
    for fault in faults:
        assert fault.level == "warning"
        assert all("faq." not in fault_line(fault, lang).replace(fault.at.file, "") for lang in LANGUAGES)
    return [(fault.message.key, fault.at.line) for fault in faults]


def test_an_entry_without_a_mistake_has_none(tmp_path):
    (tmp_path / "faq/pc/images").mkdir(parents=True)
    (tmp_path / "faq/pc/images/a b.png").write_bytes(b"x")
    answer = "![x](./images/a%20b.png) [y](https://example.jp) [z](#top) [r](/tema/run) [m](mailto:a@example.jp)"
    answer += "\n\n```\n[n](no.png)\n```"
    for owner in ("yamada", "helpdesk", "group:helpdesk"):
        assert keys(examined(tmp_path, text("a", "質問", owner=owner, more="escalate_to: desk\n", answer=answer))) == []


@pytest.mark.parametrize(
    "target", ["./images/gone.png", "../../pyproject.toml", "other.md", "../mail/x.md#a", "a%00b.png", "images"]
)
def test_a_link_that_leads_nowhere_is_told(tmp_path, target):
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "faq/pc/images").mkdir(parents=True)
    assert keys(examined(tmp_path, text("a", "質問", answer=f"![x]({target})"))) == [("faq.dead-link", 9)]


def test_days_and_people_are_looked_at(tmp_path):
    found = keys(examined(tmp_path, text("a", "質問", owner="yamda", more="valid_until: 2026-11-19\nescalate_to: nobody\n")))
    assert found == [("faq.past", 5), ("faq.unknown-owner", 3), ("faq.unknown-escalation", 6)]
    assert keys(examined(tmp_path, text("a", "質問").replace("2026-11-01", "2026-12-01"))) == [("faq.future", 4)]


def test_the_same_question_in_two_entries_is_told_once(tmp_path):
    one = text("a", "パスワードを忘れました。どうすればいいですか", phrasings="同じ言葉x")
    other = text("b", "ﾊﾟｽﾜｰﾄﾞを忘れました、どうすればいいですか？").replace("言い回しb", "別の言葉")
    near = text("c", "パスワードを忘れた。どうすればいいですか")
    far = text("d", "印刷できません")
    assert [key for key, _ in keys(examined(tmp_path, one, other, far))] == ["faq.same-text"]
    assert [key for key, _ in keys(examined(tmp_path, one, near, far))] == ["faq.near-question"]


def entry(name, question, *phrasings):
    texts = {"ja": {"question": question, "phrasings": phrasings, "answer": "x"}}
    return Entry.model_validate({"id": name, "topic": "t", "owner": "x", "verified_on": "2026-11-01", "texts": texts})


def test_entries_that_differ_are_not_called_alike():
    assert not list(alike_entries([entry("a", "VPN につながりません"), entry("b", "Wi-Fi につながりません"), entry("c", "!?")]))


@pytest.fixture(scope="module")
def terminal(tmp_path_factory):
    made = Terminal(tmp_path_factory.mktemp("check"))
    made.write("runbooks/site/people.yaml", "people: {yamada: {name: 山田}}\n")
    made.runbook("reset", steps=[{"command": ["true"]}])
    offer = "runbook: {id: reset, parameters: {reason: x}}\n"
    made.write("faq/pc/a.md", text("a", "質問", more=offer))
    made.write("faq/pc/b.md", text("b", "別の問い", more="runbook: {id: rest}\n"))
    return made


def test_the_commands_tell_people_and_programs(terminal):
    told = terminal.json("faq", "check")
    assert told["entries"] == ["a", "b"]
    found = {(one["file"], one["message"]["key"], one["close"]) for one in told["faults"]}
    assert {("faq/pc/a.md", "faq.no-parameter", ""), ("faq/pc/b.md", "faq.no-runbook", "reset")} <= found
    assert [row["id"] for row in terminal.json("faq", "list")] == ["a", "b"]
    for lang, word in (("ja", "持ち主 yamada"), ("en", "owner yamada")):
        assert word in terminal.run("--lang", lang, "faq", "list").stdout


def test_a_broken_entry_ends_the_check_with_two(terminal):
    file = terminal.write("faq/pc/broken.md", "---\nid: broken\n")
    try:
        done = terminal.run("--lang", "en", "faq", "check")
    finally:
        file.unlink()
    assert (done.returncode, "faq/pc/broken.md:1" in done.stdout) == (2, True)


def inquiry(question, **more):
    base = {"key": question, "question": question, "lang": "ja", "asker": Actor(name="a"), "channel": "page"}
    told = base | {"asked_at": datetime(2026, 11, 20, tzinfo=UTC), "kind": "answer"} | more
    return Inquiry(**told)


def test_only_what_was_judged_counts():
    entries = {"a": entry("a", "質問", "言い回し")}
    offered = (Offered(entry="a", lang="ja", confidence=0.9),)
    at = datetime(2026, 11, 20, tzinfo=UTC)
    asked = [
        inquiry("解決した", vote="solved", voted_entry="a"),
        inquiry("答えで解決", vote="solved", offered=offered),
        inquiry("候補で解決", kind="candidates", vote="solved", offered=offered),
        inquiry("人が答えた", replied_at=at),
        inquiry("人がエントリーで答えた", replied_at=at, reply_entry="a"),
        inquiry("言い回し", replied_at=at, proposal=Proposal(kind="phrasing", entry="a", state="accepted")),
        inquiry("なくなった", vote="solved", voted_entry="gone"),
        inquiry("まだ"),
        inquiry("だめ", vote="not_solved", voted_entry="a"),
    ]
    judged = {one.text: dict(one.grades) for one in judged_inquiries(asked, entries)}
    assert judged == {"解決した": {"a": 2}, "答えで解決": {"a": 2}, "人が答えた": {}, "人がエントリーで答えた": {"a": 2}}


def test_without_judged_questions_the_evaluation_says_so(terminal):
    assert terminal.json("faq", "evaluate")["overall"]["questions"] == 0
    assert "no question" in terminal.run("--lang", "en", "faq", "evaluate").stdout
