"""Which business day's job a check means, and until when; days and times at their edges."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from temanashi.calendars import BusinessCalendar, SiteCalendars
from temanashi.checks.due import dated, due_at, is_dated
from temanashi.checks.literals import literals_of, literals_of_all
from temanashi.checks.log_times import moment_in

TOKYO = ZoneInfo("Asia/Tokyo")
TSE = BusinessCalendar()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=TOKYO)


def due(now: str, by: str, business_day: str = "today", earliest: str | None = None, calendar: BusinessCalendar = TSE):
    found = due_at(at(now), by=by, business_day=business_day, earliest=earliest, calendar=calendar, zone=TOKYO)
    return found.day.isoformat(), f"{found.deadline:%m-%d %H:%M}", f"{found.starts:%m-%d %H:%M}", f"{found.ends:%m-%d %H:%M}"


# 2026-11-20 is a Friday, and Monday the 23rd a holiday.
@pytest.mark.parametrize(
    ("now", "by", "business_day", "day", "deadline", "starts", "ends"),
    [
        ("2026-11-20 07:00", "17:00", "today", "2026-11-20", "11-20 17:00", "11-20 00:00", "11-24 00:00"),
        ("2026-11-21 07:00", "17:00", "today", "2026-11-20", "11-20 17:00", "11-20 00:00", "11-24 00:00"),
        # 25:30 belongs to the day that began yesterday, and is looked at for six hours more.
        ("2026-11-20 23:00", "25:30", "today", "2026-11-20", "11-21 01:30", "11-20 01:30", "11-24 01:30"),
        ("2026-11-21 01:00", "25:30", "today", "2026-11-20", "11-21 01:30", "11-20 01:30", "11-24 01:30"),
        ("2026-11-20 07:29", "25:30", "today", "2026-11-19", "11-20 01:30", "11-19 01:30", "11-20 01:30"),
        ("2026-11-20 07:30", "25:30", "today", "2026-11-20", "11-21 01:30", "11-20 01:30", "11-24 01:30"),
        # The job of the previous business day, over a weekend and a holiday.
        ("2026-11-24 07:30", "08:30", "previous", "2026-11-20", "11-24 08:30", "11-20 08:30", "11-24 08:30"),
        ("2026-11-22 10:00", "08:30", "previous", "2026-11-20", "11-24 08:30", "11-20 08:30", "11-24 08:30"),
        ("2026-11-25 00:10", "08:30", "previous", "2026-11-24", "11-25 08:30", "11-24 08:30", "11-25 08:30"),
        ("2026-11-24 07:30", "25:30", "previous", "2026-11-20", "11-21 01:30", "11-20 01:30", "11-24 01:30"),
        ("2026-11-21 00:45", "25:30", "previous", "2026-11-20", "11-21 01:30", "11-20 01:30", "11-24 01:30"),
        # New Year: the exchange is closed from 31 December to 3 January.
        ("2027-01-04 07:30", "08:30", "previous", "2026-12-30", "01-04 08:30", "12-30 08:30", "01-04 08:30"),
        # The day on which the exchange stood still was a business day, and its night jobs ran.
        ("2020-10-02 07:30", "08:30", "previous", "2020-10-01", "10-02 08:30", "10-01 08:30", "10-02 08:30"),
        ("2026-11-21 23:00", "47:59", "today", "2026-11-20", "11-21 23:59", "11-20 23:59", "11-24 23:59"),
    ],
)
def test_a_job_belongs_to_its_business_day(now, by, business_day, day, deadline, starts, ends) -> None:
    assert due(now, by, business_day) == (day, deadline, starts, ends)


def test_an_earliest_begin_parts_one_job_from_the_one_before() -> None:
    assert due("2026-11-20 23:00", "23:30", earliest="18:00")[2:] == ("11-20 18:00", "11-24 18:00")


def test_holiday_trading_has_a_calendar_of_its_own() -> None:
    calendars = SiteCalendars.model_validate({"calendars": {"derivatives": {"base": "tse", "opened": ["2026-11-23"]}}})
    found = due("2026-11-24 07:30", "08:30", "previous", calendar=calendars.calendar("derivatives"))
    assert found[:2] == ("2026-11-23", "11-24 08:30")


def test_names_carry_the_day_and_nothing_else_is_touched() -> None:
    assert dated("/log/%Y/%m/%d/a_%y%j_100%%_%H.log", date(2026, 1, 5)) == "/log/2026/01/05/a_26005_100%_%H.log"
    assert (is_dated("a_%Y%m%d"), is_dated("a_%y%j"), is_dated("a_%Y%m"), is_dated("100%%d")) == (True, True, False, False)


@pytest.mark.parametrize(
    ("line", "moment"),
    [
        ("2026-11-20 18:12:03 x", "2026-11-20 18:12:03"),
        ("[2026/11/20 18:12:03,123] INFO x", "2026-11-20 18:12:03"),
        ("2026-11-20T18:12:03+09:00 x", "2026-11-20 18:12:03"),
        ("2026-11-20T09:12:03Z x", "2026-11-20 18:12:03"),
        ("2026-11-20T09:12:03.999+0000 x", "2026-11-20 18:12:03"),
        ("20261120 181203 x", "2026-11-20 18:12:03"),
        ("20261120181203 x", "2026-11-20 18:12:03"),
        ("2026年11月20日(金) 18時12分 x", "2026-11-20 18:12:00"),
        ("Nov 20 18:12:03 host x", "2026-11-20 18:12:03"),
        ("11/20 18:12 x", "2026-11-20 18:12:00"),
        ("2026-11-20 23:59:60 x", "2026-11-20 23:59:59"),
        ("job 17 ended", None),
        ("18:12:03 x", None),
        ("2026-02-30 10:00:00 x", None),
        ("x" * 300 + " 2026-11-20 18:12:03", None),
    ],
)
def test_the_moment_of_a_line(line, moment) -> None:
    found = moment_in(line, now=at("2026-11-21 07:30"), zone=TOKYO)
    assert (None if found is None else found.astimezone(TOKYO)) == (None if moment is None else at(moment))


@pytest.mark.parametrize(
    ("line", "now", "year"),
    [
        ("Dec 31 23:50:00 x", "2027-01-01 07:30", 2026),
        ("Jan  1 00:10:00 x", "2027-01-01 07:30", 2027),
        ("Jan  1 00:10:00 x", "2026-12-31 23:59", 2027),  # the host's clock is a little ahead
        ("Jan  1 00:10:00 x", "2026-12-20 23:59", 2026),
        ("Feb 29 12:00:00 x", "2026-03-01 07:30", 2024),
    ],
)
def test_a_time_without_a_year_at_new_year(line, now, year) -> None:
    assert moment_in(line, now=at(now), zone=TOKYO).year == year


@given(st.text(max_size=60))
def test_no_line_breaks_the_reading_of_times(line) -> None:
    found = moment_in(line, now=datetime(2026, 11, 20, tzinfo=UTC), zone=TOKYO)
    assert found is None or found.tzinfo is not None


@pytest.mark.parametrize(
    ("pattern", "texts"),
    [
        ("ERROR", ("ERROR",)),
        ("ORA-\\d+", ("ORA-",)),
        ("^SETTLE END rc=[1-9]", ("SETTLE END rc=",)),
        ("ERROR|FATAL", ("ERROR", "FATAL")),
        ("a\\|bc", ("a|bc",)),
        ("colou?r end", ("r end",)),
        ("ab{2,30}cdef", ("cdef",)),
        ("x(abc|def)longer", ("longer",)),
        ("[ab]x|[]^-]yz", None),
        ("(?i)error", None),
        ("\\x41BCDEF", None),
        ("\\d+", None),
        ("a|", None),
        ("異常終了", ("異常終了",)),
        ("a\\.log\\(1\\)", ("a.log(1)",)),
    ],
)
def test_texts_that_a_match_must_hold(pattern, texts) -> None:
    assert literals_of(pattern) == texts


def test_one_pattern_without_a_text_means_looking_at_every_line() -> None:
    assert literals_of_all(["ERROR", "FATAL|ERROR"]) == ("ERROR", "FATAL")
    assert literals_of_all(["ERROR", "\\d+"]) is None


@given(st.from_regex(r"([A-Za-z0-9 ]|\\[.dwsx|]|[?*+|.]|\[[a-c]\]|\(x\)|\{1,2\}){1,12}", fullmatch=True), st.data())
def test_a_claimed_text_is_in_every_match(pattern, data) -> None:
    import re

    try:
        compiled = re.compile(pattern)
    except re.error:
        return
    texts = literals_of(pattern)
    if texts is None:
        return
    match = data.draw(st.from_regex(compiled))
    assert any(text in match for text in texts)
