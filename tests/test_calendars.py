"""Days, months and halves as they are counted in Japan."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from temanashi.calendars import BadMonth, BusinessCalendar, Month, day_of, slot_on, slots
from temanashi.text import explain

PLAIN = BusinessCalendar()
TOKYO = ZoneInfo("Asia/Tokyo")


def test_a_month_is_read_and_written_the_same_way():
    assert str(Month.parse(" 2026-11 ")) == "2026-11"


@pytest.mark.parametrize(
    "text", ["2026-13", "2026-0", "2026/11", "", "0000-01", "9999-12", "２０２６-11", "2026-11-01", "26-11", "\n"]
)
@pytest.mark.parametrize("lang", ["ja", "en"])
def test_what_is_not_a_month_is_refused_with_an_example(text, lang):
    with pytest.raises(BadMonth) as caught:
        Month.parse(text)
    told = explain(caught.value, lang)
    assert "2026-11" in told.next
    assert "{" not in told.what + told.next
    assert text in told.what


def test_months_follow_one_another_over_the_year():
    assert Month(2026, 12).next == Month(2027, 1)
    assert Month(2027, 1).previous == Month(2026, 12)
    assert Month(2026, 4).shift(-13) == Month(2025, 3)
    assert min(Month(2027, 1), Month(2026, 12)) == Month(2026, 12)
    assert Month(2026, 12) <= Month(2027, 1)


def test_a_leap_february_has_29_days():
    assert Month(2028, 2).last == date(2028, 2, 29)
    assert Month(2100, 2).last == date(2100, 2, 28)
    assert len(list(Month(2028, 2).days())) == 29
    assert date(2028, 2, 29) in Month(2028, 2)
    assert date(2028, 3, 1) not in Month(2028, 2)


@pytest.mark.parametrize(
    ("month", "year", "half"),
    [("2026-03", 2025, "H2"), ("2026-04", 2026, "H1"), ("2026-09", 2026, "H1"), ("2026-10", 2026, "H2"), ("2027-01", 2026, "H2")],
)
def test_the_fiscal_year_begins_in_april_and_its_halves_in_april_and_october(month, year, half):
    assert (Month.parse(month).fiscal_year, Month.parse(month).half) == (year, half)


@pytest.mark.parametrize(
    ("day", "word"),
    [
        ("2026-11-03", "文化の日"),
        ("2026-11-21", "土日"),
        ("2026-12-31", "年末年始"),
        ("2027-01-01", "年末年始"),
        ("2026-09-22", "国民の休日"),
        ("2026-05-06", "振替休日"),
    ],
)
def test_a_closed_day_says_why(day, word):
    why = PLAIN.why_closed(date.fromisoformat(day))
    assert word in why.text("ja")
    assert why.text("en")


@pytest.mark.parametrize("day", ["2026-11-20", "2026-12-30", "2027-01-04"])
def test_a_business_day_is_not_closed(day):
    assert PLAIN.is_business_day(date.fromisoformat(day))


def test_the_company_may_close_a_weekday_and_open_a_holiday():
    own = BusinessCalendar(closed=frozenset({date(2026, 11, 20)}), opened=frozenset({date(2026, 11, 3)}))
    assert own.why_closed(date(2026, 11, 20)).text("ja") == "会社の休業日"
    assert own.is_business_day(date(2026, 11, 3))
    assert date(2026, 11, 3) in slots("business_day", Month(2026, 11), own)


def test_a_day_cannot_be_both_closed_and_opened():
    with pytest.raises(ValidationError, match="2026-11-20"):
        BusinessCalendar(closed=frozenset({date(2026, 11, 20)}), opened=frozenset({date(2026, 11, 20)}))


def test_november_2026_has_its_slots():
    month = Month(2026, 11)
    assert len(slots("business_day", month, PLAIN)) == 19
    assert len(slots("day", month, PLAIN)) == 30
    assert [day.day for day in slots("week", month, PLAIN)] == [2, 9, 16, 23, 30]
    assert slots("month", month, PLAIN) == (date(2026, 11, 1),)


def test_new_year_has_fewer_business_days():
    assert len(slots("business_day", Month(2027, 1), PLAIN)) == 19


def test_work_of_a_day_serves_the_slot_that_holds_it():
    friday = date(2026, 11, 20)
    assert slot_on("business_day", friday, PLAIN) == friday
    assert slot_on("business_day", date(2026, 11, 23), PLAIN) is None
    assert slot_on("day", date(2026, 11, 23), PLAIN) == date(2026, 11, 23)
    assert slot_on("week", friday, PLAIN) == date(2026, 11, 16)
    assert slot_on("week", date(2026, 10, 1), PLAIN) == date(2026, 9, 28)
    assert slot_on("month", friday, PLAIN) == date(2026, 11, 1)


def test_a_day_begins_at_midnight_in_the_zone():
    moment = datetime(2026, 10, 31, 15, 0, tzinfo=UTC)
    assert day_of(moment, TOKYO) == date(2026, 11, 1)
    assert day_of(moment, ZoneInfo("UTC")) == date(2026, 10, 31)
