"""A month's figures from records: every rule of the measure, through the ledger's own format."""

import random
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from books.bookkeeping import FRIDAY, NOVEMBER, Books, at, proposed
from temanashi.books import Seconds
from temanashi.calendars import BusinessCalendar, Month, slots
from temanashi.runbooks.model import Demand

MINUTE = 60
QUARTER = 15 * MINUTE
DAYS = slots("business_day", NOVEMBER, BusinessCalendar())
ON_REQUEST = Demand(per_month=10)


def reasons(figures):
    return {entry.reason: entry.runs for entry in figures.not_counted}


def test_nothing_recorded_is_a_month_without_figures(books):
    figures = books.figures([])
    assert (figures.tasks, figures.reduction, figures.outlook, figures.records_read) == ((), None, None, 0)


def test_each_business_day_costs_its_minutes_until_a_run_proves_otherwise(books):
    books.sign()
    figures = books.figures()
    assert figures.sums.baseline_seconds == figures.sums.manual_seconds == 19 * QUARTER
    assert figures.reduction == 0
    assert figures.outlook.standing == "not_met"


def test_a_live_run_on_a_business_day_takes_that_day_off(books):
    books.sign()
    books.run()
    figures = books.figures()
    assert figures.sums.credited_seconds == QUARTER
    assert figures.sums.remaining_seconds == 18 * QUARTER
    assert (figures.tasks[0].units_due, figures.tasks[0].units_credited) == (19, 1)
    assert (figures.runs_counted, figures.runs_seen) == (1, 1)


def test_a_check_every_minute_earns_no_more_than_one_check_a_business_day(books):
    books.sign()
    for day in NOVEMBER.days():
        for _ in range(20):
            books.run(on=day)
    figures = books.figures()
    assert figures.sums.manual_seconds == 0
    assert figures.runs_counted == 19
    assert reasons(figures) == {"already_credited": 19 * 19, "no_demand_unit": 11 * 20}
    assert figures.reduction == 1


def test_a_holiday_is_named_among_what_was_not_counted(books):
    books.sign()
    books.run(on=date(2026, 11, 3))
    books.run(on=date(2026, 11, 21))
    (entry,) = books.figures().not_counted
    assert [(day.isoformat(), why.text("ja")) for day, why in entry.days] == [
        ("2026-11-03", "祝日: 文化の日"),
        ("2026-11-21", "土日"),
    ]


def test_a_dry_run_and_a_drill_earn_nothing_and_say_so(books):
    books.sign()
    books.run(mode="dry_run")
    books.run(mode="drill")
    figures = books.figures()
    assert figures.sums.credited_seconds == 0
    assert reasons(figures) == {"dry_run": 1, "drill": 1}


@pytest.mark.parametrize("outcome", ["unknown", "failed", "skipped", "conflict"])
def test_a_target_that_is_not_as_wished_earns_nothing(books, outcome):
    books.sign()
    books.run(targets={"web1": outcome}, outcome="failed")
    figures = books.figures()
    assert figures.sums.credited_seconds == 0
    assert reasons(figures) == {"not_successful": 1}


@pytest.mark.parametrize("outcome", ["cancelled", "refused"])
def test_a_cancelled_or_refused_run_earns_nothing_even_for_good_targets(books, outcome):
    books.sign()
    books.run(outcome=outcome)
    assert reasons(books.figures()) == {"cancelled": 1}


def test_a_failed_run_is_credited_for_its_good_targets(books):
    seconds = Seconds.of_minutes(10, 4, 5)
    books.sign(proposed(), seconds)
    books.run(targets={f"web{n}": "changed" for n in range(4)} | {"web4": "failed"}, outcome="failed", human=6 * MINUTE)
    figures = books.figures()
    assert figures.sums.credited_seconds == 16 * MINUTE
    assert figures.sums.remaining_seconds == (18 * 30 + 14) * MINUTE
    assert figures.sums.human_seconds == 6 * MINUTE


def test_a_retry_earns_only_what_the_first_try_left(books):
    books.sign(proposed(), Seconds.of_minutes(0, 4, 2))
    books.run(targets={"web1": "changed", "web2": "failed"}, outcome="failed")
    books.run(targets={"web1": "already", "web2": "changed"})
    books.run(targets={"web1": "already", "web2": "already"})
    figures = books.figures()
    assert figures.sums.credited_seconds == 8 * MINUTE
    assert (figures.runs_counted, reasons(figures)) == (2, {"already_credited": 1})


def test_more_targets_than_were_signed_earn_no_more(books):
    books.sign(proposed(), Seconds.of_minutes(0, 4, 2))
    books.run(targets={f"web{n}": "changed" for n in range(9)})
    assert books.figures().sums.credited_seconds == 8 * MINUTE


def test_a_step_without_a_host_is_no_further_target(books):
    books.sign(proposed(), Seconds.of_minutes(0, 4, 3))
    books.run(targets={"-": "changed", "web1": "changed", "web2": "failed"}, outcome="failed")
    books.run(on=date(2026, 11, 19), targets={"-": "changed"})
    assert books.figures().sums.credited_seconds == 8 * MINUTE


def test_one_number_for_the_whole_occasion_is_earned_only_when_all_targets_are_done(books):
    books.sign()
    books.run(targets={"web1": "changed", "web2": "failed"}, outcome="failed")
    assert reasons(books.figures()) == {"not_successful": 1}
    books.run(targets={"web2": "changed"})
    assert books.figures().sums.credited_seconds == QUARTER


def test_what_was_earned_is_not_lost_by_a_later_failure(books):
    books.sign()
    books.run()
    books.run(targets={"localhost": "changed", "web9": "failed"}, outcome="failed")
    figures = books.figures()
    assert (figures.sums.credited_seconds, reasons(figures)) == (QUARTER, {"already_credited": 1})


def test_a_run_without_targets_counts_by_its_outcome(books):
    books.sign()
    record = books.run()
    books.records[-1] = record.model_copy(update={"draft": record.draft.model_copy(update={"targets": ()})})
    assert books.figures().sums.credited_seconds == QUARTER


def test_an_unsigned_task_earns_nothing_and_shows_what_it_would_be(books):
    books.run()
    books.run()
    figures = books.figures()
    (task,) = figures.unsigned
    assert (figures.sums.credited_seconds, figures.sums.baseline_seconds) == (0, 0)
    assert (task.would_be.credited_seconds, task.would_be.baseline_seconds) == (QUARTER, 19 * QUARTER)
    assert reasons(figures) == {"unsigned": 1, "already_credited": 1}
    assert task.minutes.setup == QUARTER


def test_an_unsigned_task_without_proposed_minutes_has_no_would_be(books):
    books.run()
    figures = books.figures([proposed(minutes=0)])
    assert figures.tasks[0].would_be is None
    assert reasons(figures) == {"unsigned": 1}


def test_a_task_that_only_runs_know_is_shown_under_its_id(books):
    books.run("old-task")
    (task,) = books.figures([]).tasks
    assert (task.title.text("ja"), task.signed) == ("old-task", False)


def test_runs_without_a_task_are_told_apart(books):
    books.run("")
    figures = books.figures([])
    assert (figures.tasks, reasons(figures), figures.runs_seen) == ((), {"no_task": 1}, 1)


def test_a_signed_task_stays_in_the_baseline_when_its_runbook_is_gone(books):
    books.sign()
    figures = books.figures([])
    assert figures.sums.remaining_seconds == 19 * QUARTER
    assert figures.tasks[0].title.text("ja") == "朝の点検"


def test_a_cancelled_slot_is_no_longer_due_and_its_reason_is_kept(books):
    books.sign()
    books.cancel("morning-checks", "2026-11-19")
    books.run(on=date(2026, 11, 19))
    figures = books.figures()
    assert figures.sums.remaining_seconds == 18 * QUARTER
    assert figures.sums.demand_effect_seconds == -QUARTER
    assert figures.units_cancelled == (("morning-checks", "2026-11-19", "停電のため"),)
    assert figures.not_counted[0].days[0][1].text("ja") == "取り消し済み: 停電のため"


def test_a_running_month_counts_what_is_due_up_to_today(books):
    books.sign()
    books.run()
    books.run(on=FRIDAY, slot="2026-11-24")
    figures = books.figures(now=at(FRIDAY, 12))
    assert figures.running
    assert figures.tasks[0].units_due == 14
    assert figures.not_counted[0].days[0][1].text("en") == "not due yet"


def test_a_month_to_come_has_nothing_due(books):
    books.sign()
    assert books.figures(month=Month(2027, 1), now=at(FRIDAY)).sums.baseline_seconds == 0


def test_the_month_turns_at_midnight_in_tokyo(books):
    books.sign()
    books.run(on=date(2026, 11, 30), hour=23)
    books.run(on=date(2026, 12, 1), hour=0)
    assert books.figures().sums.credited_seconds == QUARTER
    assert books.figures(month=NOVEMBER.next).sums.credited_seconds == QUARTER


def test_a_signature_counts_from_its_own_day_on(books):
    books.sign(valid_from=date(2026, 11, 16), on=date(2026, 11, 16))
    books.run(on=date(2026, 11, 13))
    books.run(on=date(2026, 11, 16))
    figures = books.figures()
    assert figures.tasks[0].flags == ("part_of_month",)
    assert figures.tasks[0].units_due == 10
    assert reasons(figures) == {"unsigned": 1}


def test_a_later_version_changes_only_what_comes_after_its_first_day(books):
    books.sign(on=date(2026, 10, 5))
    books.sign(seconds=Seconds.of_minutes(30), on=date(2026, 11, 9), valid_from=date(2026, 11, 16))
    books.run(on=date(2026, 11, 2))
    books.run(on=date(2026, 11, 30))
    figures = books.figures()
    assert figures.sums.baseline_seconds == 9 * QUARTER + 10 * 2 * QUARTER
    assert figures.sums.credited_seconds == 3 * QUARTER
    assert books.figures(month=NOVEMBER.previous).sums.baseline_seconds == 21 * QUARTER
    assert figures.tasks[0].versions == 2


def test_a_weekly_task_is_done_by_a_run_on_any_day_of_the_week(books):
    task = proposed(demand=Demand(calendar="week"))
    books.sign(task)
    books.run(on=date(2026, 11, 6))
    books.run(on=date(2026, 11, 7))
    books.run(on=date(2026, 12, 2))
    figures = books.figures([task])
    assert (figures.tasks[0].units_due, figures.tasks[0].units_credited) == (5, 2)
    assert reasons(figures) == {"already_credited": 1}


def test_a_monthly_task_has_one_slot(books):
    task = proposed(demand=Demand(calendar="month"))
    books.sign(task)
    books.run(on=date(2026, 11, 28))
    assert books.figures([task]).reduction == 1


def test_requests_are_due_as_recorded_and_growth_is_avoided_work(books):
    task = proposed("reset-password", minutes=6, demand=ON_REQUEST)
    books.sign(task)
    for n in range(16):
        books.demand("reset-password", f"T-{n}", on=date(2026, 11, 2))
        if n < 15:
            books.run("reset-password", slot=f"T-{n}", on=date(2026, 11, 4))
    books.run("reset-password", slot="T-999")
    figures = books.figures([task])
    assert figures.sums.baseline_seconds == 60 * MINUTE
    assert figures.sums.demand_effect_seconds == 36 * MINUTE
    assert figures.sums.credited_seconds == 90 * MINUTE
    assert figures.sums.manual_seconds == 6 * MINUTE
    assert figures.tasks[0].avoided_growth_seconds == 30 * MINUTE
    assert reasons(figures) == {"no_demand_unit": 1}


def test_a_request_belongs_to_the_month_of_its_own_day(books):
    task = proposed("reset-password", demand=ON_REQUEST)
    books.sign(task, on=date(2026, 10, 1))
    books.demand("reset-password", "T-1", on=date(2026, 11, 2), day=date(2026, 10, 31))
    books.run("reset-password", slot="T-1", on=date(2026, 11, 2))
    assert books.figures([task], month=NOVEMBER.previous).sums.credited_seconds == QUARTER
    assert books.figures([task]).sums.credited_seconds == 0


def test_a_request_for_several_targets_costs_and_earns_by_target(books):
    task = proposed("open-port", demand=ON_REQUEST)
    books.sign(task, Seconds.of_minutes(5, 2))
    books.demand("open-port", "T-1", targets=3)
    books.run("open-port", slot="T-1", targets={"a": "changed", "b": "changed", "c": "failed"}, outcome="failed")
    figures = books.figures([task])
    assert figures.sums.credited_seconds == 4 * MINUTE
    assert figures.sums.remaining_seconds == 7 * MINUTE


def test_the_same_key_twice_is_one_request_and_a_cancelled_one_is_none(books):
    task = proposed("reset-password", demand=ON_REQUEST)
    books.sign(task)
    books.demand("reset-password", "T-1")
    books.demand("reset-password", "T-1")
    books.demand("reset-password", "T-2")
    books.cancel("reset-password", "T-2", reason="二重の依頼")
    figures = books.figures([task])
    assert (figures.tasks[0].units_due, figures.units_cancelled[0][1]) == (1, "T-2")


def test_without_a_register_successes_are_capped_at_the_baseline_and_flagged(books):
    task = proposed("reset-password", minutes=6, demand=ON_REQUEST)
    books.sign(task)
    for n in range(14):
        books.run("reset-password", slot=f"T-{n % 13}")
    books.run("reset-password", slot="T-x", targets={"a": "changed", "b": "failed"}, outcome="failed")
    figures = books.figures([task])
    assert figures.sums.credited_seconds == figures.sums.baseline_seconds == 60 * MINUTE
    assert figures.tasks[0].flags == ("demand_unverified",)
    assert reasons(figures) == {"unverified": 3, "not_successful": 1, "already_credited": 1}


def test_without_a_register_what_nobody_proved_remains(books):
    task = proposed("reset-password", minutes=6, demand=ON_REQUEST)
    books.sign(task)
    books.run("reset-password", slot="")
    figures = books.figures([task])
    assert figures.sums.remaining_seconds == 54 * MINUTE
    assert figures.tasks[0].units_due == 10


def test_the_baseline_of_requests_is_prorated_while_the_month_runs(books):
    task = proposed("reset-password", minutes=6, demand=ON_REQUEST)
    books.sign(task)
    books.demand("reset-password", "T-1")
    figures = books.figures([task], now=at(FRIDAY, 12))
    assert figures.sums.baseline_seconds == 40 * MINUTE
    assert figures.tasks[0].flags == ("prorated",)


def test_human_time_counts_whatever_the_outcome_and_the_same_seconds_once(books):
    books.sign()
    books.run(outcome="failed", targets={"localhost": "failed"}, human=4 * MINUTE)
    books.run(on=date(2026, 11, 21), human=MINUTE)
    figures = books.figures()
    assert figures.sums.human_seconds == 5 * MINUTE
    assert figures.sums.manual_seconds == 19 * QUARTER + 5 * MINUTE
    assert figures.reduction < 0


def test_human_time_of_an_unsigned_task_is_not_hidden(books):
    books.run(human=MINUTE)
    figures = books.figures()
    assert (figures.sums.human_seconds, figures.outlook, figures.reduction) == (MINUTE, None, None)


def test_work_that_people_did_by_hand_is_neither_automation_nor_counted_twice(books):
    books.sign()
    books.by_hand(human=12 * MINUTE)
    figures = books.figures()
    assert figures.sums.manual_seconds == 19 * QUARTER
    assert figures.tasks[0].measured_by_hand_seconds == 12 * MINUTE
    assert reasons(figures) == {"by_hand": 1}


def test_work_by_hand_on_top_of_a_credited_run_is_human_time(books):
    books.sign()
    books.run()
    books.by_hand(human=12 * MINUTE)
    figures = books.figures()
    assert figures.sums.credited_seconds == QUARTER
    assert figures.sums.human_seconds == 12 * MINUTE


def test_a_partly_manual_run_is_credited_less_its_human_time(books):
    books.sign()
    run = books.by_hand(human=3 * MINUTE)
    step = run.draft.model_copy(update={"kind": "step_done", "step": "restart", "human_seconds": 0})
    books.write(step, at(FRIDAY))
    figures = books.figures()
    assert (figures.sums.credited_seconds, figures.sums.human_seconds) == (QUARTER, 3 * MINUTE)


def test_a_partly_manual_run_whose_human_time_nobody_recorded_earns_nothing(books):
    books.sign()
    run = books.by_hand(human=0)
    books.write(run.draft.model_copy(update={"kind": "step_done", "step": "restart"}), at(FRIDAY))
    figures = books.figures()
    assert (figures.sums.credited_seconds, reasons(figures)) == (0, {"unknown_effort": 1})


def test_a_task_that_begins_later_and_that_nobody_proposes_is_not_shown(books):
    books.sign(valid_from=date(2027, 1, 1))
    assert books.figures([]).tasks == ()


def test_goal_standing_says_probable_while_minutes_are_estimates(books):
    books.sign()
    for day in DAYS:
        books.run(on=day)
    figures = books.figures()
    assert (figures.outlook.standing, figures.outlook.measured_share, figures.outlook.progress) == ("probable", 0.0, 2.0)


def test_sums_by_category_add_up(books):
    books.sign()
    other = proposed("rotate-logs", category="maintenance", minutes=20)
    books.sign(other)
    books.run("rotate-logs")
    figures = books.figures([proposed(), other])
    assert {name: s.baseline_seconds for name, s in figures.by_category.items()} == {"routine": 19 * 900, "maintenance": 19 * 1200}


def test_figures_survive_json(books):
    books.sign()
    books.run()
    books.run(on=date(2026, 11, 3))
    figures = books.figures()
    assert type(figures).model_validate_json(figures.model_dump_json()) == figures


WORK = st.lists(
    st.tuples(
        st.sampled_from(["morning-checks", "reset-password", "rotate-logs"]),
        st.integers(2, 30),  # 1 November is of the week before
        st.sampled_from(["done", "failed", "cancelled"]),
        st.sampled_from(["live", "live", "dry_run"]),
        st.dictionaries(st.sampled_from("abc"), st.sampled_from(["changed", "already", "failed", "unknown"]), min_size=1),
        st.integers(0, 3000),
    ),
    max_size=25,
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=60)
@given(WORK, st.integers(0, 20), st.randoms(use_true_random=False))
def test_for_any_month_the_bridge_closes_credit_stays_within_demand_and_order_does_not_matter(work, requests, rng):
    books = Books()
    tasks = [proposed(), proposed("reset-password", demand=ON_REQUEST), proposed("rotate-logs", demand=Demand(calendar="week"))]
    books.sign(tasks[0])
    books.sign(tasks[1], Seconds.of_minutes(1, 2, 3))
    books.sign(tasks[2], Seconds.of_minutes(3, 7, 2))
    for n in range(requests):
        books.demand("reset-password", f"T-{n}", on=date(2026, 11, 1 + n))
    for task, day, outcome, mode, targets, human in work:
        slot = f"T-{day}" if task == "reset-password" else None
        books.run(task, on=date(2026, 11, day), slot=slot, outcome=outcome, mode=mode, targets=targets, human=human)
    figures = books.figures(tasks)
    for sums in (figures.sums, *(task.sums for task in figures.tasks)):
        bridge = sums.baseline_seconds + sums.demand_effect_seconds + sums.method_effect_seconds - sums.credited_seconds
        assert bridge + sums.human_seconds + sums.new_seconds == sums.manual_seconds
        assert 0 <= sums.credited_seconds <= sums.baseline_seconds + sums.demand_effect_seconds
    assert figures.outlook.low <= figures.outlook.likely <= figures.outlook.high
    assert figures.runs_seen == len(work)
    shuffled = books.records + books.records[::3]
    rng.shuffle(shuffled)
    again = books.figures(tasks, records=shuffled)
    assert again == figures


def test_more_runs_of_the_same_days_never_improve_the_month_twice():
    books = Books()
    books.sign()
    for day in random.Random(3).sample(DAYS, 9):
        books.run(on=day)
    once = books.figures().sums
    for record in [r for r in books.records if r.draft.kind == "run_finished"]:
        books.run(on=record.draft.slot and date.fromisoformat(record.draft.slot))
    assert books.figures().sums == once
