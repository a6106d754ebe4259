import statistics
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from temanashi.toil import spread


def test_of_nothing_there_is_no_spread():
    assert spread([]) is None


def test_one_sample_is_its_own_median_and_quartiles():
    assert spread([90]) == (1, 90, 90, 90)


def test_quartiles_lie_between_samples():
    found = spread([60, 120, 180, 600])
    assert (found.low, found.median, found.high) == (105, 150, 285)
    assert found.iqr == 180


@given(st.lists(st.integers(0, 100_000), min_size=2, max_size=40))
def test_it_is_what_the_statistics_of_python_say(samples):
    found = spread(samples)
    expected = statistics.quantiles([Fraction(s) for s in samples], n=4, method="inclusive")
    assert [found.low, found.median, found.high] == expected
    assert found.samples == len(samples)
