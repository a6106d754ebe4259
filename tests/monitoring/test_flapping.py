"""Flapping as Icinga 2 documents it."""

import pytest

from temanashi.monitoring.flapping import SLOTS, flapping_percent, is_flapping, remembered

EXAMPLE = "".join("1" if place in {2, 3, 4, 5, 9, 13, 16, 19} else "0" for place in range(SLOTS))


def test_the_documented_example_gives_39_1_percent():
    assert flapping_percent(EXAMPLE) == 39.1


def test_seven_results_without_a_change_end_the_documented_example():
    slots, before = EXAMPLE, True
    for _ in range(7):
        slots = remembered(slots, changed=False)
        before = is_flapping(slots, before=before)
    assert before is False


def test_results_that_are_missing_count_as_no_change():
    assert flapping_percent("1") == 5.9
    assert flapping_percent("") == 0


def test_only_the_last_20_results_count():
    assert remembered("1" * SLOTS, changed=False) == "1" * (SLOTS - 1) + "0"


@pytest.mark.parametrize(("slots", "before", "expected"), [("111111", False, True), ("11111", False, False), ("11111", True, True)])
def test_it_enters_above_30_and_leaves_below_25_percent(slots, before, expected):
    assert is_flapping(slots, before=before) is expected


def test_a_check_that_always_changes_stays_below_100_percent():
    assert flapping_percent("1" * SLOTS) == pytest.approx(99)
