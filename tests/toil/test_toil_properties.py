"""What must hold for every month that can be."""

import random
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from temanashi.toil import (
    Cost,
    Effort,
    Estimated,
    Figures,
    Graded,
    Measured,
    Standing,
    Success,
    Unit,
    event_baseline,
    figures_of,
    first_successes,
    graded_share,
    grouped,
    growth,
    human_seconds,
    outlook,
    t_quantile,
    total,
    unverified,
    verdict,
    weigh,
)

HALF = Fraction(1, 2)
SECONDS = st.integers(0, 100_000)
COSTS = st.builds(Cost, SECONDS, SECONDS)
UNITS = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(0, 50)).map(lambda t: Unit(max(t[:2]), min(t[:2]), t[2])),
    max_size=12,
)
SUCCESSES = st.lists(
    st.builds(Success, st.integers(1, 99), st.sampled_from("ab"), st.sampled_from(["1", "2"]), st.sampled_from("xyz")), max_size=30
)


@st.composite
def months(draw):
    cost, units = draw(COSTS), draw(UNITS)
    now = Cost(draw(st.integers(0, cost.setup)), draw(st.integers(0, cost.per_target)))
    return figures_of(baseline=draw(SECONDS), cost=cost, now=now, units=units, human=draw(SECONDS), new=draw(SECONDS))


@given(st.lists(months(), max_size=5))
def test_the_bridge_closes_to_the_second(figures):
    whole = total(figures)
    assert whole.bridged == whole.manual == sum(own.manual for own in figures)


@given(COSTS, UNITS)
def test_credit_never_exceeds_demand_and_what_is_not_credited_remains(cost, units):
    assert 0 <= cost.credited(units) <= cost.demanded(units)
    assert cost.credited(units) + cost.remaining(units) == cost.demanded(units)


@given(COSTS, st.integers(1, 20), st.data())
def test_one_more_target_done_never_raises_what_remains(cost, targets, data):
    done = data.draw(st.integers(0, targets - 1))
    assert cost.remaining([Unit(targets, done + 1)]) <= cost.remaining([Unit(targets, done)])


@given(SUCCESSES, st.randoms())
def test_order_and_repetition_of_successes_do_not_matter(successes, rng):
    shuffled = successes + successes[: len(successes) // 2]
    rng.shuffle(shuffled)
    assert first_successes(shuffled) == first_successes(successes)


@given(st.lists(months(), max_size=6), st.randoms())
def test_order_of_tasks_does_not_matter(figures, rng):
    shuffled = list(figures)
    rng.shuffle(shuffled)
    assert total(shuffled) == total(figures)


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=12), st.integers(0, 30))
def test_low_likely_and_high_of_samples_are_in_order(samples, age):
    low, likely, high = weigh(Measured(tuple(samples), age)).range
    assert 0 <= low <= likely <= high


@given(st.one_of(SECONDS, st.tuples(SECONDS, SECONDS, SECONDS)))
def test_low_likely_and_high_of_an_estimate_are_in_order(said):
    from datetime import date

    low, likely, high = weigh(Estimated(said, "a.sato", date(2026, 4, 3))).range
    assert 0 <= low <= likely <= high


FACTORS = st.fractions(0, 1)


@given(st.lists(st.builds(Graded, months(), st.sampled_from("ABC"), FACTORS, FACTORS.map(lambda f: 1 + f)), max_size=5))
def test_the_scenarios_enclose_the_likely_one(tasks):
    seen = outlook(tasks, HALF)
    if seen is not None:
        assert seen.low <= seen.likely <= seen.high
        assert (seen.standing is Standing.NOT_MET) == (seen.likely < HALF)


# Known values


@pytest.mark.parametrize(
    ("freedom", "expected"),
    [
        (1, 6.3138),
        (2, 2.9200),
        (3, 2.3534),
        (4, 2.1318),
        (5, 2.0150),
        (6, 1.9432),
        (9, 1.8331),
        (10, 1.8125),
        (19, 1.7291),
        (29, 1.6991),
        (30, 1.6973),
        (60, 1.6706),
        (120, 1.6577),
        (1000, 1.6464),
        (10_000_000, 1.6449),
    ],
)
def test_t_quantiles_agree_with_published_tables(freedom, expected):
    assert t_quantile(freedom) == pytest.approx(expected, abs=5.1e-5)


def test_the_expansion_meets_the_exact_series():
    assert t_quantile(400) - t_quantile(401) == pytest.approx(9.5e-6, abs=1e-6)


def test_a_quantile_needs_two_samples():
    with pytest.raises(ValueError, match="two samples"):
        t_quantile(0)


def test_few_or_old_samples_are_grade_b_and_wide():
    assert weigh(Measured((600,))).grade == "B"
    old = weigh(Measured((600, 600, 600, 600, 600), 13))
    assert (old.grade, old.range.low, old.range.high) == ("B", 420, 780)
    assert weigh(Measured((600, 600, 600, 600, 600), 12)).grade == "A"
    assert weigh(Measured((100, 600, 600, 600, 5000), 13)).range == (100, 1380, 5000)


def test_an_estimate_without_author_or_date_is_no_evidence():
    from datetime import date

    assert weigh(Estimated(600, "", date(2026, 4, 3))).grade == "D"
    assert weigh(Estimated(600, "a.sato")).grade == "D"
    assert weigh(Measured(())).grade == "D"


def test_three_points_of_the_author_are_taken_as_they_are():
    from datetime import date

    assert weigh(Estimated((1500, 600, 900), "a.sato", date(2026, 4, 3))).range == (600, 900, 1500)


def test_factors_of_nothing_are_one():
    assert weigh(None).range.factors == (1, 1)
    assert weigh(Measured((60, 120))).range.factors == (Fraction(2, 3), Fraction(4, 3))


def test_met_needs_the_low_estimate_and_half_of_the_credit_measured():
    assert verdict(Fraction(6, 10), Fraction(7, 10), HALF) is Standing.MET
    assert verdict(HALF, HALF, HALF, measured=HALF) is Standing.MET
    assert verdict(Fraction(6, 10), Fraction(7, 10), HALF, measured=Fraction(49, 100)) is Standing.PROBABLE
    assert verdict(Fraction(6, 10), Fraction(7, 10), HALF, measured=None) is Standing.PROBABLE
    assert verdict(Fraction(4, 10), HALF, HALF) is Standing.PROBABLE
    assert verdict(Fraction(4, 10), Fraction(49, 100), HALF) is Standing.NOT_MET


def test_the_stress_line_takes_automated_tasks_low_and_the_rest_high():
    automated = Graded(Figures(baseline=1000, gross=1000), "C", HALF, Fraction(3, 2))
    manual = Graded(Figures(baseline=1000, remaining=1000), "C", HALF, Fraction(3, 2))
    seen = outlook([automated, manual], HALF)
    assert (seen.low, seen.likely, seen.high) == (HALF, HALF, HALF)
    assert seen.stress == Fraction(1, 4)
    assert seen.standing is Standing.PROBABLE
    assert seen.measured == 0


def test_without_a_baseline_there_is_no_standing():
    assert outlook([], HALF) is None
    assert outlook([Graded(Figures(human=60))], HALF) is None
    assert outlook([Graded(Figures(baseline=60), "A", Fraction(0))], HALF) is None
    assert Figures(human=60).reduction is None
    assert Figures(human=60).reduction_without_new is None
    assert Figures(human=60).progress(HALF) is None


def test_a_month_worse_than_its_baseline_is_not_clipped():
    assert Figures(baseline=60, remaining=60, human=60).reduction == -1


def test_minutes_rise_only_with_a_new_baseline_version():
    with pytest.raises(ValueError, match="new baseline version"):
        figures_of(baseline=0, cost=Cost(0, 60), now=Cost(0, 61), units=[Unit(1)])


@pytest.mark.parametrize("bad", [(1, 2), (1, -1), (1, 0, -1)])
def test_a_unit_cannot_have_more_done_than_it_has(bad):
    with pytest.raises(ValueError, match="cannot have"):
        Unit(*bad)


@pytest.mark.parametrize("bad", [(-1, 0), (0, -1)])
def test_seconds_by_hand_are_not_negative(bad):
    with pytest.raises(ValueError, match="negative"):
        Cost(*bad)


def test_nothing_costs_nothing():
    assert Cost(600, 60).of(0) == 0


def test_an_effort_told_twice_counts_once_at_its_most():
    assert human_seconds([Effort("a", 60), Effort("a", 90), Effort("a", 30), Effort("b", 10)]) == 100


def test_the_baseline_of_a_running_month_is_its_share_of_days_to_the_nearest_second():
    assert event_baseline(Fraction(10), 60) == 600
    assert event_baseline(Fraction(10), 60, elapsed=20, days=30) == 400
    assert event_baseline(Fraction(1), 1, elapsed=1, days=2) == 1
    assert event_baseline(Fraction(1), 1, elapsed=1, days=3) == 0


def test_growth_is_credit_beyond_the_baseline():
    assert growth(100, 60) == (60, 40)
    assert growth(50, 60) == (50, 0)
    assert growth(50, -5) == (0, 50)


def test_unverified_successes_are_capped_at_the_baseline():
    assert unverified(80, 50) == (50, 30)
    assert unverified(30, 50) == (30, 0)


def test_shares_of_no_credit_are_unknown():
    assert graded_share([("A", 0)], "A") is None
    assert graded_share([("A", 30), ("C", 10)], "AB") == Fraction(3, 4)


def test_sums_by_category_owner_or_system():
    figures = {"a": Figures(baseline=1), "b": Figures(baseline=2), "c": Figures(baseline=4)}
    assert grouped(figures, lambda task: "x" if task != "b" else "y") == {"x": Figures(baseline=5), "y": Figures(baseline=2)}


def test_more_runs_of_the_same_unit_change_nothing():
    once = [Success(1, "t", "2026-11-20", "web1")]
    many = once + [Success(n, "t", "2026-11-20", "web1") for n in range(2, 500)]
    random.Random(1).shuffle(many)
    assert first_successes(many) == first_successes(once)
