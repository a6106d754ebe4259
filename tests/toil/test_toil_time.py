"""Forecast, payback and the roadmap."""

from temanashi.calendars import Month
from temanashi.toil import Invested, Planned, achievement, forecast, payback

APRIL = Month(2026, 4)


def series(*values):
    return {APRIL.shift(n): value for n, value in enumerate(values)}


def test_a_forecast_needs_three_complete_months():
    assert forecast(series(100, 90), Month(2026, 9)) is None


def test_a_forecast_goes_on_along_the_last_six_months_only():
    assert forecast(series(9999, 100, 90, 80, 70, 60, 50), APRIL.shift(8)) == 30


def test_a_forecast_is_never_below_zero():
    assert forecast(series(60, 30, 0), APRIL.shift(12)) == 0


def test_a_gap_between_months_counts_as_time():
    assert forecast({APRIL: 100, APRIL.shift(2): 80, APRIL.shift(4): 60}, APRIL.shift(5)) == 50


def months(net, upkeep=0, built=(0,)):
    return [Invested(APRIL.shift(n), value, upkeep, built[n] if n < len(built) else 0) for n, value in enumerate(net)]


def test_nothing_invested_pays_nothing_back():
    assert payback(months([1, 2, 3])).month is None


def test_the_months_before_the_first_investment_do_not_pay_it_back():
    found = payback(months([0, 0, 10, 10], built=(0, 15)))
    assert (found.month, found.months_after) == (APRIL.shift(3), 2)


def test_there_is_no_payback_while_the_last_three_months_give_nothing():
    assert payback(months([60, 0, 0, 0], built=(10,))).month is None


def test_upkeep_delays_and_a_hole_that_is_not_filled_has_no_month():
    assert payback(months([5, 5, 5], upkeep=1, built=(40,))) == ((-36, -32, -28), None, None)


def test_months_may_come_in_any_order():
    given = months([0, 5, 5, 5], built=(10,))
    assert payback(given[::-1]) == payback(given)


def test_an_item_in_progress_is_not_done():
    assert achievement([Planned(30, done=True), Planned(10, done=False)]) == 0.75
    assert achievement([]) is None
