"""`/tema/schedule`: the next start first, then what is left out and why, then the months; and the same as an Excel file."""

import io
import re
from datetime import timedelta

import openpyxl
import pytest

from fixtures_runs import ALICE
from temanashi.calendars import BusinessCalendar
from temanashi.runs.holds import add_hold, add_skip

SCHEDULES = [
    {"cron": "30 7 * * *", "calendar": "tse"},
    {"id": "pay", "title": {"ja": "給与", "en": "Payroll"}, "at": "10:00", "days": {"month_day": 25}, "on_closed": "previous"},
    {"at": "08:00", "active": False},
]


@pytest.fixture
def planned(empty):
    title = {"ja": "朝の<点検>", "en": "Morning <checks>"}
    empty.place.runbook("morning", {"id": "go", "command": ["true"]}, title=title, schedules=SCHEDULES)
    empty.place.publish()
    return empty


@pytest.mark.parametrize(
    ("lang", "words"), {"ja": ("次は", "年末年始", "動かない日", "止めてある予定"), "en": ("Next:", "year-end")}.items()
)
def test_the_next_start_comes_first_and_reasons_follow(planned, lang, words):
    answer = planned.get(f"/schedule?lang={lang}&from=2026-12")
    text = answer.text
    assert (answer.status_code, f'<html lang="{lang}">' in text) == (200, True)
    assert all(word in text for word in words)
    assert "{" not in re.sub(r"<style.*?</style>", "", text, flags=re.DOTALL)
    assert "<点検>" not in text
    assert "<checks>" not in text
    assert len(text) < 50_000


def test_three_months_are_shown_and_others_can_be_asked_for(planned):
    text = planned.get("/schedule?lang=en&from=2027-04").text
    assert [m for m in ("April 2027", "May 2027", "June 2027") if f"<h3>{m}</h3>" in text] == [
        "April 2027",
        "May 2027",
        "June 2027",
    ]
    assert "moved to 2027-04-23" in text
    assert "from=2027-01" in text
    assert "from=2027-07" in text


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_a_month_that_is_none_is_refused_with_an_example(planned, lang):
    answer = planned.get(f"/schedule?lang={lang}&from=soon")
    assert answer.status_code == 400
    assert "2026-11" in answer.text


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_before_anything_is_scheduled_it_says_what_to_do(empty, visitor, lang):
    for text in (empty.get(f"/schedule?lang={lang}").text, visitor.get(f"/schedule?lang={lang}").text):
        assert "schedules:" in text


def test_a_hold_is_shown_with_its_reason(planned):
    until = planned.opened.clock.now() + timedelta(days=400)
    add_hold(planned.engine, runbook="morning", reason="棚卸し", until=until, actor=ALICE, channel="cli")
    text = planned.get("/schedule?lang=ja").text
    assert "棚卸し" in text
    assert "●" not in text.partition("<h3>")[2]


def test_an_occurrence_that_is_skipped_once_is_shown_with_its_reason(planned):
    day = planned.opened.clock.now().astimezone(planned.opened.settings.zone).date() + timedelta(days=1)
    while not BusinessCalendar().is_business_day(day):
        day += timedelta(days=1)
    add_skip(planned.engine, runbook="morning", schedule="1", day=day, at=None, reason="設備点検", actor=ALICE, channel="page")
    text = planned.get("/schedule?lang=ja").text
    assert "設備点検" in text
    assert text.count("×") == 2  # the legend, and the day


@pytest.mark.parametrize("path", ["/schedule.xlsx", "/schedule.xlsx?from=2027-04&lang=en"])
def test_the_same_comes_as_an_excel_file(planned, path):
    answer = planned.get(path)
    assert answer.status_code == 200
    assert "attachment" in answer.headers["content-disposition"]
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    assert len(book.worksheets) == 4
    assert book.worksheets[0].max_row > 60


def test_the_page_is_in_the_head_of_every_page(planned):
    assert '/tema/schedule?lang=ja"' in planned.get("/?lang=ja").text
