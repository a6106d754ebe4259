"""The plan: every schedule over some days, with what is moved or left out; in words, as tables and as an Excel file."""

import io
from datetime import date
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from temanashi.calendars import SiteCalendars
from temanashi.reports.schedule_grid import changes, glyph, month_grids, row_title
from temanashi.reports.schedule_xlsx import schedule_xlsx
from temanashi.runbooks.kinds import step_kinds
from temanashi.runbooks.parsing import parse_runbook
from temanashi.runbooks.planned import plan_schedules
from temanashi.runbooks.schedule import Schedule
from temanashi.runbooks.schedule_words import rule_in_words
from temanashi.text import phrase

TOKYO = ZoneInfo("Asia/Tokyo")
SITE = SiteCalendars.model_validate({"blackout": [{"from": "2026-12-18", "to": "2026-12-18", "reason": "切替"}]})


def runbook(name, *schedules, title=None):
    data = {
        "id": name,
        "title": title or name,
        "description": "x",
        "category": "routine",
        "owner": "ops",
        "schedules": list(schedules),
    }
    return parse_runbook({**data, "steps": [{"id": "go", "command": ["true"]}]}, kinds=step_kinds())


def plan(*schedules, first="2026-12-01", last="2026-12-31", left_out=None, title=None):
    return plan_schedules(
        [runbook("look", *schedules, title=title)],
        SITE,
        date.fromisoformat(first),
        date.fromisoformat(last),
        zone=TOKYO,
        left_out=left_out,
    )


def marks(made, row=0):
    return {day.day.day: day.mark for day in made.rows[row].days}


def test_a_day_says_what_happens_on_it():
    made = plan({"cron": "0 8 * * *", "calendar": "tse"})
    found = marks(made)
    assert (found[1], found[5], found[18], found[31]) == ("starts", "closed", "left-out", "closed")
    assert made.starts == 21
    assert date(2026, 12, 31) in made.closed


def test_what_was_moved_stands_on_both_days():
    made = plan({"at": "10:00", "days": {"month_day": [25, 26]}, "on_closed": "previous"}, first="2026-12-20")
    (friday, saturday) = made.rows[0].days
    assert (friday.day.day, friday.starts, friday.mark) == (25, 1, "starts")
    assert (saturday.mark, saturday.why[0].text("en")) == ("moved-away", "same time as the one of 2026-12-25: started once")
    next_month = plan({"at": "10:00", "days": {"month_day": 24}, "on_closed": "previous"}, first="2027-01-01", last="2027-01-31")
    assert marks(next_month) == {22: "moved-here", 24: "moved-away"}
    assert next_month.rows[0].days[1].why[0].text("ja") == "2027-01-22 に移動"
    outside = plan({"at": "10:00", "days": {"month_day": 24}, "on_closed": "previous"}, first="2027-01-23", last="2027-01-31")
    assert (marks(outside), outside.starts) == ({24: "moved-away"}, 0)


def test_the_night_belongs_to_the_day_before():
    made = plan({"at": "25:30", "days": "business_day"}, first="2026-12-04", last="2026-12-04")
    ((day,),) = [row.days for row in made.rows]
    assert (day.items[0].clock, day.first.isoformat()) == ("25:30", "2026-12-05T01:30:00+09:00")


def test_what_persons_left_out_says_why():
    class LeftOut:
        def concerns(self, *_):
            return True

        def why(self, name, one):
            return phrase("schedules.moved", day="x") if (name, one.slot.day) == ("look", 2) else None

    made = plan({"cron": "0 8 * * *", "calendar": "tse"}, left_out=LeftOut())
    assert marks(made)[2] == "left-out"
    assert made.starts == 20


def test_schedules_that_are_switched_off_are_named_and_nothing_else():
    made = plan({"cron": "0 8 * * *", "active": False}, {"cron": "0 9 * * *"})
    assert [(r.id, s.id) for r, s in made.off] == [("look", "1")]
    assert [row.schedule.id for row in made.rows] == ["2"]


def test_the_next_starts_are_a_line_for_each_day():
    made = plan({"cron": "*/10 8-9 * * *"}, {"at": "08:05"}, first="2026-12-01", last="2026-12-02")
    lines = [(row.schedule.id, f"{day.first:%d %H:%M}", day.starts, f"{day.last:%H:%M}") for row, day in made.starting_days()]
    assert lines == [
        ("1", "01 08:00", 12, "09:50"),
        ("2", "01 08:05", 1, "08:05"),
        ("1", "02 08:00", 12, "09:50"),
        ("2", "02 08:05", 1, "08:05"),
    ]
    later = made.starting_days(after=made.rows[0].days[0].items[6].occurrence.at)
    assert [(row.schedule.id, day.starts) for row, day in later][:1] == [("1", 5)]


def test_changes_are_told_by_day_and_weekends_are_not():
    made = plan({"cron": "0 8 * * *", "calendar": "tse"}, {"cron": "0 9 * * *", "calendar": "tse", "title": "昼"})
    told = [(c.day.day, c.why.text("ja"), c.titles) for c in changes(made, "ja")]
    assert told == [(18, "停止期間: 切替", ("look", "look: 昼")), (31, "年末年始", ("look", "look: 昼"))]


def test_month_tables_have_a_cell_a_day_and_only_rows_that_mean_one():
    made = plan({"cron": "*/30 * * * *"}, {"at": "8:00", "days": {"weekday": "mon", "months": 1}}, last="2027-01-31")
    december, january = month_grids(made, "ja")
    assert (len(december.days), len(december.rows), len(january.rows)) == (31, 1, 2)
    assert (glyph(december.rows[0].cells[0]), december.days[4].weekday) == ("48", "土")
    assert [c is not None for c in january.rows[1].cells][:5] == [False, False, False, True, False]


@pytest.mark.parametrize(
    ("schedule", "ja", "en"),
    [
        ({"cron": "0 8 * * 1-5"}, "毎週 月曜〜金曜 08:00", "Monday to Friday, 08:00"),
        ({"cron": "0,30 8,9 * * *"}, "毎日 08:00、08:30、09:00、09:30", "every day, 08:00, 08:30, 09:00, 09:30"),
        ({"cron": "5 22 * * sun,fri"}, "毎週 金曜、日曜 22:05", "every Friday, Sunday, 22:05"),
        ({"cron": "0 6 1,15 4 *"}, "4月の1日、15日 06:00", "day 1 of the month, day 15 of the month in April, 06:00"),
        ({"cron": "0 6 1 * 1"}, "cron 0 6 1 * 1", "cron 0 6 1 * 1"),
        ({"cron": "*/10 * * * *"}, "cron */10 * * * *", "cron */10 * * * *"),
        ({"at": "08:00"}, "毎日 08:00", "every day, 08:00"),
        ({"at": ["08:00", "25:30"], "days": "business_day"}, "毎営業日 08:00、25:30", "every business day, 08:00, 25:30"),
        (
            {"at": "17:00", "days": {"nth_business_day": [3, -2]}, "calendar": "tse"},
            "第3営業日、月末から2番目の営業日 17:00（カレンダー tse）",
            "business day 3 of the month, business day 2 from the end of the month, 17:00 (calendar tse)",
        ),
        (
            {"at": "10:00", "days": {"month_day": 25, "before": 1}, "on_closed": "previous"},
            "25日の1営業日前 10:00（休業日は前の営業日）",
            "1 business day(s) before day 25 of the month, 10:00 (on closed days the business day before)",
        ),
        (
            {"at": "10:00", "days": {"weekday": ["mon", "fri"], "months": [3, 9], "after": 2}, "timezone": "UTC"},
            "3月、9月の毎週 月曜、金曜の2営業日後 10:00（UTC）",
            "2 business day(s) after every Monday, Friday in March, September, 10:00 (UTC)",
        ),
        (
            {"at": "10:00", "days": {"month_day": [-1, -3]}, "on_closed": "skip"},
            "月末、月末から3番目の日 10:00（休業日は動かさない）",
            None,
        ),
        ({"at": "10:00", "days": {"nth_business_day": -1}}, "最終営業日 10:00", "the last business day of the month, 10:00"),
        ({"at": "10:00", "on_closed": "next"}, "毎日 10:00（休業日は次の営業日）", None),
    ],
)
def test_a_schedule_is_told_in_words(schedule, ja, en):
    made = Schedule.model_validate(schedule)
    assert rule_in_words(made, "ja") == ja
    assert en is None or rule_in_words(made, "en") == en
    assert "{" not in rule_in_words(made, "en")


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_the_excel_file_has_a_line_for_each_occurrence_and_a_table_for_each_month(lang):
    made = plan({"cron": "0 8 * * *", "calendar": "tse"}, last="2027-01-31", title='=HYPERLINK("http://x","y")')
    book = openpyxl.load_workbook(io.BytesIO(schedule_xlsx(made, lang)))
    lines, december, january = book.worksheets
    assert (december.title, january.title) == ("2026-12", "2027-01")
    assert lines.max_row == 1 + 62
    first = [cell.value for cell in lines[2]]
    assert first[0].date() == date(2026, 12, 1)
    assert first[2:4] == ["08:00", '=HYPERLINK("http://x","y")']
    assert {cell.data_type for row in (*lines, *december) for cell in row} <= {"s", "n", "d"}
    assert [december.cell(2, 2 + day).value for day in (1, 5, 18)] == ["●", "－", "×"]
    assert "切替" in december.cell(2, 20).comment.text


def test_the_excel_file_of_nothing_still_opens():
    book = openpyxl.load_workbook(io.BytesIO(schedule_xlsx(plan(), "ja")))
    assert len(book.worksheets) == 2


def test_a_title_is_the_runbooks_and_the_schedules():
    (row,) = plan({"at": "8:00", "title": {"ja": "朝", "en": "Morning"}}).rows
    assert (row_title(row, "ja"), row_title(row, "en")) == ("look: 朝", "look: Morning")
