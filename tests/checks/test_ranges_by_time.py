"""Ranges that differ by time of day and kind of day, and how they are judged again."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from temanashi.calendars import SiteCalendars, moment_of
from temanashi.changes import Verdict
from temanashi.checks import Means, check_problems, installed_kinds, judge_again, measure, parse_check
from temanashi.hosts import Result

TOKYO = ZoneInfo("Asia/Tokyo")
ORDERS = {
    "id": "orders",
    "kind": "command",
    "run": ["count-orders"],
    "value": "([0-9]+)",
    "warn": "0:",
    "by_time": [
        {"from": "09:00", "to": "11:30", "days": "business_day", "warn": "100:", "crit": "10:"},
        {"from": "11:30", "to": "12:30", "days": "business_day"},
        {"from": "23:00", "to": "25:30", "days": ["fri", "mon"], "crit": "~:5"},
        {"from": "09:00", "to": "15:00", "days": "closed_day", "crit": "~:0"},
    ],
}


class Stopped:
    """A clock at one moment."""

    def __init__(self, text: str) -> None:
        self.moment = datetime.fromisoformat(text).replace(tzinfo=TOKYO).astimezone(UTC)

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        pass


@pytest.fixture
def count(localhost, redactor, scripted):
    def counted(number: int, at: str, spec=ORDERS, **means):
        transport = scripted([Result(0, stdout=f"{number}\n".encode())])
        surely = Means(zone=TOKYO, **means)
        return measure([parse_check(spec)], localhost, transport=transport, clock=Stopped(at), redactor=redactor, means=surely)[0]

    return counted


@pytest.mark.parametrize(
    ("at", "number", "verdict"),
    [
        ("2026-11-20 08:59", 3, "OK"),  # a Friday, before the first row: the check's own ranges
        ("2026-11-20 09:00", 50, "WARNING"),
        ("2026-11-20 09:00", 5, "CRITICAL"),
        ("2026-11-20 11:29", 100, "OK"),
        ("2026-11-20 11:30", 0, "OK"),  # the lunch break
        ("2026-11-20 23:30", 6, "CRITICAL"),
        ("2026-11-21 01:29", 6, "CRITICAL"),  # Saturday by the calendar, still Friday's night
        ("2026-11-21 01:30", 6, "OK"),
        ("2026-11-24 01:00", 6, "CRITICAL"),  # Monday's night, though Monday is a holiday
        ("2026-11-25 01:00", 6, "OK"),
        ("2026-11-21 10:00", 1, "CRITICAL"),  # Saturday
        ("2026-11-23 10:00", 1, "CRITICAL"),  # Labour Thanksgiving Day, a Monday
        ("2026-11-24 10:00", 1, "CRITICAL"),  # a business day: below 10
        ("2026-11-24 10:00", 100, "OK"),
    ],
)
def test_a_number_is_judged_by_the_ranges_of_its_time(count, at: str, number: int, verdict: str) -> None:
    result = count(number, at)
    assert result.verdict == verdict, result.reason.text("en")
    again = judge_again(installed_kinds().find("command"), parse_check(ORDERS), result.evidence[0])
    assert (again.verdict, again.reason, again.metrics) == (result.verdict, result.reason, result.metrics)


def test_the_chosen_ranges_are_told_and_kept(count) -> None:
    result = count(50, "2026-11-20 10:00")
    assert (result.metrics[0].warn, result.metrics[0].crit) == ("100:", "10:")
    assert '"in_force":{"at":"2026-11-20T10:00:00+09:00","crit":"10:","row":1,"warn":"100:"}' in result.evidence[0].text
    assert "at least 100" in result.reason.text("en")


def test_another_calendar_may_have_other_days(count) -> None:
    row = {"from": "10:00", "to": "11:00", "days": "business_day", "calendar": "holiday-trading", "crit": "~:0"}
    own = SiteCalendars(calendars={"holiday-trading": {"base": "tse", "opened": [date(2026, 11, 23)]}})
    spec = {**ORDERS, "by_time": [row]}
    assert count(1, "2026-11-23 10:00", spec, calendar=own.calendar).verdict is Verdict.CRITICAL
    unknown = count(1, "2026-11-23 10:00", spec)
    assert (unknown.verdict, unknown.reason.key) == (Verdict.UNKNOWN, "calendars.unknown")


def test_what_was_not_measured_has_no_ranges(localhost, redactor, scripted) -> None:
    transport = scripted([Result(127)])
    surely = Means(zone=TOKYO)
    clock = Stopped("2026-11-20 10:00")
    (result,) = measure([parse_check(ORDERS)], localhost, transport=transport, clock=clock, redactor=redactor, means=surely)
    assert result.verdict is Verdict.UNKNOWN
    assert "in_force" not in result.evidence[0].text


@pytest.mark.parametrize(
    ("row", "field", "english"),
    [
        ({"from": "15:00", "to": "09:00"}, "by_time.0", "must end after it begins (15:00 to 09:00)"),
        ({"from": "9"}, "by_time.0.from", "9"),
        ({"to": "48:00"}, "by_time.0.to", "48:00"),
        ({"days": "holidays"}, "by_time.0.days.0", "not allowed"),
        ({"warn": "1,5"}, "by_time.0.warn", "a decimal point, not a comma"),
        ({"form": "09:00"}, "by_time.0.form", "unknown key"),
    ],
)
def test_a_row_that_means_nothing_is_refused(row, field: str, english: str) -> None:
    problems = check_problems({**ORDERS, "by_time": [row]})
    assert problems[0].field == field
    assert english in problems[0].message.text("en")
    assert problems[0].message.text("ja")


def test_a_check_with_rows_is_written_and_read_again() -> None:
    spec = parse_check(ORDERS)
    assert parse_check(spec.model_dump(mode="json")) == spec


def test_half_past_one_in_the_night_is_a_moment_of_the_next_day() -> None:
    assert moment_of(date(2026, 11, 20), "25:30", TOKYO) == datetime(2026, 11, 20, 16, 30, tzinfo=UTC)
    assert moment_of(date(2026, 11, 20), "08:05", TOKYO).isoformat() == "2026-11-20T08:05:00+09:00"
