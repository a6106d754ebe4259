"""Small months worked out by hand: where a wrong sign, factor or bound would show."""

from fractions import Fraction

import pytest

from temanashi.calendars import Month
from temanashi.toil import Invested, forecast, payback
from temanashi.toil.student import _expanded


@pytest.mark.parametrize(("normal", "freedom", "expected"), [(1.0, 1, 1.8125), (2.0, 2, 4.373046875), (0.0, 3, 0.0)])
def test_the_expansion_is_that_of_the_handbook(normal, freedom, expected):
    assert _expanded(normal, freedom) == expected


def months(*nets, invested=100):
    return [Invested(Month(2025, 11).shift(n), net, investment=invested if n == 0 else 0) for n, net in enumerate(nets)]


def test_hours_come_back_in_the_first_month_whose_sum_is_not_negative_across_a_new_year():
    found = payback(months(*[10] * 13))
    assert found.cumulative[0] == -90
    assert (found.month, found.months_after) == (Month(2026, 8), 9)
    assert payback(months(*[7] * 15)).months_after == 14


def test_nothing_comes_back_while_the_last_three_months_give_nothing():
    found = payback(months(200, 50, 1, -1, 0))
    assert (found.cumulative, found.month, found.months_after) == ((100, 150, 151, 150, 150), None, None)


def test_one_second_in_the_last_three_months_is_enough():
    assert payback(months(200, -5, 1, 0, 0)).month == Month(2025, 11)


def test_what_is_lost_before_the_last_three_months_does_not_count_against_them():
    found = payback(months(200, -60, -60, -60, 30, 30, 30))
    assert found.month == Month(2025, 11)
    assert found.cumulative == (100, 40, -20, -80, -50, -20, 10)


def test_without_an_investment_nothing_is_to_come_back():
    found = payback(months(5, 5, 5, invested=0))
    assert (found.cumulative, found.month, found.months_after) == ((5, 10, 15), None, None)


def test_not_yet_back_says_how_far_it_is():
    found = payback(months(10, 10, 10))
    assert (found.cumulative, found.month, found.months_after) == ((-90, -80, -70), None, None)


def test_a_line_through_a_new_year_goes_on_straight():
    told = {Month(2025, 11): 600, Month(2025, 12): 500, Month(2026, 1): 400}
    assert forecast(told, Month(2026, 3)) == 200
    assert forecast(told, Month(2026, 12)) == 0


def test_only_the_last_six_months_count_and_two_are_too_few():
    told = {Month(2026, 1): 90_000} | {Month(2026, month): 700 - 100 * (month - 2) for month in range(2, 8)}
    assert forecast(told, Month(2026, 8)) == 100
    assert forecast({Month(2026, 1): 5, Month(2026, 2): 4}, Month(2026, 8)) is None


def test_a_forecast_is_exact():
    told = {Month(2026, 1): 10, Month(2026, 2): 10, Month(2026, 3): 11}
    assert forecast(told, Month(2026, 4)) == Fraction(34, 3)
