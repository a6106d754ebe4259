from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from temanashi.runbooks.cron import cron_flaw

WITHOUT_NAMES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))


@pytest.mark.parametrize(
    "cron",
    [
        "0 8 * * 1-5",
        "*/10 * * * *",
        "0,30 8-18 * * mon-fri",
        "0 0 1 jan,JUL *",
        "15 6 1-31/2 * *",
        "0 0 29 2 *",
        "0 0 * * 7",
        " 0  8 * * * ",
    ],
)
def test_usual_schedules_are_fine(cron):
    assert cron_flaw(cron) is None


@pytest.mark.parametrize(
    ("cron", "key", "part"),
    [
        ("", "fields", ""),
        ("0 8 * *", "fields", ""),
        ("0 0 8 * * 1-5", "fields", ""),
        ("@daily", "fields", ""),
        ("60 8 * * *", "field", "60"),
        ("0 24 * * *", "field", "24"),
        ("0 8 0 * *", "field", "0"),
        ("0 8 * 13 *", "field", "13"),
        ("0 8 * * 8", "field", "8"),
        ("0 8 * * fri-mon", "field", "fri-mon"),
        ("0 8 * * foo", "field", "foo"),
        ("0 8 * mon *", "field", "mon"),
        ("*/0 8 * * *", "field", "*/0"),
        ("5/15 8 * * *", "field", "5/15"),
        ("1,,2 8 * * *", "field", "1,,2"),
        ("0 8 L * *", "field", "l"),
        ("0 8 * * 5#2", "field", "5#2"),
        ("R 8 * * *", "field", "r"),
        ("５ 8 * * *", "field", "５"),
        ("0 0 30 2 *", "never", ""),
        ("0 0 31 4,6,9,11 *", "never", ""),
        ("0 0 30 2 0-6", "never", ""),
        ("0 0 30 2 0", "never", ""),
    ],
)
def test_other_schedules_are_refused_with_the_field(cron, key, part):
    flaw = cron_flaw(cron)
    assert flaw.key == f"workspace.cron-{key}"
    for lang in ("ja", "en"):
        text = flaw.text(lang)
        assert "{" not in text
        assert part in text.lower()


def fields():
    def field(low, high):
        number = st.integers(low, high)
        pair = st.tuples(number, number).map(sorted).map(lambda two: f"{two[0]}-{two[1]}")
        stepped = st.tuples(st.just("*") | pair, st.integers(1, high)).map(lambda two: f"{two[0]}/{two[1]}")
        return st.lists(number.map(str) | pair | stepped | st.just("*"), min_size=1, max_size=3).map(",".join)

    return st.tuples(*(field(low, high) for low, high in WITHOUT_NAMES)).map(" ".join)


@given(fields())
@settings(max_examples=80, deadline=None)
def test_what_is_accepted_prefect_schedules(cron):
    from prefect._vendor.croniter import croniter

    if cron_flaw(cron) is None:
        assert croniter(cron, datetime(2026, 11, 20, tzinfo=UTC)).get_next(datetime) > datetime(2026, 11, 20, tzinfo=UTC)
