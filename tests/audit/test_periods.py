from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from temanashi.audit.periods import BadPeriod, period_of
from temanashi.text import explain

TOKYO = ZoneInfo("Asia/Tokyo")


@pytest.mark.parametrize(
    ("written", "days"),
    [
        ("2026-10", "2026-10-01..2026-10-31"),
        ("2026-10-05", "2026-10-05..2026-10-05"),
        ("2026", "2026-01-01..2026-12-31"),
        ("FY2026", "2026-04-01..2027-03-31"),
        ("2026H1", "2026-04-01..2026-09-30"),
        ("2026h2", "2026-10-01..2027-03-31"),
        (" 2026-10 .. 2026-11-05 ", "2026-10-01..2026-11-05"),
        ("2024-02", "2024-02-01..2024-02-29"),
    ],
)
def test_periods_are_read_as_people_write_them(written, days):
    assert str(period_of(written)) == days
    assert str(period_of(str(period_of(written)))) == days


@pytest.mark.parametrize(
    "written",
    ["", "..", "2026-13", "2026-02-30", "26-10", "2026H3", "2026-10..", "2026-11..2026-10", "0000", "9999", "２０２６", "FY9999"],
)
def test_what_is_no_period_is_refused_with_examples(written):
    with pytest.raises(BadPeriod) as refused:
        period_of(written)
    for lang, words in (("ja", "年度"), ("en", "fiscal")):
        assert words in explain(refused.value, lang).next


def test_days_are_cut_in_the_time_zone():
    assert period_of("2026-10-05").bounds(TOKYO) == (datetime(2026, 10, 4, 15, tzinfo=UTC), datetime(2026, 10, 5, 15, tzinfo=UTC))
