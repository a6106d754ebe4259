"""`tema incident`: by hand, and from the list that a group keeps in Excel."""

import json
from datetime import datetime

import openpyxl
import pytest

HEAD = "番号,件名,発生日時,確認日時,復旧日時,システム,重要度,原因\n"


def test_an_incident_is_recorded_acknowledged_and_resolved(tema):
    made = tema.json(
        "incident", "add", "Orders cannot be entered", "--number", "INC-1", "--at", "2026-11-20 08:30", "--system", "trading"
    )
    assert (made["standing"], made["number"], made["started"], made["over"]) == ("new", "INC-1", "2026-11-19T23:30:00+00:00", False)
    known = tema.json("incident", "ack", "INC-1", "--at", "2026-11-20 08:34")
    assert (known["standing"], known["ack_seconds"]) == ("changed", 240)
    over = tema.json("incident", "resolve", "ＩＮＣ-1", "--at", "2026年11月20日(金) 9時00分", "--reason", "Restarted")
    assert (over["resolve_seconds"], over["over"]) == (1800, True)
    told = tema.json("incident", "list", "--month", "2026-11")
    assert (told["figures"]["mttr"]["mean"], told["figures"]["incidents"]) == (1800, 1)
    shown = tema.run("incident", "list", "--month", "2026-11")
    for words in ("2026-11: 1 incident(s), 0 of them open", "mean 30 min", "INC-1", "trading", "Orders cannot be entered"):
        assert words in shown.stdout
    assert "MTTR" in tema.run("incident", "list", "--month", "2026-11", env={"TEMA_LANG": "ja"}).stdout


def test_what_was_said_before_stays(tema):
    tema.json("incident", "add", "x", "--number", "1", "--at", "2026-11-20 08:30")
    for _ in range(2):
        tema.json("incident", "ack", "1", "--at", "2026-11-20 08:40")
        tema.json("incident", "resolve", "1", "--at", "2026-11-20 08:50")
    assert "already" in tema.run("incident", "ack", "1").stdout
    assert "already" in tema.run("incident", "resolve", "1").stdout
    assert tema.json("incident", "add", "x", "--number", "1", "--at", "2026-11-20 08:30")["standing"] == "known"
    assert len(tema.json("audit", "show", "--kind", "incident")) == 3
    other = tema.run("incident", "resolve", "1", "--at", "2026-11-20 08:55")
    assert other.returncode != 0
    assert "another time" in other.stderr


def test_an_open_incident_says_what_comes_next(tema):
    made = tema.run("incident", "add", "x")
    assert "tema incident resolve inc-" in made.stderr
    assert "1 incident(s) are open" in tema.run("incident", "list", "--open").stdout
    done = tema.run("incident", "add", "y", "--at", "2026-11-01 08:00", "--resolved", "2026-11-03 09:00")
    assert "2 d 1 h" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["ack", "INC-9"], "no incident INC-9"),
        (["add", " "], "What happened is missing"),
        (["add", "x" * 201], "longer than 200"),
        (["add", "x", "--at", "2999-01-01 10:00"], "ahead of now"),
        (["add", "x", "--at", "1999-01-01 10:00"], "too long ago"),
        (["add", "x", "--at", "2026-11-20 10:00", "--resolved", "2026-11-20 09:00"], "before the incident began"),
        (["add", "x", "--at", "20.11.2026"], "is no moment"),
        (["add", "x", "--at", "2026-11-20"], "is no moment"),
        (["add", "x", "--number", "x" * 201], "number"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_do(tema, words, said):
    answer = tema.run("incident", *words)
    assert answer.returncode != 0
    assert said in answer.stderr.replace("\n", " ") or said in " ".join(answer.stderr.split())
    assert tema.json("audit", "show", "--kind", "incident") == []


def test_a_number_told_otherwise_is_another_incident(tema):
    tema.json("incident", "add", "x", "--number", "1", "--at", "2026-11-20 08:30", "--system", "a")
    for words in (
        ["y", "--at", "2026-11-20 08:30"],
        ["x", "--at", "2026-11-20 08:31"],
        ["x", "--at", "2026-11-20 08:30", "--system", "b"],
    ):
        answer = tema.run("incident", "add", *words, "--number", "1")
        assert answer.returncode != 0
        assert "another number" in answer.stderr


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_a_list_of_incidents_is_taken_over_once(tema, encoding):
    rows = "1,注文画面が開かない,2026/11/20 08:30,2026/11/20 8:34,2026/11/20 9:00,取引,高,再起動\n"
    rows += "2,帳票が遅い,2026-11-19 25:30,,,帳票,低,\n"
    (tema.root / "list.csv").write_bytes((HEAD + rows).encode(encoding))
    plan = tema.json("incident", "import", "list.csv", "--dry-run")
    assert (plan["recorded"], plan["counts"]) == (False, {"new": 2, "changed": 0, "known": 0})
    assert "2 rows: 2 new" in tema.run("incident", "import", "list.csv").stdout
    again = tema.json("incident", "import", "list.csv")
    assert again["counts"] == {"new": 0, "changed": 0, "known": 2}
    told = tema.json("incident", "list", "--month", "2026-11")["incidents"]
    assert [(one["number"], one["started"], one["resolve_seconds"]) for one in told] == [
        ("1", "2026-11-19T23:30:00+00:00", 1800),
        ("2", "2026-11-19T16:30:00+00:00", None),
    ]
    (tema.root / "list.csv").write_bytes(
        (HEAD + rows.replace("08:30,2026/11/20 8:34,2026/11/20 9:00", "08:30,,") + "").encode(encoding)
    )
    (tema.root / "list.csv").write_bytes((HEAD + rows.replace(",,,帳票", ",,2026-11-20 02:00,帳票")).encode(encoding))
    assert tema.json("incident", "import", "list.csv")["counts"] == {"new": 0, "changed": 1, "known": 1}


def test_every_bad_cell_is_told_at_once_and_nothing_is_recorded(tema):
    rows = (
        "1,,2026-11-20 08:30,,,,,\n"
        "2,b,yesterday,,,,,\n"
        "3,c,2026-11-20 08:30,2026-11-20 08:00,2026-11-20 07:00,,,\n"
        "1.23457E+12,d,2026-11-20 08:30,,,#REF!,,\n"
        "5,e,2026-11-20 08:30,,,,,\n"
        "5,other,2026-11-20 08:30,,,,,\n"
        "6,f,2999-01-01 08:30,,,,,\n"
        f"7,{'x' * 300},,,,,,\n"
        "8,good,2026-11-20 08:30,－,-,,,\n"
    )
    (tema.root / "list.csv").write_text(HEAD + rows, encoding="utf-8")
    answer = tema.run("incident", "import", "list.csv", "--json")
    assert answer.returncode == 1
    told = json.loads(answer.stdout)
    assert not told["recorded"]
    assert [one["place"] for one in told["left_out"]] == ["B2", "C3", "D4", "E4", "A5", "F5", "B9", "C9", "B6", "B7", "B8"]
    shown = tema.run("incident", "import", "list.csv")
    assert "nothing was recorded" in shown.stdout
    assert "--skip-bad" in shown.stderr
    assert tema.json("incident", "list", "--month", "2026-11")["incidents"] == []
    skipped = tema.run("incident", "import", "list.csv", "--skip-bad", "--json")
    assert (skipped.returncode, json.loads(skipped.stdout)["counts"]["new"]) == (1, 1)


def test_a_workbook_with_a_title_above_its_header_and_no_numbers_is_read(tema):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["障害一覧（11月）"])
    sheet.append([])
    sheet.append(["発生日時", "復旧日時", "事象", "システム名"])
    sheet.append([datetime(2026, 11, 20, 8, 30, tzinfo=None), datetime(2026, 11, 20, 9, 30, tzinfo=None), "注文が遅い", "取引"])  # noqa: DTZ001  (as Excel has them)
    book.create_sheet("メモ").append(["何か"])
    book.save(tema.root / "list.xlsx")
    for counts in ({"new": 1, "changed": 0, "known": 0}, {"new": 0, "changed": 0, "known": 1}):
        assert tema.json("incident", "import", "list.xlsx")["counts"] == counts
    (one,) = tema.json("incident", "list", "--month", "2026-11")["incidents"]
    assert (one["title"], one["system"], one["resolve_seconds"], one["source"]) == ("注文が遅い", "取引", 3600, "file")
    assert one["number"].startswith("file-20261119-")


def test_a_formula_that_excel_did_not_compute_is_no_empty_cell(tema):
    book = openpyxl.Workbook()
    book.active.append(["発生日時", "復旧日時", "件名"])
    book.active.append(["2026-11-20 08:30", "=A2+1", "=cmd|' /C calc'!A0"])
    book.save(tema.root / "list.xlsx")
    answer = tema.run("incident", "import", "list.xlsx")
    assert answer.returncode == 1
    assert "B2" in answer.stdout
    assert "C2" in answer.stdout


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", b"a,b\n1,2\n", "Missing headings: title, started"),
        ("a.csv", "件名,担当\nx,y\n".encode(), "Missing headings: started"),
        ("a.csv", b"", ""),
        ("a.xlsx", b"PK\x03\x04broken", ""),
        ("a.csv", b"\x81\xff\xfe\x00", ""),
    ],
)
def test_a_file_that_is_no_list_is_refused(tema, name, content, words):
    (tema.root / name).write_bytes(content)
    answer = tema.run("incident", "import", name)
    assert answer.returncode not in {0, 1} or answer.stderr
    assert words in answer.stderr
    assert "Traceback" not in answer.stderr
    assert tema.run("incident", "import", "nothing.csv").returncode != 0
