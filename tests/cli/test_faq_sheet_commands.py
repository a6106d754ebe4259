"""`tema faq export` and `tema faq import`: a round trip loses nothing, and what does not fit is told by its cell."""

import json
from datetime import date

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from temanashi.faq.entries import Entry, EntryRunbook, EntryText
from temanashi.faq.sheet_rows import entry_of_rows, rows_of
from temanashi.reports.faq_xlsx import faq_xlsx
from temanashi.workspace.faq_sheet_reading import read_faq_sheet

FILE = "faq/vpn/vpn-slow.md"
ENTRY = """\
---
# この質問の担当は月替わり / the owner changes every month
id: vpn-slow
owner: helpdesk   # 山田さんのチーム
tags: [vpn, remote]
verified_on: 2026-11-01
valid_until: 2027-10-31
runbook: {id: good, parameters: {word: "はい"}}
ja:
  question: VPNが遅い
  phrasings: [vpn おそい, "=cmd|' /C calc'!A0", "@SUM(1)"]
en:
  question: The VPN is slow
  phrasings: [slow vpn]
---

# ja

1. 有線にします。

   ```
   # en
   ```

# en

Use a cable.
"""


@pytest.fixture
def place(tema):
    tema.write(FILE, ENTRY)
    tema.write("faq/vpn/vpn-down.md", ENTRY.replace("vpn-slow", "vpn-down").replace("遅い", "切れる").replace("slow", "down"))
    exported = tema.run("faq", "export", "FAQ.xlsx")
    assert exported.returncode == 0, exported.stderr
    return tema


def took(place, *words, code=0):
    done = place.run("faq", "import", "FAQ.xlsx", "--json", *words)
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout)


def change(place, cells=None, *, more=(), drop=()):
    """Change cells of the sheet by (row, English heading), add rows, drop rows."""
    file = place.root / "FAQ.xlsx"
    book = load_workbook(file)
    sheet = book.worksheets[0]
    columns = {cell.value: cell.column for cell in sheet[1]}
    for (row, heading), value in (cells or {}).items():
        sheet.cell(row, columns[heading]).value = value
    for values in more:
        sheet.append([values.get(heading, "") for heading in columns])
    for row in sorted(drop, reverse=True):
        sheet.delete_rows(row)
    book.save(file)


def test_what_comes_back_unchanged_changes_nothing(place):
    told = took(place)
    assert told == {"written": [], "entries": {"vpn-down": "same", "vpn-slow": "same"}, "flaws": []}
    change(place)  # saved by another program
    assert took(place)["entries"] == {"vpn-down": "same", "vpn-slow": "same"}
    assert (place.root / FILE).read_text() == ENTRY


def test_a_change_in_one_language_keeps_the_other_and_what_the_owner_wrote_around_it(place):
    change(
        place,
        {
            (4, "Phrasings (one a line)"): "vpn おそい\n重い vpn",
            (4, "Valid until"): date(2028, 3, 31),
            (5, "Valid until"): "2028-03-31",
        },
    )
    assert took(place, "--dry-run")["written"] == []
    assert (place.root / FILE).read_text() == ENTRY
    assert took(place)["written"] == [FILE]
    text = (place.root / FILE).read_text()
    assert "# この質問の担当は月替わり" in text
    assert "# 山田さんのチーム" in text
    assert "valid_until: 2028-03-31" in text or "valid_until: '2028-03-31'" in text
    assert "重い vpn" in text
    assert "slow vpn" in text
    assert "   # en\n   ```" in text


NEW = {
    "Topic": "mail",
    "ID": "mail-slow",
    "Language": "ja",
    "Question": "メールが遅い",
    "Phrasings (one a line)": "メール おそい",
    "Answer": "待ちます。",
    "Owner": "helpdesk",
    "Verified on": "2026-11-20",
}


def test_a_new_row_is_a_new_entry(place):
    change(place, more=[NEW])
    told = took(place)
    assert told["entries"]["mail-slow"] == "new"
    assert "メール おそい" in (place.root / "faq/mail/mail-slow.md").read_text()
    assert took(place)["entries"]["mail-slow"] == "same"
    change(place, {(6, "Question"): "メールがおそい"})
    assert took(place, code=1)["flaws"][0]["message"].startswith("There is a question of this ID")


def test_rows_that_are_gone_take_nothing_away(place):
    change(place, drop=[2, 3, 4])
    assert took(place)["entries"] == {"vpn-slow": "same"}
    assert (place.root / "faq/vpn/vpn-down.md").exists()


def test_what_somebody_changed_since_the_export_is_refused(place):
    place.write(FILE, ENTRY.replace("有線に", "LAN に"))
    change(place, {(4, "Question"): "VPNがおそい"})
    told = took(place, code=1)
    assert told["written"] == []
    assert [(flaw["place"], flaw["entry"]) for flaw in told["flaws"]] == [("O4", "vpn-slow")]
    assert "since the export" in told["flaws"][0]["message"]
    (place.root / FILE).unlink()
    assert "deleted since" in took(place, code=1)["flaws"][0]["message"]


BAD = {
    "no ID": ({**NEW, "ID": ""}, "B6", "no ID"),
    "a path as ID": ({**NEW, "ID": "../../x"}, "B6", ""),
    "a path as topic": ({**NEW, "Topic": "../x"}, "A6", ""),
    "a language": ({**NEW, "Language": "fr"}, "C6", "`fr`"),
    "no question": ({**NEW, "Question": ""}, "D6", ""),
    "no answer": ({**NEW, "Answer": ""}, "F6", ""),
    "a date": ({**NEW, "Verified on": "someday"}, "K6", ""),
    "JSON": ({**NEW, "Runbook": "good", "Inputs of the runbook (JSON)": "{x"}, "N6", "not JSON"),
    "JSON that is no object": ({**NEW, "Runbook": "good", "Inputs of the runbook (JSON)": "[1]"}, "N6", ""),
    "an ID that is taken": ({**NEW, "Topic": "vpn", "ID": "vpn-slow"}, "", ""),
    "people that there are not": ({**NEW, "Audience (one a line)": "group:nobody"}, "B6", ""),
    "a version of nothing": ({**NEW, "Version (do not change)": "0123"}, "O6", "deleted"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_row_that_is_wrong_is_told_by_its_cell_and_nothing_is_written(place, case):
    row, cell, said = BAD[case]
    change(place, {(2, "Question"): "VPNが切れます"}, more=[row])
    told = took(place, code=1)
    assert told["written"] == []
    flaw = told["flaws"][0]
    assert flaw["place"].startswith(cell)
    assert said in flaw["message"]
    assert not list(place.root.rglob("x.md"))
    assert "faq/vpn/vpn-down.md" in took(place, "--skip-bad", code=1)["written"]


def test_rows_of_one_entry_that_disagree_or_come_twice_are_told(place):
    change(place, {(3, "Owner"): "somebody"}, more=[{**NEW}, {**NEW}])
    messages = [flaw["message"] for flaw in took(place, code=1)["flaws"]]
    assert "differs from row 2" in messages[0]
    assert "Row 6" in messages[1]


def test_the_topic_of_an_entry_is_not_changed_by_the_sheet(place):
    change(place, {(4, "Topic"): "remote", (5, "Topic"): "remote"})
    assert "(it is vpn)" in took(place, code=1)["flaws"][0]["message"]


def test_a_file_that_cannot_be_read_is_not_written_over(place):
    change(place, more=[NEW])
    place.write("faq/mail/mail-slow.md", "no front matter")
    assert "cannot be read" in took(place, code=1)["flaws"][0]["message"]
    assert (place.root / "faq/mail/mail-slow.md").read_text() == "no front matter"


def test_nothing_in_the_file_is_a_formula_and_formulas_that_were_never_computed_are_refused(place):
    book = load_workbook(place.root / "FAQ.xlsx")
    assert {cell.data_type for row in book.worksheets[0].iter_rows() for cell in row} <= {"s", "n"}
    change(place, {(2, "Question"): "=1+1"})
    flaws = took(place, code=1)["flaws"]
    assert [(flaw["place"], flaw["entry"]) for flaw in flaws] == [("D2", "vpn-down")]


def test_a_japanese_sheet_is_taken_in_an_english_terminal(place):
    place.run("faq", "export", "FAQ.xlsx", "--force", env={"TEMA_LANG": "ja"})
    assert load_workbook(place.root / "FAQ.xlsx").worksheets[0]["D1"].value == "質問"
    assert took(place)["entries"] == {"vpn-down": "same", "vpn-slow": "same"}


def test_a_person_reads_what_happened(place):
    change(place, {(4, "Question"): "VPNがおそい"}, more=[{**NEW, "ID": ""}])
    done = place.run("faq", "import", "FAQ.xlsx", env={"TEMA_LANG": "ja"})
    assert done.stdout.startswith("取り込めない質問が 1 件あるため、何も書いていません")
    assert "--skip-bad" in done.stderr
    assert place.run("faq", "import", "FAQ.xlsx", "--dry-run").stdout.startswith(
        "Would take: 0 new, 1 changed, 1 as before, 1 left out"
    )
    done = place.run("faq", "import", "FAQ.xlsx", "--skip-bad")
    assert "changed  vpn-slow" in done.stdout
    assert "tema publish" in done.stderr


def test_files_that_are_in_the_way_or_no_sheet_are_refused(place):
    again = place.run("faq", "export", "FAQ.xlsx")
    assert again.returncode == 2
    assert "FAQ.xlsx" in again.stderr
    assert place.run("faq", "import", "nowhere.xlsx").returncode == 2
    (place.root / "x.xlsx").write_bytes(b"PK\x03\x04")
    assert place.run("faq", "import", "x.xlsx").returncode == 2
    book = xlsxwriter.Workbook(place.root / "y.xlsx")
    book.add_worksheet().write_row(0, 0, ["ID", "Question"])
    book.close()
    done = place.run("faq", "import", "y.xlsx")
    assert done.returncode == 2
    assert "Columns missed: Topic" in done.stderr


LINE = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=30).filter(str.strip)
ANSWER = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")) | st.just("\n"), min_size=1, max_size=80
).filter(str.strip)
TEXT = st.builds(EntryText, question=LINE, phrasings=st.lists(LINE, max_size=4).map(tuple), answer=ANSWER)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ja=TEXT, en=TEXT)
def test_any_text_comes_back_as_it_was(tmp_path, ja, en):
    entry = Entry(id="a", topic="b", owner="c", verified_on=date(2026, 1, 2), texts={"ja": ja, "en": en})
    assert round_trip(tmp_path, entry) == entry


def test_what_reads_like_an_escape_of_excel_comes_back_as_it_was(tmp_path):
    text = EntryText(question="_x0041_ _x000D_", phrasings=("'quoted", "+1", "=1"), answer="a_x000a_b\n\n\tc")
    entry = Entry(id="a", topic="b", owner="c", verified_on=date(2026, 1, 2), texts={"en": text})
    assert round_trip(tmp_path, entry) == entry


def round_trip(tmp_path, entry):
    file = tmp_path / "FAQ.xlsx"
    file.write_bytes(faq_xlsx([entry], "ja"))
    rows = read_faq_sheet(file).rows
    return Entry.model_validate(entry_of_rows({row.values["lang"]: row.values for row in rows}, now=None))


def test_what_is_longer_than_a_cell_goes_on_in_the_next_column(tmp_path):
    long = "長い答え。" * 20_000
    text = EntryText(question="q", phrasings=tuple(f"{n} " + "あ" * 400 for n in range(200)), answer=long)
    runbook = EntryRunbook(id="good", parameters={"n": 1, "on": True, "list": ["a"]})
    entry = Entry(id="a", topic="b", owner="c", tags=("x, y",), verified_on=date(2026, 1, 2), runbook=runbook, texts={"en": text})
    assert round_trip(tmp_path, entry) == entry
    assert len(rows_of([entry])) == 1
