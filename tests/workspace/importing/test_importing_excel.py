"""Procedures kept in Excel become drafts of manual runbooks, and what was not understood is said with its cell."""

import zipfile
from datetime import time, timedelta

import pytest
from openpyxl.styles import Font

from temanashi.runbooks.kinds import step_kinds
from temanashi.runbooks.parsing import parse_runbook
from temanashi.text import explain
from temanashi.workspace.importing.excel import NoSteps, draft_from_excel
from temanashi.workspace.importing.workbook import BadWorkbook, OldWorkbook, WorkbookTooLarge

BOTH = ("ja", "en")
HEAD = ["No", "作業内容", "担当", "確認者", "所要時間（分）", "備考", "コマンド"]


def draft(file, **how):
    return draft_from_excel(file, languages=("ja",), **how)


def texts(made):
    return [step["manual"]["text"] for step in made.data["steps"]]


def ids(made):
    return [step["id"] for step in made.data["steps"]]


def told(made, *kinds):
    return [(f.kind, f.place, f.message.text("ja")) for f in made.findings if f.kind in (kinds or ("left", "changed"))]


def test_a_table_with_a_header_becomes_steps_with_minutes_and_notes(book):
    book.sheet(
        "月次処理",
        [
            ["月次バックアップ手順書"],
            [],
            HEAD,
            [1, "管理画面を開く", "佐藤", "鈴木", 5, "社内から", None],
            [2, "ログを確認する", "佐藤", None, 10, None, "tail -n 100 /var/log/backup.log"],
        ],
    )
    made = draft(book.save())
    assert made.data["title"] == "月次バックアップ手順書"
    assert made.data["id"] == "procedure"
    assert made.data["owner"] == "佐藤"
    assert ids(made) == ["step-1", "step-2"]
    assert [step["manual"]["minutes"] for step in made.data["steps"]] == [5, 10]
    assert made.data["toil"] == {"demand": "request", "minutes": 15}
    assert [step["manual"].get("confirm") for step in made.data["steps"]] == [True, None]
    first, second = texts(made)
    assert "確認者: 鈴木" in first
    assert first.splitlines()[0] == "管理画面を開く"
    assert "備考: 社内から" in first
    assert "コマンド: tail -n 100 /var/log/backup.log" in second
    assert made.complete
    assert parse_runbook(made.data, kinds=step_kinds()).steps[1].kind == "manual"


def test_english_headings_and_a_workspace_of_two_languages(book):
    book.sheet("Sheet1", [["No.", "Step", "Owner", "Time [min]", "Notes"], [1, "Open the console", "ops", 3, "twice"]])
    made = draft_from_excel(book.save("month-end close.xlsx"), languages=BOTH)
    assert made.data["id"] == "month-end-close"
    assert made.data["title"] == {"ja": "month-end close", "en": "month-end close"}
    assert made.data["steps"][0]["manual"]["text"]["en"].splitlines()[0] == "Open the console"
    assert made.data["description"]["en"] != made.data["description"]["ja"]
    assert [f.message.key for f in made.findings if f.kind == "noted"] == ["imports.one-language", "imports.demand"]


def test_what_a_person_gives_wins_over_what_the_file_says(book):
    book.sheet("S", [HEAD, [1, "見る"]])
    made = draft(book.save(), name="own-id", title="題", category="maintenance")
    assert (made.data["id"], made.data["title"], made.file) == ("own-id", "題", "runbooks/maintenance/own-id.yaml")


def test_merged_cells_and_rows_without_a_number_belong_to_the_step_above(book):
    book.sheet(
        "S",
        [
            ["No", "項目", "作業内容", "担当", "所要時間", "コマンド"],
            [1, "停止", "サービスを止める", "田中", "10分", "systemctl stop a"],
            [None, None, None, None, None, "systemctl stop b"],
            [None, None, "止まったことを確かめる", None, "5分", None],
            [2, None, "起動する", None, "1時間30分", None],
        ],
        merge=["A2:A3", "C2:C3", "B2:B5", "D2:D5"],
    )
    made = draft(book.save())
    assert ids(made) == ["step-1", "step-2"]
    first, second = texts(made)
    assert first.splitlines()[:2] == ["サービスを止める", "止まったことを確かめる"]
    assert "コマンド: systemctl stop a" in first
    assert "コマンド: systemctl stop b" in first
    assert "担当: 田中" in second
    assert [step["manual"]["minutes"] for step in made.data["steps"]] == [15, 90]
    assert made.data["steps"][1]["title"] == "停止"


def test_rows_without_any_number_are_each_a_step(book):
    book.sheet("S", [["手順", "備考"], ["開く", None], ["閉じる", "必ず"]])
    made = draft(book.save())
    assert [text.splitlines()[0] for text in texts(made)] == ["開く", "閉じる"]
    assert ids(made) == ["step-1", "step-2"]


def test_sections_repeated_headers_totals_and_the_end_mark_are_no_steps(book):
    book.sheet(
        "S",
        [
            ["No", "作業内容", "所要時間(分)"],
            ["1. 事前準備", None, None],
            ["1-1", "計画を開く", 3],
            ["No", "作業内容", "所要時間(分)"],
            ["2. 本番"],
            ["2-1", "実行する", 4],
            [None, "合計", 7],
            [None, "以上", None],
        ],
        merge=["A2:C2"],
    )
    made = draft(book.save())
    assert ids(made) == ["step-1-1", "step-2-1"]
    assert [step["title"] for step in made.data["steps"]] == ["1. 事前準備 / 計画を開く", "2. 本番 / 実行する"]
    assert made.data["toil"]["minutes"] == 7
    assert [finding[1] for finding in told(made, "noted")][:1] == ["S!B7"]


def test_a_header_of_two_rows_is_read_from_below(book):
    book.sheet(
        "S",
        [
            ["No", "作業内容", "時間", None, "担当"],
            [None, None, "予定", "実績", None],
            [1, "開く", 5, 8, "佐藤"],
        ],
        merge=["A1:A2", "B1:B2", "C1:D1", "E1:E2"],
    )
    made = draft(book.save())
    assert made.data["steps"][0]["manual"]["minutes"] == 5
    assert told(made, "noted")[0][1] == "S!D3"


def test_the_column_tejun_beside_sagyo_naiyo_holds_numbers_or_titles(book):
    book.sheet("S", [["手順", "作業内容"], ["①", "画面を開いてログインする"], ["②", "閉じる"]])
    assert [text.splitlines()[0] for text in texts(draft(book.save()))] == ["画面を開いてログインする", "閉じる"]
    book.sheet("T", [["手順", "作業内容"], ["開始", "画面を開いてログインする"]])
    assert draft(book.save()).data["steps"][2]["title"] == "T / 開始"


def test_every_visible_sheet_is_read_and_others_are_told(book):
    book.sheet("表紙", [["作成日", "2026-04-01"]])
    book.sheet("前半", [HEAD, [1, "一"]])
    book.sheet("後半", [HEAD, [1, "二"]])
    book.sheet("旧", [HEAD, [1, "三"]]).sheet_state = "hidden"
    made = draft(book.save())
    assert [step["title"] for step in made.data["steps"]] == ["前半 / 一", "後半 / 二"]
    assert ids(made) == ["step-1", "step-2"]
    assert [(kind, place) for kind, place, _ in told(made)] == [("left", "旧"), ("left", "表紙")]
    assert not made.complete


def test_what_is_not_understood_is_told_with_sheet_and_cell_and_kept_in_the_text(book):
    sheet = book.sheet(
        "S",
        [
            ["改訂", "1.2版"],
            ["No", "作業内容", "所要時間", "影響範囲", None],
            [1, "止める", "半日", "全社", "外の欄"],
            [2, "古い手順", 5, None, None],
            [3, "待つ", "5～10分", None, None],
        ],
    )
    sheet["B4"].font = Font(strike=True)
    made = draft(book.save())
    assert [(kind, place) for kind, place, _ in told(made)] == [
        ("left", "S!B1"),
        ("left", "S!B4"),
        ("left", "S!C3"),
        ("left", "S!D3"),
        ("left", "S!E3"),
        ("changed", "S!C5"),
    ]
    assert "影響範囲: 全社" in texts(made)[0]
    assert "外の欄" in texts(made)[0]
    assert [step["id"] for step in made.data["steps"]] == ["step-1", "step-3"]
    assert made.data["steps"][1]["manual"]["minutes"] == 10


def test_hidden_rows_are_left_out_and_told(book):
    sheet = book.sheet("S", [HEAD, [1, "一"], [2, "二"], [3, "三"]])
    sheet.row_dimensions[3].hidden = True
    made = draft(book.save())
    assert ids(made) == ["step-1", "step-3"]
    assert "3" in told(made)[0][2]


def test_a_formula_is_read_as_it_was_saved_and_never_computed(book):
    sheet = book.sheet("S", [HEAD, [1, "計算する"]])
    sheet["E2"] = "=10+5"
    made = draft(book.save())
    assert "minutes" not in made.data["steps"][0]["manual"]
    assert ("left", "S!E2") in [(kind, place) for kind, place, _ in told(made)]


@pytest.mark.parametrize(
    ("heading", "value", "minutes"),
    [
        ("所要時間（分）", 12, 12),
        ("所要時間(時間)", 1.5, 90),
        ("所要時間（秒）", 90, 1.5),
        ("時間", "１０分", 10),
        ("時間", "約15分", 15),
        ("時間", "15分程度", 15),
        ("時間", "2時間", 120),
        ("時間", "1時間半", 90),
        ("時間", "1h30m", 90),
        ("時間", "0:45", 45),
        ("時間", "30", 30),
        ("時間", "30秒", 0.5),
        ("Duration", "20 minutes", 20),
        ("Duration", "2 hours", 120),
        ("時間", time(0, 20), 20),
        ("時間", timedelta(minutes=25), 25),
        ("時間", "-", None),
        ("時間", "なし", None),
    ],
)
def test_minutes_as_people_write_them(book, heading, value, minutes):
    book.sheet("S", [["No", "作業内容", heading], [1, "する", value]])
    made = draft(book.save())
    assert made.data["steps"][0]["manual"].get("minutes") == minutes
    assert made.complete


@pytest.mark.parametrize("value", ["半日", "適宜", "abc", "99999分", "2026-04-01", True])
def test_what_is_no_duration_is_told(book, value):
    book.sheet("S", [["No", "作業内容", "所要時間"], [1, "する", value]])
    made = draft(book.save())
    assert "minutes" not in made.data["steps"][0]["manual"]
    assert [place for _, place, _ in told(made)] == ["S!C2"]


def test_a_table_of_titles_or_commands_alone_is_a_table_of_steps(book):
    book.sheet("S", [["No", "項目", "担当"], [1, "電源を入れる", "佐藤"]])
    assert texts(draft(book.save()))[0].startswith("電源を入れる")
    book.sheet("T", [["No", "コマンド"], [1, "uptime"]])
    assert texts(draft(book.save()))[1] == "uptime"


def test_a_workbook_without_steps_says_what_headings_there_must_be(book):
    book.sheet("売上", [["月", "金額"], [4, 100]])
    with pytest.raises(NoSteps) as caught:
        draft(book.save())
    for lang in BOTH:
        said = explain(caught.value, lang)
        assert "売上" in said.what
    assert "作業内容" in explain(caught.value, "ja").next


def test_the_old_format_is_refused_with_advice(tmp_path):
    file = tmp_path / "手順書.xls"
    file.write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600)
    with pytest.raises(OldWorkbook) as caught:
        draft(file)
    assert ".xlsx" in explain(caught.value, "ja").next


@pytest.mark.parametrize("content", [b"", b"No,Step\n1,open\n", b"PK\x03\x04broken"])
def test_what_is_no_workbook_is_refused(tmp_path, content):
    file = tmp_path / "a.xlsx"
    file.write_bytes(content)
    with pytest.raises(BadWorkbook) as caught:
        draft(file)
    assert "a.xlsx" in explain(caught.value, "en").what


def zipped(file, parts):
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file


def test_another_kind_of_archive_is_refused(tmp_path):
    with pytest.raises(BadWorkbook):
        draft(zipped(tmp_path / "a.xlsx", {"content.xml": "<a/>"}))


def replaced(source, target, changes):
    """The workbook with some parts changed: text in, text out."""
    with zipfile.ZipFile(source) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    return zipped(target, {name: changes.get(name, lambda content: content)(content) for name, content in parts.items()})


def test_a_zip_bomb_is_refused_before_it_is_unpacked(book, tmp_path):
    book.sheet("S", [HEAD, [1, "一"]])
    bomb = replaced(book.save(), tmp_path / "bomb.xlsx", {"xl/styles.xml": lambda c: c + b" " * 120_000_000})
    assert bomb.stat().st_size < 1_000_000
    with pytest.raises(WorkbookTooLarge):
        draft(bomb)


def test_an_archive_of_too_many_parts_is_refused(book, tmp_path):
    book.sheet("S", [HEAD, [1, "一"]])
    file = book.save()
    with zipfile.ZipFile(file, "a") as archive:
        for number in range(5001):
            archive.writestr(f"xl/media/{number}", b"")
    with pytest.raises(WorkbookTooLarge):
        draft(file)


def test_definitions_that_grow_are_refused(book, tmp_path):
    book.sheet("S", [HEAD, [1, "一"]])
    laughs = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    file = replaced(book.save(), tmp_path / "a.xlsx", {"xl/styles.xml": lambda c: laughs + c})
    with pytest.raises(BadWorkbook) as caught:
        draft(file)
    assert "styles.xml" in explain(caught.value, "ja").what


def test_a_merge_over_the_whole_sheet_costs_nothing(book, tmp_path):
    book.sheet("S", [HEAD, [1, "一"]])
    merge = b'</sheetData><mergeCells count="1"><mergeCell ref="I1:XFD1048576"/></mergeCells>'
    file = replaced(book.save(), tmp_path / "a.xlsx", {"xl/worksheets/sheet1.xml": lambda c: c.replace(b"</sheetData>", merge)})
    assert texts(draft(file)) == ["一"]


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/_rels/workbook.xml.rels"])
def test_a_broken_part_is_told(book, tmp_path, part):
    book.sheet("S", [HEAD, [1, "一"]])
    with pytest.raises(BadWorkbook):
        draft(replaced(book.save(), tmp_path / "a.xlsx", {part: lambda c: c[: len(c) // 2]}))


def test_values_far_below_the_table_are_told(book):
    sheet = book.sheet("S", [HEAD, [1, "一"]])
    sheet["B6000"] = "遠い"
    made = draft(book.save())
    assert texts(made) == ["一"]
    assert "6000" in told(made)[0][2]


def test_a_value_to_note_is_asked_for(book):
    book.sheet("S", [["No", "作業内容", "測定値"], [1, "温度を見る", None], [2, "湿度を見る", "___"]])
    made = draft(book.save())
    assert [step["manual"]["value"] for step in made.data["steps"]] == [{"title": "測定値"}, {"title": "測定値"}]
    assert parse_runbook(made.data, kinds=step_kinds()).steps[0].spec.value.title.plain == "測定値"
