"""When a schedule starts, which day it serves, and why a day is left out."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from temanashi.calendars import BusinessCalendar, Month, SiteCalendars, UnknownCalendar, nth_business_day
from temanashi.runbooks.occurrences import next_occurrences, occurrences
from temanashi.runbooks.schedule import Schedule

TOKYO, NEW_YORK = ZoneInfo("Asia/Tokyo"), ZoneInfo("America/New_York")
SITE = SiteCalendars()


def said(schedule, start, end, *, site=SITE, zone=TOKYO):
    """Occurrences of local days, as text: what starts, and what does not."""
    first, last = (datetime.combine(date.fromisoformat(day), datetime.min.time(), tzinfo=zone) for day in (start, end))
    return occurrences(Schedule.model_validate(schedule), site, first, last, zone=zone)


def starts(schedule, start, end, **more):
    return [f"{o.at:%m-%d %H:%M}" for o in said(schedule, start, end, **more) if o.skipped is None]


def test_a_cron_without_a_calendar_starts_when_it_says():
    assert starts({"cron": "30 7 * * 1-5"}, "2026-11-20", "2026-11-25") == ["11-20 07:30", "11-23 07:30", "11-24 07:30"]


def test_closed_days_are_left_out_and_say_why():
    every = said({"cron": "30 7 * * *", "calendar": "tse"}, "2026-11-20", "2026-11-25")
    assert [(o.slot.day, o.skipped and o.skipped.text("ja")) for o in every] == [
        (20, None),
        (21, "土日"),
        (22, "土日"),
        (23, "祝日: 勤労感謝の日"),
        (24, None),
    ]


def test_a_day_may_move_to_the_next_business_day_or_the_one_before():
    monthly = {"at": "09:00", "days": {"month_day": 25}, "calendar": "tse"}
    assert starts({**monthly, "on_closed": "next"}, "2026-07-01", "2026-11-01") == [
        "07-27 09:00",
        "08-25 09:00",
        "09-25 09:00",
        "10-26 09:00",
    ]
    assert starts({**monthly, "on_closed": "previous"}, "2026-07-01", "2026-08-01") == ["07-24 09:00"]
    (moved,) = said({**monthly, "on_closed": "next"}, "2026-07-20", "2026-08-01")
    assert (moved.nominal, moved.slot, moved.shifted_from) == (date(2026, 7, 25), date(2026, 7, 27), date(2026, 7, 25))


def test_days_that_move_onto_one_another_start_once():
    every = said({"cron": "0 8 * * *", "calendar": "tse", "on_closed": "next"}, "2026-11-21", "2026-11-25")
    assert [(o.nominal.day, o.slot.day, o.skipped is None) for o in every] == [
        (24, 24, True),
        (21, 24, False),
        (22, 24, False),
        (23, 24, False),
    ]
    assert "2026-11-24" in every[1].skipped.text("en")


def test_the_third_and_the_last_business_day_of_a_month():
    days = {"at": "17:00", "days": {"nth_business_day": [3, -1]}, "calendar": "tse"}
    assert starts(days, "2026-12-01", "2027-02-01") == ["12-03 17:00", "12-30 17:00", "01-06 17:00", "01-29 17:00"]


def test_business_days_before_and_after_a_day():
    day = {"at": "10:00", "days": {"month_day": 25, "before": 1}, "calendar": "tse"}
    assert starts(day, "2026-07-01", "2026-08-01") == ["07-24 10:00"]  # the 25th is a Saturday: counted from the day itself
    assert starts({**day, "on_closed": "previous"}, "2026-07-01", "2026-08-01") == ["07-23 10:00"]
    assert starts({**day, "on_closed": "skip"}, "2026-07-01", "2026-08-01") == []
    assert starts({"at": "10:00", "days": {"nth_business_day": -1, "before": 2}}, "2026-12-01", "2027-01-01") == ["12-28 10:00"]
    assert starts({"at": "10:00", "days": {"weekday": "fri", "after": 1}}, "2026-11-20", "2026-11-26") == ["11-24 10:00"]


def test_days_of_the_week_in_some_months_and_the_last_day_of_a_month():
    assert starts({"at": "08:00", "days": {"weekday": ["mon"], "months": [3, 9]}}, "2026-08-01", "2026-09-15") == [
        "09-07 08:00",
        "09-14 08:00",
    ]
    assert starts({"at": "08:00", "days": {"month_day": -1}}, "2028-02-01", "2028-03-05") == ["02-29 08:00"]


def test_half_past_one_written_as_25_30_serves_the_day_before():
    (friday,) = said({"at": "25:30", "days": "business_day"}, "2026-11-21", "2026-11-22")
    assert (friday.at.isoformat(), friday.slot, friday.skipped) == ("2026-11-21T01:30:00+09:00", date(2026, 11, 20), None)
    assert starts({"at": ["08:00", "25:30"], "days": "business_day"}, "2026-11-20", "2026-11-25") == [
        "11-20 01:30",
        "11-20 08:00",
        "11-21 01:30",
        "11-24 08:00",
    ]


def test_nothing_starts_in_a_blackout_and_the_plan_says_why():
    site = SiteCalendars.model_validate({"blackout": [{"from": "2026-11-20", "to": "2026-11-20", "reason": "監査"}]})
    own = {"from": "2026-11-24 08:00", "to": "2026-11-24 09:00", "reason": {"ja": "移行", "en": "Migration"}}
    every = said({"cron": "0 8,9 * * *", "calendar": "tse", "blackout": [own]}, "2026-11-20", "2026-11-25", site=site)
    told = {f"{o.at:%d %H}": o.skipped and o.skipped.text("en") for o in every if o.slot.day in {20, 24}}
    assert told == {"20 08": "blackout: 監査", "20 09": "blackout: 監査", "24 08": "blackout: Migration", "24 09": None}


def test_a_blackout_looks_at_the_clock_and_not_at_the_slot():
    site = SiteCalendars.model_validate({"blackout": [{"from": "2026-11-21", "to": "2026-11-22", "reason": "停電"}]})
    (found,) = said({"at": "25:30", "days": "business_day"}, "2026-11-21", "2026-11-22", site=site)
    assert found.skipped.text("ja") == "停止期間: 停電"


def test_a_schedule_has_its_first_and_last_day():
    assert starts({"cron": "0 8 * * *", "from": "2026-11-21", "until": "2026-11-22"}, "2026-11-01", "2026-12-01") == [
        "11-21 08:00",
        "11-22 08:00",
    ]


def test_a_schedule_that_is_switched_off_has_no_occurrences():
    assert said({"cron": "0 8 * * *", "active": False}, "2026-11-01", "2026-12-01") == []


def test_the_companys_own_calendar_counts_and_others_by_name():
    site = SiteCalendars.model_validate(
        {
            "closed": ["2026-11-20"],
            "calendars": {
                "osaka": {"base": "company", "opened": ["2026-11-20"], "closed": ["2026-11-24"]},
                "us": {"base": "weekends"},
            },
        }
    )
    week = ("2026-11-20", "2026-11-25")
    assert starts({"at": "8:00", "days": "business_day"}, *week, site=site) == ["11-24 08:00"]
    assert starts({"at": "8:00", "days": "business_day", "calendar": "osaka"}, *week, site=site) == ["11-20 08:00"]
    assert starts({"at": "8:00", "calendar": "us"}, *week, site=site) == ["11-20 08:00", "11-23 08:00", "11-24 08:00"]
    assert starts({"at": "8:00", "calendar": "every_day"}, *week, site=site)[1] == "11-21 08:00"
    with pytest.raises(UnknownCalendar, match="osaka"):
        starts({"at": "8:00", "calendar": "osaca"}, *week, site=site)


def test_a_calendar_that_is_always_closed_moves_nothing_and_says_so():
    site = SiteCalendars(closed=frozenset(date(2026, 1, 1) + timedelta(days=n) for n in range(800)))
    every = said({"at": "8:00", "days": {"month_day": 5}, "on_closed": "next"}, "2026-11-01", "2026-12-01", site=site)
    assert ["31" in o.skipped.text("en") for o in every] == [True]


def test_new_york_keeps_its_hours_when_the_clock_changes():
    daily = {"cron": "0 9 * * *", "timezone": "America/New_York"}
    found = [o.at.isoformat() for o in said(daily, "2027-03-13", "2027-03-16")]
    assert found == ["2027-03-13T09:00:00-05:00", "2027-03-14T09:00:00-04:00", "2027-03-15T09:00:00-04:00"]


def test_a_time_that_the_clock_leaves_out_starts_after_the_change_and_one_that_comes_twice_starts_once():
    gap = said({"at": "02:30"}, "2027-03-14", "2027-03-15", zone=NEW_YORK)
    assert [o.at.astimezone(UTC).isoformat() for o in gap] == ["2027-03-14T07:30:00+00:00"]
    assert gap[0].at.isoformat() == "2027-03-14T03:30:00-04:00"
    twice = said({"at": "01:30"}, "2026-11-01", "2026-11-02", zone=NEW_YORK)
    assert [o.at.isoformat() for o in twice] == ["2026-11-01T01:30:00-04:00"]
    half_hours = said({"cron": "*/30 * * * *"}, "2027-03-14", "2027-03-15", zone=NEW_YORK)
    assert len({o.at for o in half_hours if o.skipped is None}) == 46


def test_the_next_ones_come_after_a_moment_and_in_order():
    daily = Schedule(at=("08:00",), days={"every": "business_day"}, calendar="tse")
    found = next_occurrences(daily, SITE, datetime(2026, 11, 20, 8, tzinfo=TOKYO), 100, zone=TOKYO)
    assert len(found) == 100
    assert [o.slot.isoformat() for o in found[:2]] == ["2026-11-24", "2026-11-25"]
    assert found == sorted(found, key=lambda o: o.at)
    over = Schedule(cron="0 8 * * *", until=date(2026, 11, 22))
    assert len(next_occurrences(over, SITE, datetime(2026, 11, 20, tzinfo=TOKYO), 100, zone=TOKYO)) == 3


DAYS = st.one_of(
    st.just({"every": "business_day"}),
    st.lists(st.sampled_from([*range(1, 16), *range(-15, 0)]), min_size=1, max_size=3).map(lambda n: {"nth_business_day": n}),
    st.lists(st.sampled_from([*range(1, 29), *range(-28, 0)]), min_size=1, max_size=3).map(lambda n: {"month_day": n}),
    st.lists(st.sampled_from(["mon", "wed", "sat"]), min_size=1).map(lambda n: {"weekday": n}),
)
MOVES = st.sampled_from([{}, {"before": 1}, {"before": 3}, {"after": 2}])
SCHEDULES = st.builds(
    lambda days, move, closed, calendar, at: Schedule.model_validate(
        {
            "at": at,
            "days": days if "every" in days else {**days, **move},
            "calendar": calendar,
            **({"on_closed": closed} if closed else {}),
        }
    ),
    DAYS,
    MOVES,
    st.sampled_from(["skip", "next", "previous", None]),
    st.sampled_from(["tse", "japan", "company", "weekends"]),
    st.lists(st.sampled_from(["00:00", "08:30", "25:30", "47:59"]), min_size=1, max_size=3),
)
MOMENTS = st.datetimes(datetime(2010, 1, 1), datetime(2030, 6, 1), timezones=st.sampled_from([TOKYO, NEW_YORK, UTC]))  # noqa: DTZ001


@given(SCHEDULES, MOMENTS, st.integers(1, 100))
@settings(max_examples=150, deadline=None)
def test_what_starts_is_on_a_business_day_in_order_and_once(schedule, start, days):
    found = occurrences(schedule, SITE, start, start + timedelta(days=days), zone=TOKYO)
    starting = [o for o in found if o.skipped is None]
    calendar = SITE.calendar(schedule.calendar)
    assert all(calendar.is_business_day(o.slot) for o in starting)
    assert all(start <= o.at < start + timedelta(days=days) for o in found)
    assert [o.at for o in found] == sorted(o.at for o in found)
    assert len({o.at for o in starting}) == len(starting)
    for o in starting:
        assert timedelta(0) <= o.at.replace(tzinfo=None) - datetime.combine(o.slot, datetime.min.time()) < timedelta(days=2)


@given(SCHEDULES, MOMENTS, st.integers(1, 40), st.integers(1, 40))
@settings(max_examples=100, deadline=None)
def test_two_windows_side_by_side_tell_what_one_tells(schedule, start, first, second):
    middle, end = start + timedelta(days=first), start + timedelta(days=first + second)
    parts = occurrences(schedule, SITE, start, middle, zone=TOKYO) + occurrences(schedule, SITE, middle, end, zone=TOKYO)
    assert parts == occurrences(schedule, SITE, start, end, zone=TOKYO)


@given(st.integers(2010, 2030), st.integers(1, 12), st.integers(1, 15), st.sampled_from(["tse", "japan", "weekends", "every_day"]))
@settings(max_examples=200, deadline=None)
def test_the_nth_business_day_has_n_minus_one_before_it_from_both_ends(year, month, nth, base):
    calendar = BusinessCalendar(base=base)
    whole = Month(year, month)
    first, last = nth_business_day(whole, nth, calendar), nth_business_day(whole, -nth, calendar)
    assert calendar.is_business_day(first)
    assert calendar.is_business_day(last)
    assert sum(calendar.is_business_day(d) for d in whole.days() if d < first) == nth - 1
    assert sum(calendar.is_business_day(d) for d in whole.days() if d > last) == nth - 1
