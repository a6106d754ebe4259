"""Business days against the days on which the Tokyo Stock Exchange was, and will be, open, 2010 to 2030."""

from datetime import date, timedelta
from pathlib import Path

from temanashi.calendars import BusinessCalendar, add_business_days, rolled

FILE = Path(__file__).parents[1] / "cases" / "calendars" / "tse_closed_weekdays.txt"
# The exchange's systems failed and nothing was traded; that was known to nobody the day before.
OUTAGE = date(2020, 10, 1)
FIRST, LAST = date(2010, 1, 1), date(2030, 12, 31)


def published_holidays():
    found = set()
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            year, _, days = line.partition(":")
            found |= {date.fromisoformat(f"{year}-{day}") for day in days.split()}
    return found - {OUTAGE}


def every_day():
    return [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]


def test_every_business_day_of_twenty_one_years_is_a_day_on_which_the_exchange_is_open():
    holidays = published_holidays()
    assert len(holidays) == 342
    tse = BusinessCalendar(base="tse")
    differing = [d for d in every_day() if tse.is_business_day(d) != (d.weekday() < 5 and d not in holidays)]
    assert differing == []


def test_the_calendar_of_japan_differs_only_at_the_turn_of_the_year():
    tse, japan = BusinessCalendar(base="tse"), BusinessCalendar(base="japan")
    differing = {(d.month, d.day) for d in every_day() if tse.is_business_day(d) != japan.is_business_day(d)}
    assert differing == {(12, 31), (1, 2), (1, 3)}


def test_law_changes_are_known():
    japan = BusinessCalendar(base="japan")
    closed = ["2019-04-30", "2019-05-01", "2019-10-22", "2020-07-24", "2021-07-23", "2016-08-11", "2018-12-24", "2020-02-24"]
    assert [day for day in closed if japan.is_business_day(date.fromisoformat(day))] == []
    opened = ["2019-12-23", "2020-07-20", "2015-08-11", "2021-07-19"]
    assert [day for day in opened if not japan.is_business_day(date.fromisoformat(day))] == []


def test_shifting_never_lands_on_a_closed_day_and_never_passes_an_open_one():
    tse = BusinessCalendar(base="tse")
    for day in every_day():
        after, before = rolled(day, "next", tse), rolled(day, "previous", tse)
        assert tse.is_business_day(after)
        assert tse.is_business_day(before)
        assert before <= day <= after
        assert not any(tse.is_business_day(day + timedelta(days=n)) for n in range((after - day).days))
        assert not any(tse.is_business_day(day - timedelta(days=n)) for n in range((day - before).days))


def test_adding_business_days_and_taking_them_away_comes_back():
    tse = BusinessCalendar(base="tse")
    for day in filter(tse.is_business_day, every_day()):
        for count in (1, 3, 10):
            assert add_business_days(add_business_days(day, count, tse), -count, tse) == day
    assert add_business_days(date(2027, 1, 1), 1, tse) == date(2027, 1, 4)
    assert add_business_days(date(2027, 1, 1), 0, tse) == date(2027, 1, 1)
