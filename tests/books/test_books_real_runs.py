"""Figures of runs that really ran: the engine's records mean to the books what the engine meant."""

import pytest

from books.bookkeeping import SATO, TOKYO
from fixtures_runs import BOB, asking, make_engine, runbook_of
from temanashi.books import month_figures, proposed_tasks, read_month, sign
from temanashi.calendars import BusinessCalendar, Month, day_of
from temanashi.runs.advancing import advance
from temanashi.runs.decisions import decide
from temanashi.runs.requests import dry_run, request_run

DAILY = {"demand": {"calendar": "day"}, "minutes": 15}
WORKS = {"id": "works", "command": ["true"]}
LOOKS = {"id": "looks", "manual": "見てください。"}


@pytest.fixture
def engine(tmp_path):
    made = make_engine(tmp_path)
    yield made
    made.database.close()


def figures(engine, runbook):
    now = engine.clock.now()
    month = Month.of(day_of(now, TOKYO))
    with engine.database.reading() as connection:
        records = read_month(engine.ledger, connection, month, zone=TOKYO)
    return month_figures(records, proposed_tasks([runbook]), month, now=now, zone=TOKYO, goal=0.5, calendar=BusinessCalendar())


def signed(engine, runbook):
    (task,) = proposed_tasks([runbook])
    with engine.database.transaction() as connection:
        engine.ledger.append(connection, sign(task, task.seconds, actor=SATO, now=engine.clock.now(), zone=TOKYO))


def done(engine, runbook, *, human=None):
    run = request_run(engine, asking(runbook))
    advance(engine, run)
    if human is not None:
        decide(engine, run, actor=BOB, channel="cli", verdict="done", human_seconds=human)
        advance(engine, run)


def reasons(seen):
    return {entry.reason: entry.runs for entry in seen.not_counted}


def test_an_automated_run_earns_the_minutes_of_its_day_once_and_a_dry_run_nothing(engine):
    runbook = runbook_of([WORKS], toil=DAILY)
    signed(engine, runbook)
    done(engine, runbook)
    done(engine, runbook)
    dry_run(engine, asking(runbook))
    seen = figures(engine, runbook)
    assert seen.sums.credited_seconds == 900
    assert reasons(seen) == {"already_credited": 1, "dry_run": 1}


def test_a_failed_run_earns_nothing(engine):
    runbook = runbook_of([WORKS, {"id": "fails", "command": ["false"]}], toil=DAILY)
    signed(engine, runbook)
    done(engine, runbook)
    assert reasons(figures(engine, runbook)) == {"not_successful": 1}


def test_a_checklist_that_a_person_worked_through_is_a_measurement(engine):
    runbook = runbook_of([LOOKS], toil=DAILY)
    signed(engine, runbook)
    done(engine, runbook, human=420)
    seen = figures(engine, runbook)
    assert reasons(seen) == {"by_hand": 1}
    assert (seen.sums.credited_seconds, seen.sums.human_seconds, seen.tasks[0].measured_by_hand_seconds) == (0, 0, 420)


def test_a_mixed_run_is_credited_less_what_the_person_spent(engine):
    runbook = runbook_of([WORKS, LOOKS], toil=DAILY)
    signed(engine, runbook)
    done(engine, runbook, human=120)
    seen = figures(engine, runbook)
    assert (seen.sums.credited_seconds, seen.sums.human_seconds) == (900, 120)


def test_a_mixed_run_of_unknown_human_time_earns_nothing(engine):
    runbook = runbook_of([WORKS, LOOKS], toil=DAILY)
    signed(engine, runbook)
    done(engine, runbook, human=0)
    assert reasons(figures(engine, runbook)) == {"unknown_effort": 1}


def test_a_request_is_its_own_demand(engine):
    runbook = runbook_of([WORKS], toil={"demand": {"per_month": 300}, "minutes": 15})
    signed(engine, runbook)
    done(engine, runbook)
    seen = figures(engine, runbook)
    assert (seen.tasks[0].units_due, seen.sums.remaining_seconds, seen.sums.credited_seconds) == (1, 0, 900)


@pytest.mark.parametrize(("source", "recorded"), [(None, 1), ("requests", 1), ("tickets", 0), ("tally", 0), ("alerts", 0)])
def test_a_run_that_a_person_asks_for_is_demand_where_the_rule_of_its_task_says_so(engine, source, recorded):
    demand = {"per_month": 30} | ({"source": source} if source else {})
    runbook = runbook_of([WORKS], toil={"demand": demand, "minutes": 15})
    signed(engine, runbook)
    done(engine, runbook)
    (task,) = figures(engine, runbook).tasks
    assert task.sources == ({"requests": 1} if recorded else {})
    assert ("demand_unverified" in task.flags) == (not recorded)
