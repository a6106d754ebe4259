from datetime import date, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from books.bookkeeping import SATO, TOKYO, proposed
from fixtures_clock import StoppedClock
from fixtures_runs import make_engine, runbook_of
from runs.checklist_work import ICHIRO, LINES, Desk, directory, manual
from temanashi.books import Seconds, occasions_per_month, runbook_baseline, samples_of, sign, signed_versions
from temanashi.books.baseline import measured
from temanashi.books.demand import Register
from temanashi.books.reading import read_samples
from temanashi.calendars import BusinessCalendar
from temanashi.ledger.pruning import prune
from temanashi.runbooks.model import Demand
from temanashi.runs.advancing import advance
from temanashi.toil import weigh

TODAY = date(2026, 11, 20)


@pytest.fixture
def clock():
    return StoppedClock()


@pytest.fixture
def engine(tmp_path, clock):
    made = make_engine(tmp_path, clock=clock, directory=directory)
    yield made
    made.database.close()


def worked(engine, clock, *, pauses=(60, 120, 180, 240), steps=LINES, **more):
    """A run whose lines were ticked after these pauses."""
    desk = Desk(engine, clock, *steps, **more)
    desk.do("begin")
    for line, pause in enumerate(pauses, 1):
        desk.tick(line, after=pause)
    desk.close()
    advance(engine, desk.run)
    return desk


def records(engine, task="sample"):
    with engine.database.reading() as connection:
        return read_samples(engine.ledger, connection, task)


def samples(engine):
    return samples_of(records(engine), TOKYO)


def why(engine):
    (only,) = samples(engine)
    return only.refused and only.refused.key


def test_a_checklist_worked_through_line_by_line_is_a_sample(engine, clock):
    worked(engine, clock)
    (sample,) = samples(engine)
    assert (sample.refused, sample.seconds, sample.day) == (None, 600, TODAY)
    assert [(step.step, step.seconds, step.measured) for step in sample.steps] == [
        ("one", 60, True),
        ("two", 120, True),
        ("three", 180, True),
        ("four", 240, True),
    ]


def test_ticking_everything_at_the_end_is_no_sample(engine, clock):
    worked(engine, clock, pauses=(1800, 1, 1, 1))
    assert why(engine) == "runs.sample-at-once"
    assert not any(step.measured for step in samples(engine)[0].steps)


def test_two_quick_ticks_of_four_leave_a_sample_of_the_whole_but_not_of_these_lines(engine, clock):
    worked(engine, clock, pauses=(60, 2, 60, 60))
    (sample,) = samples(engine)
    assert sample.refused is None
    assert [step.measured for step in sample.steps] == [False, False, True, True]


def test_three_quick_ticks_of_four_are_no_sample(engine, clock):
    worked(engine, clock, pauses=(60, 4.9, 4.9, 60))
    assert why(engine) == "runs.sample-at-once"


def test_five_seconds_apart_is_not_at_once(engine, clock):
    worked(engine, clock, pauses=(5, 5, 5, 5))
    assert why(engine) is None


def test_a_single_line_ticked_right_after_the_start_is_no_sample(engine, clock):
    worked(engine, clock, pauses=(2,), steps=[manual("only")])
    assert why(engine) == "runs.sample-at-once"


def test_what_was_ticked_before_anybody_started_is_no_sample(engine, clock):
    desk = Desk(engine, clock)
    desk.tick(1, 2, 3, 4)
    desk.close()
    advance(engine, desk.run)
    assert why(engine) == "runs.sample-not-started"


def test_who_ticks_without_having_taken_over_spoils_the_sample(engine, clock):
    desk = Desk(engine, clock)
    desk.do("begin")
    desk.tick(1, 2, 3)
    desk.tick(4, by=ICHIRO)
    desk.close()
    advance(engine, desk.run)
    assert why(engine) == "runs.sample-not-started"


def test_a_hand_over_spoils_nothing(engine, clock):
    desk = Desk(engine, clock)
    desk.do("begin")
    desk.tick(1, 2)
    desk.do("take_over", by=ICHIRO, after=3600)
    desk.tick(3, 4, by=ICHIRO)
    desk.close(by=ICHIRO)
    advance(engine, desk.run)
    (sample,) = samples(engine)
    assert (sample.refused, sample.seconds, len(sample.people)) == (None, 240, 2)


def test_corrected_minutes_are_what_a_person_says_and_no_sample(engine, clock):
    desk = Desk(engine, clock)
    desk.do("begin")
    desk.tick(1, 2, 3, 4)
    desk.do("minutes", seconds=1800)
    desk.close()
    advance(engine, desk.run)
    assert why(engine) == "runs.sample-entered"
    assert all(step.measured for step in samples(engine)[0].steps)


@pytest.mark.parametrize("more", [{}, {"human_seconds": 600}])
def test_an_answer_for_the_whole_is_no_sample(engine, clock, more):
    desk = Desk(engine, clock)
    desk.answer(**more)
    advance(engine, desk.run)
    assert why(engine) in {"runs.sample-whole", "runs.sample-entered"}


def test_a_refused_run_and_a_drill_are_no_samples(engine, clock):
    desk = Desk(engine, clock)
    desk.do("begin")
    desk.tick(1)
    desk.close("refused", note="no")
    advance(engine, desk.run)
    worked(engine, clock, mode="drill")
    assert [sample.refused.key for sample in samples(engine)] == ["runs.sample-not-done", "books.sample-not-live"]


def test_a_run_that_fails_after_its_checklist_is_no_sample(engine, clock):
    worked(engine, clock, pauses=(60,), steps=[manual("one"), {"id": "go", "command": ["false"]}])
    assert why(engine) == "books.sample-not-done"


def test_of_a_run_with_automatic_steps_only_the_manual_ones_are_measured(engine, clock):
    worked(engine, clock, pauses=(60,), steps=[manual("one"), {"id": "go", "command": ["true"]}])
    (sample,) = samples(engine)
    assert sample.refused.key == "books.sample-part"
    assert [(step.step, step.seconds, step.measured) for step in sample.steps] == [("one", 60, True)]


def test_two_checklists_of_one_run_are_one_sample(engine, clock):
    steps = [manual("cash", value={"title": "残高", "type": "number"}), {"id": "next", "manual": "bring {{ steps.cash.value }}"}]
    desk = Desk(engine, clock, *steps)
    desk.do("begin")
    desk.do("tick", 1, value="7", after=60)
    desk.close()
    advance(engine, desk.run)
    desk.do("begin", after=5)
    desk.tick(1, after=90)
    desk.close()
    advance(engine, desk.run)
    (sample,) = samples(engine)
    assert (sample.refused, sample.seconds) == (None, 150)
    assert [step.step for step in sample.steps] == ["cash", "next"]


def test_a_pruned_sample_is_none(engine, clock):
    worked(engine, clock)
    clock.pass_by(3600)
    with engine.database.transaction() as connection:
        prune(connection, engine.ledger, before=clock.now(), actor=SATO, reason="old")
    assert why(engine) == "books.sample-pruned"


def test_a_line_that_did_not_apply_is_no_sample_of_its_step(engine, clock):
    desk = Desk(engine, clock, manual("one"), manual("two", not_applicable=True))
    desk.do("begin")
    desk.tick(1, after=60)
    desk.do("not_applicable", 2, note="closed", after=30)
    desk.close()
    advance(engine, desk.run)
    (sample,) = samples(engine)
    assert (sample.refused, sample.seconds) == (None, 90)
    assert [(step.step, step.done, step.measured) for step in sample.steps] == [("one", True, True), ("two", False, False)]


def baseline(engine, steps=LINES, *, occasions=Fraction(20)):
    return runbook_baseline(runbook_of(list(steps)), samples(engine), occasions=occasions, today=TODAY)


def test_the_baseline_tells_median_spread_and_the_step_to_automate_next(engine, clock):
    for factor in (1, 1, 2):
        worked(engine, clock, pauses=tuple(factor * pause for pause in (60, 120, 30, 20)))
    found = baseline(engine)
    assert (found.measure.samples, found.measure.median, found.measure.low, found.measure.high) == (3, 230, 230, 345)
    assert (found.grade, found.mean_seconds) == ("B", pytest.approx((230 + 230 + 460) / 3))
    two = found.steps[1]
    assert (two.measure.median, two.measure.iqr, two.share, two.monthly_seconds) == (120, 60, 1, 2400)
    assert found.next_step == "two"


def test_a_step_that_is_seldom_done_comes_later(engine, clock):
    steps = [manual("one"), manual("two", not_applicable=True)]
    worked(engine, clock, pauses=(60, 100), steps=steps)
    for _ in range(2):
        desk = Desk(engine, clock, *steps)
        desk.do("begin")
        desk.tick(1, after=60)
        desk.do("not_applicable", 2, note="closed", after=10)
        desk.close()
        advance(engine, desk.run)
    found = baseline(engine, steps)
    assert [step.share for step in found.steps] == [1, pytest.approx(1 / 3)]
    assert found.next_step == "one"


def test_without_samples_the_proposed_minutes_rank_the_steps(engine):
    found = baseline(engine, [manual("one"), manual("two", minutes=9), {"id": "three", "manual": "?"}, {"command": ["true"]}])
    assert (found.grade, found.measure, found.mean_seconds) == ("D", None, None)
    assert [(step.step, step.seconds) for step in found.steps] == [("one", 300), ("two", 540), ("three", None)]
    assert found.next_step == "two"
    assert baseline(engine, [{"command": ["true"]}]).next_step == ""


def test_without_known_demand_the_longest_step_comes_next(engine):
    found = baseline(engine, [manual("one"), manual("two", minutes=9)], occasions=None)
    assert (found.occasions, found.next_step, found.steps[1].monthly_seconds) == (None, "two", None)


def test_five_samples_make_grade_a_and_a_person_signs_their_mean(engine, clock):
    for _ in range(5):
        worked(engine, clock)
    accepted = [sample.ref for sample in samples(engine)]
    draft = sign(proposed("sample"), Seconds(setup=600), actor=SATO, now=clock.now(), zone=TOKYO, samples=accepted)
    with engine.database.transaction() as connection:
        record = engine.ledger.append(connection, draft)
    (version,) = signed_versions([record])["sample"]
    assert draft.body["evidence"] == "samples"
    assert (version.evidence.grade, version.seconds.occasion) == ("A", 600)
    assert version.evidence_on(TODAY + timedelta(days=364)).grade == "A"
    assert version.evidence_on(TODAY + timedelta(days=366)).grade == "B"


def test_a_signed_estimate_stays_grade_c():
    draft = sign(proposed(), Seconds(setup=600), actor=SATO, now=StoppedClock().now(), zone=TOKYO)
    assert draft.body["evidence"] == "estimate"


def test_only_samples_of_twelve_months_make_grade_a():
    old = [(TODAY - timedelta(days=400), 600)] * 5
    assert weigh(measured(old, TODAY)).grade == "B"
    assert weigh(measured([*old, (TODAY, 60)], TODAY)) == weigh(measured([(TODAY, 60)], TODAY))
    assert weigh(measured([(TODAY, 60)] * 5, TODAY)).grade == "A"
    assert weigh(measured([], TODAY)).grade == "D"


def test_occasions_are_those_of_the_calendar_of_a_signature_or_of_records():
    def occasions(demand, register=None):
        return occasions_per_month("t", demand, register=register or Register(), business=BusinessCalendar(), today=TODAY)

    assert occasions(Demand(calendar="month")) == 1
    assert Fraction(19) < occasions(Demand(calendar="business_day")) < Fraction(21)
    assert occasions(Demand(per_month=7.5)) == Fraction(15, 2)
    assert occasions(Demand()) is None


def test_recorded_requests_of_a_year_are_counted(books):
    for slot in range(24):
        books.demand("t", f"R-{slot}", on=TODAY - timedelta(days=slot * 10))
    from temanashi.books import registered

    register = registered(books.records, ZoneInfo("Asia/Tokyo"))
    found = occasions_per_month("t", Demand(), register=register, business=BusinessCalendar(), today=TODAY)
    assert found == 2


def test_a_drill_is_not_a_run_of_the_baseline(engine, clock):
    worked(engine, clock, mode="drill")
    assert baseline(engine).steps[0].measure is None
