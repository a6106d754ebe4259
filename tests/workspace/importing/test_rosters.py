"""Rosters of the personnel department: CSV and Excel, Japanese and English, and what is wrong in which row."""

import hashlib
import io
from datetime import date

import pytest
from openpyxl import Workbook

from temanashi.text import explain
from temanashi.workspace.importing.roster.reading import MAX_ROSTER_BYTES, BadRoster, NoRoster, RosterTooLarge, read_roster
from temanashi.workspace.importing.workbook import OldWorkbook

TODAY = date(2026, 11, 20)
JAPANESE = """社員番号,ログイン名,氏名,役割,入社日,退職日,上司,備考
00123,yamada,山田 花子,運用、ops-lead,2020/4/1,,00100,memo
00124,ＳＡＴＯ,佐藤　次郎,,令和8年12月1日,2027年3月31日,,
"""


def read(text, *, name="名簿.csv", encoding="utf-8"):
    return read_roster(text.encode(encoding), name=name, today=TODAY)


def told(roster, lang="en"):
    return {problem.place: problem.message.text(lang) for problem in roster.problems}


def book(*rows, sheet="異動"):
    """A workbook of one sheet."""
    made = Workbook()
    made.active.title = sheet
    for row in rows:
        made.active.append(row)
    return made


def content(made):
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
def test_a_japanese_roster_is_read_in_every_encoding_that_excel_saves(encoding):
    roster = read(JAPANESE, encoding=encoding)
    first, second = roster.people
    assert (first.employee, first.login, first.name) == ("00123", "yamada", "山田 花子")
    assert (first.roles, first.starts_on, first.ends_on, first.manager) == (("運用", "ops-lead"), date(2020, 4, 1), None, "00100")
    assert (second.login, second.name, second.roles) == ("sato", "佐藤 次郎", ())
    assert (second.starts_on, second.ends_on) == (date(2026, 12, 1), date(2027, 3, 31))
    assert roster.problems == ()
    assert roster.read_on == TODAY
    assert [note.place for note in roster.notes] == ["H1"]
    assert roster.digest == hashlib.sha256(JAPANESE.encode(encoding)).hexdigest()
    assert roster.columns == ("employee", "ends_on", "login", "manager", "name", "roles", "starts_on")


def test_an_english_workbook_with_days_and_numbers_of_excel_is_read():
    made = book(
        ["People of April"],
        ["Employee ID", "Login", "Full name", "Roles", "Hire date", "Last day", "Manager"],
        [123, "hanako", "Hanako Yamada", "ops; web", date(2026, 4, 1), None, "Sato"],
    )
    roster = read_roster(content(made), name=r"C:\HR\people.xlsx", today=TODAY)
    (person,) = roster.people
    assert (person.employee, person.roles, person.starts_on, person.place) == ("123", ("ops", "web"), date(2026, 4, 1), "A3")
    assert roster.source == "people.xlsx"


def test_somebody_with_two_posts_has_the_roles_of_both_rows():
    roster = read("社員番号,氏名,役割\n1,山田,ops\n1,山田,web、ops\n")
    assert [person.roles for person in roster.people] == [("ops", "web")]


def test_every_row_with_a_mistake_is_told_with_its_place_and_whose_it_is():
    roster = read(
        "社員番号,ログイン名,氏名,役割,入社日,退職日,在籍区分\n"
        "1,a;id,山田,ops,,,\n"
        "2,b,佐:藤,ops,,,\n"
        "3,c,鈴木,ops,きのう,,\n"
        "4,d,田中,ops,2026-05-01,2026-04-01,\n"
        "5,e,伊藤,ops,,,退職\n"
        "1.2E+12,f,高橋,ops,,,\n"
        "$(id),g,渡辺,ops,,,\n"
        ",,中村,ops,,,\n"
        "9,h,#REF!,ops,,,\n"
        "10,i,小林,ops,,2026-11-30,退職予定\n"
    )
    assert [person.employee for person in roster.people] == ["10"]
    problems = told(roster)
    assert {*problems} == {"B2", "C3", "E4", "F5", "G6", "A7", "A8", "A9", "C10"}
    assert "small letters" in problems["B2"].lower() or "a;id" in problems["B2"]
    assert "2026-04-01" in problems["F5"]
    assert "退職" in problems["G6"]
    assert "neither" in problems["A9"]
    whose = {problem.place: (problem.employee, problem.login) for problem in roster.problems}
    assert whose["B2"] == ("1", "")
    assert whose["A7"] == ("", "f")
    assert whose["A9"] == ("", "")
    for lang in ("ja", "en"):
        assert all("lifecycle." not in text and "{" not in text for text in told(roster, lang).values())


def test_rows_that_contradict_each_other_and_a_login_of_two_people_are_nobody():
    roster = read("社員番号,ログイン名,氏名\n1,a,山田\n1,a,佐藤\n2,b,鈴木\n3,b,田中\n4,c,伊藤\n")
    assert [person.login for person in roster.people] == ["c"]
    assert {*told(roster)} == {"A2", "A3", "A4", "A5"}


def test_a_person_is_found_by_the_number_before_the_login():
    roster = read("社員番号,ログイン名\n1,a\n2,b\n")
    assert roster.person(employee="1", login="b").login == "a"
    assert roster.person(employee="9", login="b").employee == "2"
    assert roster.person(employee="9") is None
    assert roster.people[0].key == "1"


def test_whether_somebody_is_here_goes_by_the_first_and_the_last_day():
    person = read("社員番号,入社日,退職日\n1,2026-11-20,2026-11-30\n").people[0]
    days = (date(2026, 11, 19), date(2026, 11, 20), date(2026, 11, 30), date(2026, 12, 1))
    assert [person.here_on(day) for day in days] == [False, True, True, False]


def test_a_sheet_without_people_hidden_rows_and_formulas_are_told():
    made = book(["社員番号", "氏名"], ["1", "山田"], ["2", "=A2"])
    made.active.row_dimensions[2].hidden = True
    made.create_sheet("使い方").append(["この表の使い方"])
    roster = read_roster(content(made), name="名簿.xlsx", today=TODAY)
    assert [person.employee for person in roster.people] == ["1"]
    assert {*told(roster)} == {"異動!B3"}
    assert {note.place for note in roster.notes} == {"使い方", "異動"}


@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        (b"\xff\x00\x81", BadRoster),
        (b"a,b\n1,2\n", NoRoster),
        (b"", NoRoster),
        (bytes.fromhex("d0cf11e0a1b11ae1") + b"x", OldWorkbook),
        (b" " * (MAX_ROSTER_BYTES + 1), RosterTooLarge),
    ],
)
def test_a_file_that_is_no_roster_is_refused_with_what_to_do(data, wrong):
    with pytest.raises(wrong) as caught:
        read_roster(data, name="../../名簿\n.csv", today=TODAY)
    for lang in ("ja", "en"):
        said = explain(caught.value, lang)
        assert said.what
        assert said.next
        assert "/tmp" not in said.what
