"""Moments as people write them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from temanashi.workspace.importing.moments import moment_written

TOKYO = ZoneInfo("Asia/Tokyo")
HALF_PAST_EIGHT = datetime(2026, 11, 19, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-20 08:30",
        "2026-11-20T08:30",
        "2026/11/20 8:30:00",
        "2026.11.20 08:30",
        "２０２６年１１月２０日 ８時３０分",
        "2026年11月20日(金) 8:30",
        "2026-11-20, 08:30 JST",
        "2026-11-20T08:30:00+09:00",
        "2026-11-20 08:30 +0900",
        "2026-11-19T23:30:00.000Z",
        "2026-11-19 23:30 UTC",
        "2026-11-19 19:00 -0430",
        HALF_PAST_EIGHT,
        HALF_PAST_EIGHT.astimezone(TOKYO).replace(tzinfo=None),
    ],
)
def test_all_of_these_are_the_same_moment(text):
    assert moment_written(text, TOKYO) == HALF_PAST_EIGHT


def test_hours_after_midnight_belong_to_the_day_before():
    assert moment_written("2026-11-19 25:30", TOKYO) == datetime(2026, 11, 19, 16, 30, tzinfo=UTC)
    assert moment_written("2024-02-28 24:00", TOKYO) == datetime(2024, 2, 28, 15, 0, tzinfo=UTC)


NO_MOMENTS = [
    "",
    "soon",
    "2026-11-20",
    "08:30",
    "20/11/2026 08:30",
    "11/20/2026 08:30",
    "2026-02-30 08:30",
    "2026-11-20 30:00",
    "2026-11-20 08:60",
    "2026-13-01 08:30",
    "0000-01-01 00:00",
    "9999-12-31 29:59",
    "0001-01-01 00:00",
    "2026-11-20 08:30 PM",
    "2026-11-20 08:30 +9",
]


@pytest.mark.parametrize("text", [*NO_MOMENTS, 5, None])
def test_what_tells_no_moment_for_sure_is_none(text):
    assert moment_written(text, TOKYO) is None
