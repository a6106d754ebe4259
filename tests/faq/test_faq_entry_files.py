"""Entries as files: reading, writing, and every mistake with its line."""

from datetime import date

import pytest

from temanashi.faq.writing import entry_path, entry_text
from temanashi.people import People
from temanashi.text import LANGUAGES
from temanashi.workspace.faq_files import load_entries, read_entry
from temanashi.workspace.faults import errors_among, fault_line

FILE = "faq/pc/reset-pc-password.md"
TEXT = """---
id: reset-pc-password
owner: helpdesk
tags: [password, pc]
verified_on: 2026-11-01
valid_until: 2027-10-31
escalate_to: helpdesk
runbook: {id: reset-linux-password, parameters: {reason: forgotten}}
ja:
  question: PC のパスワードを忘れました。どうすればいいですか
  phrasings: [パスワード忘れた, ログインできない PC]
en:
  question: I forgot the password of my PC. What should I do?
  phrasings: [forgot my password, cannot log in]
---

# ja

1. 電話してください。

```
# en
```

# en

Call us.
"""


def load(texts, people=None, languages=("ja", "en")):
    faults = []
    return load_entries(texts, people=people or People(), languages=languages, faults=faults), faults


def lines(faults, lang="en"):
    return [fault_line(fault, lang) for fault in faults]


def test_an_entry_is_read_with_its_answers_in_both_languages():
    entries, faults = load({FILE: TEXT})
    assert not faults
    entry = entries["reset-pc-password"].entry
    assert (entry.topic, entry.owner, entry.audience, entry.verified_on) == ("pc", "helpdesk", ("everyone",), date(2026, 11, 1))
    assert entry.texts["ja"].answer.startswith("1. 電話")
    assert "# en" in entry.texts["ja"].answer
    assert entry.texts["en"].answer == "Call us."
    assert entry.runbook.parameters == {"reason": "forgotten"}
    assert entry.for_everyone
    assert entry.text("en")[0] == "en"


def test_what_is_written_is_read_again_as_the_same_entry():
    entry = load({FILE: TEXT})[0]["reset-pc-password"].entry
    text = entry_text(entry)
    again, faults = load({entry_path(entry): text})
    assert not faults
    assert again["reset-pc-password"].entry.digest == entry.digest
    assert entry_text(again["reset-pc-password"].entry) == text


@pytest.mark.parametrize(
    "hostile", ["# en\n\nx", "---\n# ja", "{{ 7*7 }} <script>alert(1)</script>", "a\n\n---\n\nb", "1: x", "```\n# en"]
)
def test_an_answer_with_signs_of_the_format_stays_one_answer(hostile):
    entry = load({FILE: TEXT})[0]["reset-pc-password"].entry
    words = entry.texts["ja"].model_copy(update={"answer": hostile, "question": "- '#: [x", "phrasings": ("---", "null", "1")})
    changed = entry.model_copy(update={"texts": {"ja": words, "en": entry.texts["en"]}})
    again, faults = load({FILE: entry_text(changed)})
    assert not faults
    assert again["reset-pc-password"].entry.texts["ja"].question == "- '#: [x"
    assert again["reset-pc-password"].entry.texts["ja"].phrasings == ("---", "null", "1")
    assert again["reset-pc-password"].entry.texts["en"].answer == "Call us."


def test_with_one_language_no_heading_is_needed():
    text = "---\nid: a\nowner: x\nverified_on: 2026-11-01\nen:\n  question: What?\n  phrasings: [why]\n---\nThis.\n"
    entries, faults = load({"faq/t/a.md": text}, languages=("en",))
    assert not faults
    assert entries["a"].entry.texts["en"].answer == "This."


BROKEN = {
    "empty": ("", 1, "empty"),
    "no front matter": ("# ja\n\nanswer", 1, "first line"),
    "front matter without an end": ("---\nid: a\n\n# ja\n", 1, "no end"),
    "front matter that is no mapping": ("---\n- a\n---\n\nx", 2, "mapping"),
    "front matter that is no YAML": ("---\nid: [a\nowner: x\n---\nx", 0, ""),
    "an unknown key": (TEXT.replace("tags:", "tgas:"), 4, "tags"),
    "an unknown key of a language": (
        TEXT.replace("  phrasings: [p", "  x\n  phrasings: [p").replace("en:\n  question", "en:\n  qestion"),
        13,
        "",
    ),
    "a bad id": (TEXT.replace("id: reset-pc-password", "id: Reset PC"), 2, "id"),
    "a number for a day": (TEXT.replace("2026-11-01", "20261101"), 5, "20261101"),
    "no such day": (TEXT.replace("2026-11-01", "2026-11-31"), 5, "verified_on"),
    "days in the wrong order": (TEXT.replace("2027-10-31", "2025-10-31"), 0, "valid_until"),
    "no owner": (TEXT.replace("owner: helpdesk\n", ""), 0, "owner"),
    "no question": (TEXT.replace("question: I forgot the password of my PC. What should I do?", "question: ''"), 13, "question"),
    "a phrasing that is a number": (TEXT.replace("[forgot my password,", "[404,"), 14, "text"),
    "no language": ("---\nid: a\nowner: x\nverified_on: 2026-11-01\n---\n# ja\n\nx", 1, "neither"),
    "no answer": (TEXT.replace("Call us.", ""), 25, "missing"),
    "an answer without a question": (
        TEXT.replace(
            "en:\n  question: I forgot the password of my PC. What should I do?\n"
            "  phrasings: [forgot my password, cannot log in]\n",
            "",
        ),
        22,
        "no question",
    ),
    "a text before the languages": (TEXT.replace("# ja\n", "who\n\n# ja\n"), 16, "clear"),
    "a language twice": (TEXT + "\n# ja\n\nagain\n", 29, "twice"),
    "a tag of YAML": (TEXT.replace("owner: helpdesk", "owner: !!python/object:os.system x"), 3, ""),
    "a bomb of aliases": (
        "---\na: &a [x,x,x,x,x,x,x,x,x]\n"
        + "\n".join(f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]" for n in range(8))
        + "\n---\nx",
        0,
        "",
    ),
    "a runbook without an id": (TEXT.replace("id: reset-linux-password, ", ""), 8, "id"),
    "nobody as audience": (TEXT.replace("owner: helpdesk", "owner: helpdesk\naudience: []"), 4, "audience"),
    "an audience that nobody is": (TEXT.replace("owner: helpdesk", "owner: helpdesk\naudience: [group:hr]"), 4, "group:hr"),
    "another name than its file": (TEXT.replace("id: reset-pc-password", "id: reset-password"), 2, "differ"),
}


@pytest.mark.parametrize(("text", "line", "word"), BROKEN.values(), ids=BROKEN)
def test_a_broken_file_disables_itself_and_tells_line_and_reason(text, line, word):
    good = TEXT.replace("reset-pc-password", "other")
    entries, faults = load({FILE: text, "faq/pc/other.md": good})
    assert set(entries) == {"other"}
    wrong = errors_among(faults)
    assert wrong
    assert all(fault.at.file == FILE for fault in wrong)
    assert any(word in told for told in lines(wrong)), lines(wrong)
    assert not line or line in {fault.at.line for fault in wrong}, lines(wrong)
    for lang in LANGUAGES:
        assert all("faq." not in told.replace(FILE, "") for told in lines(wrong, lang))


def test_two_entries_with_one_id_are_both_left_out():
    entries, faults = load({FILE: TEXT, "faq/mail/reset-pc-password.md": TEXT})
    assert not entries
    assert {fault.at.file for fault in faults} == {FILE, "faq/mail/reset-pc-password.md"}


def test_a_file_at_another_depth_is_told():
    entries, faults = load({"faq/readme.md": "x", "faq/a/b/c.md": TEXT})
    assert not entries
    assert len(faults) == 2
    assert "faq/<topic>/<id>.md" in lines(faults)[0]


def test_missing_languages_and_phrasings_are_told_and_disable_nothing():
    text = TEXT.replace("  phrasings: [forgot my password, cannot log in]\n", "")
    entries, faults = load({FILE: text})
    assert set(entries) == {"reset-pc-password"}
    assert [(f.level, f.at.line) for f in faults] == [("warning", 12)]
    alone = "---\nid: a\nowner: x\nverified_on: 2026-11-01\nen:\n  question: What?\n  phrasings: [why]\n---\nThis.\n"
    entries, faults = load({"faq/t/a.md": alone})
    assert set(entries) == {"a"}
    assert "ja" in lines(faults)[0]


def test_reading_never_fails_on_pieces_of_a_file():
    for cut in range(0, len(TEXT), 3):
        for piece in (TEXT[:cut], TEXT[cut:], TEXT[:cut] + TEXT[cut + 5 :]):
            faults = []
            assert (read_entry(FILE, piece, faults) is None) == bool(faults)
