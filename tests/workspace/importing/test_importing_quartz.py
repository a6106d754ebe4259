"""Quartz's cron and ours start at the same times, or the difference is told."""

import pytest

from temanashi.workspace.importing.rundeck.quartz import converted, simple_fields


@pytest.mark.parametrize(
    ("quartz", "cron"),
    [
        ("0 0 8 ? * MON-FRI *", "0 8 * * 1-5"),
        ("0 0 8 ? * 2-6", "0 8 * * 1-5"),
        ("0 30 6 * * ?", "30 6 * * *"),
        ("0 0/15 * ? * * *", "0-59/15 * * * *"),
        ("0 5/20 9-17 ? * SUN,WED *", "5-59/20 9-17 * * 0,3"),
        ("0 0 0 1 JAN,apr ? *", "0 0 1 1,4 *"),
        ("0 0 22-2 ? * 1 *", "0 22-23,0-2 * * 0"),
        ("0 0 6 ? * FRI-MON *", "0 6 * * 5-6,0-1"),
        ("0 */5 * * * ?", "*/5 * * * *"),
        ("0 0 2 1/2 * ? *", "0 2 1-31/2 * *"),
        ("0 0 2 ? * 2/2 *", "0 2 * * 1-6/2"),
        ("0 0 2 ? * 7 *", "0 2 * * 6"),
    ],
)
def test_what_cron_can_say(quartz, cron):
    assert converted(quartz.split()) == ({"cron": cron}, ())


@pytest.mark.parametrize(
    ("quartz", "schedule", "changed"),
    [
        ("0 0 18 L * ? *", {"at": ["18:00"], "days": {"month_day": -1}}, ()),
        ("0 0,30 18 L-2 * ?", {"at": ["18:00", "18:30"], "days": {"month_day": -3}}, ()),
        (
            "0 0 9 LW 3,6,9,12 ? *",
            {"at": ["09:00"], "days": {"nth_business_day": -1, "months": [3, 6, 9, 12]}},
            ("quartz-weekday",),
        ),
        ("5 0 9 1W * ? *", {"at": ["09:00"], "days": {"nth_business_day": 1}}, ("quartz-seconds", "quartz-weekday")),
        ("30 0 9 * * ?", {"cron": "0 9 * * *"}, ("quartz-seconds",)),
    ],
)
def test_what_days_of_the_month_can_say(quartz, schedule, changed):
    assert converted(quartz.split()) == (schedule, changed)


@pytest.mark.parametrize(
    ("quartz", "why"),
    [
        ("0 0 9 ? * 6#3 *", "quartz-special"),
        ("0 0 9 ? * 6L *", "quartz-special"),
        ("0 0 9 15W * ? *", "quartz-special"),
        ("0 0 9 L-30 * ? *", "quartz-special"),
        ("0 0/1 * L * ? *", "quartz-special"),
        ("0 0 9 L xyz ? *", "quartz-special"),
        ("0 0 9 1 1 ? 2030", "quartz-year"),
        ("0 0 9 1 * MON *", "quartz-both-days"),
        ("0 0/60x * * * ?", "quartz-unreadable"),
        ("0 61 * * * ?", "quartz-unreadable"),
        ("0 0 9 ? * 0 *", "quartz-unreadable"),
        ("0 0 9 ? * FUN *", "quartz-unreadable"),
        ("0 0/0 9 ? * 1 *", "quartz-unreadable"),
        ("0 0 9 ? * 6-2/2 *", "quartz-unreadable"),
        ("0 0 9", "quartz-unreadable"),
    ],
)
def test_what_cannot_be_said_gives_no_schedule(quartz, why):
    found = converted(quartz.split())
    assert (found.schedule, why in found.changed) == ({}, True)


def test_the_simple_form_prefers_the_weekday_where_both_days_are_given():
    written = {
        "time": {"hour": "13-23", "minute": "13/20", "seconds": 0},
        "weekday": {"day": "MON-FRI"},
        "dayofmonth": {"day": "*"},
        "month": "*",
        "year": "*",
    }
    assert converted(simple_fields(written)).schedule == {"cron": "13-59/20 13-23 * * 1-5"}
    assert converted(simple_fields({"time": {"hour": 1}, "dayofmonth": {"day": "1"}})).schedule == {"cron": "0 1 1 * *"}
    assert converted(simple_fields({"time": "x", "weekday": "*"})).schedule == {}
