"""Labels of the charts neither leave the view box nor touch one another, whatever the figures are."""

import re
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.report_cases import cases
from reports.test_report_words import EN, JA
from temanashi.books.figures import Goal, Sums
from temanashi.calendars import Month
from temanashi.reports import TrendMonth, render_html
from temanashi.reports.bridge_chart import bridge_chart, bridge_steps
from temanashi.reports.display import text_width
from temanashi.reports.drawing import Drawing, Label
from temanashi.reports.range_chart import range_chart
from temanashi.reports.trend import Projected, projections, spans, trend_of
from temanashi.reports.trend_chart import trend_chart
from temanashi.text import LANGUAGES

HUGE = 10**16
SECONDS = st.one_of(st.integers(0, 10**7), st.integers(0, HUGE))
SIGNED = st.one_of(st.integers(-(10**7), 10**7), st.integers(-HUGE, HUGE))
SHOWN = st.sampled_from([JA, EN])


@st.composite
def sums(draw):
    """Sums that add up as those of the books do; demand and method may be negative, and so may what is left."""
    baseline, demand, method, credit = draw(SECONDS), draw(SIGNED), draw(SIGNED), draw(SECONDS)
    human, new = draw(SECONDS), draw(SECONDS)
    remaining = baseline + demand + method - credit
    return Sums(
        baseline_seconds=baseline,
        demand_effect_seconds=demand,
        method_effect_seconds=method,
        credited_seconds=credit,
        remaining_seconds=remaining,
        human_seconds=human,
        new_seconds=new,
        manual_seconds=remaining + human + new,
    )


@st.composite
def trends(draw):
    first = Month(draw(st.integers(1990, 2090)), draw(st.integers(1, 12)))
    found = draw(st.lists(sums(), min_size=1, max_size=13))
    last = draw(st.sampled_from(["closed", "open", "running"]))
    states = ["open"] * (len(found) - 1) + [last]
    goal = draw(st.sampled_from([0.1, 0.5, 1.0]))
    return [
        TrendMonth(month=str(first.shift(n)), state=state, goal=goal, sums=own)
        for n, (own, state) in enumerate(zip(found, states, strict=True))
    ]


def check(drawing):
    """Every label inside, none on another; shapes inside too, to a tenth."""
    for label in drawing.labels:
        box = label.box
        assert box.left >= -0.1
        assert box.right <= drawing.width + 0.1
        assert 0 <= box.top < box.bottom <= drawing.height
    for one, other in combinations(drawing.labels, 2):
        assert not one.box.touches(other.box), (one, other)
    for shape in drawing.shapes:
        for number in re.findall(r"-?\d+\.\d", shape):
            assert -0.1 <= float(number) <= drawing.width + 0.1, shape


@settings(max_examples=60, deadline=None)
@given(trends(), SHOWN)
def test_labels_of_a_trend_have_room(trend, show):
    drawing = trend_chart(trend, projections(trend), show)
    check(drawing)
    assert sum(label.text.isdigit() and int(label.text) <= 12 for label in drawing.labels) >= 1


@settings(max_examples=60, deadline=None)
@given(sums(), SHOWN, st.sampled_from([0, 3600, HUGE]))
def test_labels_of_a_bridge_have_room_and_it_closes(own, show, goal):
    steps = bridge_steps(own)
    check(bridge_chart(steps, goal, show))
    assert steps[0].seconds + sum(step.seconds for step in steps[1:-1]) == steps[-1].reached == own.manual_seconds


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-1000, 1), min_size=4, max_size=4), st.floats(0.01, 1), SHOWN)
def test_labels_of_a_range_have_room(values, goal, show):
    low, likely, high = sorted(values[:3])
    seen = Goal(standing="probable", low=low, likely=likely, high=high, stress=values[3], progress=1, measured_share=None)
    check(range_chart(seen, goal, show))


@pytest.mark.parametrize("name", cases())
@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_number_of_the_reports_that_matters_is_written_in_its_charts(name, lang):
    own, show = cases()[name], JA if lang == "ja" else EN
    page = render_html(own, lang)
    if not own.figures.sums.baseline_seconds:
        assert 'class="chart bridge"' not in page
        return
    trend, bridge = (page.split(f'class="chart {chart}"')[1].split("</svg>")[0] for chart in ("trend", "bridge"))
    assert f">{show.hours(own.figures.sums.manual_seconds)}</text>" in trend
    for step in bridge_steps(own.figures.sums):
        told = show.hours(step.seconds) if step.end else show.signed_hours(step.seconds)
        assert f">{told}</text>" in bridge
    for chart in (trend, bridge):
        assert ("目標" if lang == "ja" else "goal") in chart
        assert "<title" in chart
        assert "<desc" in chart


def test_a_text_without_room_is_left_out_and_one_too_wide_is_cut():
    drawing = Drawing(30)
    assert drawing.label("あ" * 100, [(0, 20, "middle")])
    assert text_width(drawing.labels[0].text) * 14 <= drawing.width
    assert drawing.labels[0].text.endswith("…")
    assert not drawing.label("second", [(10, 20, "start"), (470, 20, "end"), (10, 200, "start")])
    assert len(drawing.labels) == 1


def test_a_hostile_text_is_text():
    drawing = Drawing(30)
    drawing.label("<b>&", [(0, 20, "start")], kind="quiet")
    assert drawing.content == '<text class="quiet" x="0" y="20">&lt;b&gt;&amp;</text>'
    assert Label("a", 0, 0).box.left == 0


# Months side by side


def month(text, manual=3600, baseline=7200, state="open"):
    own = Sums(baseline_seconds=baseline, remaining_seconds=manual, manual_seconds=manual)
    return TrendMonth(month=text, state=state, goal=0.5, sums=own)


def test_a_trend_has_at_most_thirteen_months_and_begins_where_counting_did():
    months = [month(str(Month(2025, 1).shift(n))) for n in range(20)]
    assert [one.month for one in trend_of(months)] == [str(Month(2025, 8).shift(n)) for n in range(13)]
    nothing = [month(f"2026-0{n}", 0, 0) for n in range(1, 5)]
    assert [one.month for one in trend_of([*nothing, month("2026-05")])] == ["2026-05"]
    assert trend_of(nothing) == ()


def test_a_forecast_needs_three_full_months_and_goes_three_ahead():
    full = [month("2026-08", 6000), month("2026-09", 5000), month("2026-10", 4000)]
    assert projections(full[:2]) == ()
    assert projections([*full[:2], month("2026-10", 4000, state="running")]) == ()
    assert projections([*full, month("2026-11", 100, state="running")]) == (
        Projected(month="2026-11", manual_seconds=3000, goal_seconds=3600),
        Projected(month="2026-12", manual_seconds=2000, goal_seconds=3600),
        Projected(month="2027-01", manual_seconds=1000, goal_seconds=3600),
    )


@pytest.mark.parametrize(
    ("last", "half", "year"),
    [
        ("2026-03", ("2025-10", 6), ("2025-04", 12)),
        ("2026-04", ("2026-04", 1), ("2026-04", 1)),
        ("2026-10", ("2026-10", 1), ("2026-04", 7)),
    ],
)
def test_halves_begin_in_april_and_october(last, half, year):
    trend = [month(str(Month.parse(last).shift(-n))) for n in reversed(range(13))]
    found = {span.sort: span for span in spans(trend)}
    assert (found["half"].first, found["half"].months) == half
    assert (found["year"].first, found["year"].months) == year
    assert found["year"].sums.manual_seconds == 3600 * year[1] == found["year"].change == found["year"].goal_seconds
    assert found["previous"].last == str(Month.parse(last).previous)


def test_the_first_month_has_no_month_before_it():
    assert [span.sort for span in spans([month("2026-11")])] == ["month", "half", "year"]
    assert spans([]) == ()
