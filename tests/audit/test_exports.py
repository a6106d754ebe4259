"""Files of what was found: for Excel without formulas that run, for programs, and of any length."""

import csv
import io
import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from temanashi.audit.entries import all_entries
from temanashi.audit.finding import Criteria
from temanashi.ledger.records import Draft
from temanashi.reports.audit_export import csv_stream, json_stream, write_xlsx
from temanashi.reports.audit_words import AuditWords
from temanashi.reports.display import Display

FORMULAS = ("=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "＝1")


@pytest.fixture
def words():
    return AuditWords(Display("ja", ZoneInfo("Asia/Tokyo")))


@pytest.fixture
def entries(book):
    for formula in FORMULAS:
        book.add(Draft(kind="noted", actor=formula, reason='a "quoted", text\nwith a break', outcome="signed-in"))
    return lambda: all_entries(book.book.database, Criteria())


def test_csv_opens_in_excel_and_holds_no_formula(entries, words):
    raw = b"".join(csv_stream(entries(), words))
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    assert rows[0][:3] == ["記録", "日時", "種類"]
    assert len(rows) == 1 + 5 + len(FORMULAS)
    assert {len(row) for row in rows} == {25}
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "＝"))]
    assert any('a "quoted", text\nwith a break' in row for row in rows)
    first = next(row for row in rows if "INC-1" in row)
    assert ("山田 花子" in first, "佐藤 一郎" in first, "完了" in first, "2026-10-01 09:10:00" in first) == (True, True, True, True)


def test_json_lines_hold_the_fields_of_the_ledger(entries):
    lines = [json.loads(line) for line in b"".join(json_stream(entries())).splitlines()]
    assert len(lines) == 5 + len(FORMULAS)
    assert {line["actor"] for line in lines} >= set(FORMULAS[:4])
    assert next(line for line in lines if line["ticket"] == "INC-1")["approvers"] == ["鈴木"]


def test_xlsx_holds_texts_only(entries, words, tmp_path):
    heard = []
    assert write_xlsx(tmp_path / "a.xlsx", entries(), words, note=heard.append) == 5 + len(FORMULAS)
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx").active
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n"}
    assert FORMULAS[0] in [row[5].value for row in sheet.iter_rows()]
    assert heard == []


def test_entries_are_read_in_batches_and_cover_everything(book):
    book.clock.at = datetime(2026, 12, 1, tzinfo=UTC)
    book.add(*(Draft(kind="noted", actor=f"p{number}") for number in range(1200)))
    every = list(all_entries(book.book.database, Criteria()))
    assert len(every) == len({entry.seq for entry in every}) == 1205
    assert len(list(all_entries(book.book.database, Criteria(), most=7))) == 7
