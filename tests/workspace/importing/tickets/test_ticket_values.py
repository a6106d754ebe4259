"""Days, numbers and states as people and ticket systems write them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from temanashi.workspace.importing.tickets.values import day_in, fell_away, is_broken, is_mangled, targets_in, unwrapped

TOKYO = ZoneInfo("Asia/Tokyo")
FRIDAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-20",
        "2026/11/20",
        "２０２６／１１／２０",
        "2026.11.20",
        "20261120",
        "2026年11月20日",
        "2026年11月20日(金) 9時30分",
        "2026年11月20日（金）",
        "2026/11/20 9:30",
        "2026/11/20(金) 09:30:15",
        "2026/11/20 午後 3:05",
        "2026-11-20 09:30:15.123",
        "2026-11-20T09:30:15+09:00",
        "2026-11-20T09:30:15.250+0900",
        "2026-11-19T15:00:00Z",
        "2026-11-19 23:59:59 UTC",
        "令和8年11月20日",
        "R8.11.20",
        "20-Nov-2026",
        "20/Nov/26 9:30 AM",
        "20 November 2026",
        "Nov 20, 2026 9:30 PM",
        '="2026-11-20"',
        FRIDAY,
        datetime(2026, 11, 20, 23, 59),  # noqa: DTZ001  (as Excel saves it)
        datetime(2026, 11, 19, 15, tzinfo=UTC),
    ],
)
def test_a_day_is_understood_however_it_is_written(text):
    assert day_in(text, TOKYO) == FRIDAY


@pytest.mark.parametrize(
    "text",
    [
        "11/20/2026", "20/11/2026", "26/11/20", "46346", "2026-13-01", "2026-02-29", "昨日", "", "2026-11", "2026-11-200",
        "2026-11-20x",
        "2026-11-20T99:99:99Z", "令和8年2月30日", "=TODAY()", "2026-11-20 と 2026-11-21",
    ],
)  # fmt: skip
def test_a_day_that_nobody_can_be_sure_of_is_none(text):
    assert day_in(text, TOKYO) is None


def test_the_first_year_of_an_era_and_a_leap_day_are_days():
    assert day_in("令和元年5月1日", TOKYO) == date(2019, 5, 1)
    assert day_in("2028/02/29", TOKYO) == date(2028, 2, 29)


def test_a_moment_just_before_midnight_in_tokyo_is_of_the_month_that_ends():
    last = datetime(2026, 11, 30, 14, 59, 59, tzinfo=UTC)
    assert day_in(last.isoformat(), TOKYO) == date(2026, 11, 30)
    assert day_in((last + timedelta(seconds=1)).isoformat(), TOKYO) == date(2026, 12, 1)


@pytest.mark.parametrize(("text", "count"), [("3", 3), ("３台", 3), ("1,200 件", 1200), ("2.0", 2), ("12 hosts", 12), ('="5"', 5)])
def test_numbers_of_targets_may_have_a_unit(text, count):
    assert targets_in(text) == count


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "三", "many", "1e9", "9999999999", ""])
def test_other_numbers_are_no_targets(text):
    assert targets_in(text) is None


@pytest.mark.parametrize(
    "status",
    ["取消", "取り消し済み", "キャンセル", "却下", "却下しました", "取下げ", "中止", "完了（取消）", "クローズ - 重複",
     "Cancelled", "canceled", "Rejected", "Closed Cancelled", "closed: duplicate", "ＣＡＮＣＥＬＬＥＤ"],
)  # fmt: skip
def test_these_states_mean_that_the_work_fell_away(status):
    assert fell_away(status)


@pytest.mark.parametrize("status", ["完了", "対応中", "取消申請中", "取消依頼", "Closed", "Resolved", "cancel requested", ""])
def test_these_states_do_not(status):
    assert not fell_away(status)


def test_what_excel_did_to_numbers_is_recognised():
    assert unwrapped('="00123"') == "00123"
    assert unwrapped("=1+1") == "=1+1"
    assert is_mangled("1.23457E+12")
    assert not is_mangled("INC1E5")
    assert is_broken("#REF!")
    assert not is_broken("#12")
