"""Explanations use the figures' own arithmetic: what is behind a figure adds up to it, to the second."""

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from books.bookkeeping import FRIDAY, NOVEMBER, TOKYO, Books, at, proposed
from temanashi.books import Seconds
from temanashi.books.closing_faults import UnknownFigure, UnknownTaskOfMonth
from temanashi.books.explaining import FIGURES, explained, figure_named
from temanashi.books.months import month_figures, month_workings
from temanashi.calendars import BusinessCalendar
from temanashi.runbooks.model import Demand

CALLS = Demand(source="tally", per_month=6)
TASKS = [
    proposed(),
    proposed("calls", minutes=30, demand=CALLS, ja="電話", en="Calls"),
    proposed("weekly", minutes=20, demand=Demand(calendar="week"), ja="週次", en="Weekly"),
    proposed("draft", minutes=10, ja="案", en="Draft"),
]
DAYS = st.integers(1, 30).map(lambda day: date(2026, 11, day))
RUNS = st.tuples(
    st.sampled_from(["morning-checks", "calls", "weekly", "draft", "", "other"]),
    DAYS,
    st.sampled_from(["changed", "already", "failed", "unknown"]),
    st.sampled_from(["live", "live", "live", "dry_run"]),
    st.integers(0, 600),
    st.sampled_from([None, "call-1", "call-2", "call-9"]),
)
DEMANDS = st.lists(st.tuples(st.sampled_from(["call-1", "call-2", "call-3"]), DAYS, st.integers(0, 3)), max_size=4)


def common(now=None):
    late = now or at(NOVEMBER.next.first + timedelta(days=4))
    return {"now": late, "zone": TOKYO, "goal": 0.5, "calendar": BusinessCalendar()}


def workings(books, tasks=TASKS, month=NOVEMBER, **more):
    return month_workings(books.records, tasks, month, **common(), **more)


@st.composite
def ledgers(draw):
    """A month with signed and unsigned tasks, requests, runs that succeed and fail, work by hand, and cancelled demand."""
    books = Books()
    books.sign(TASKS[0], on=date(2026, 11, 2))
    seconds = draw(st.sampled_from([Seconds(per_target=1800), Seconds(setup=300, per_target=100, targets=3), Seconds(setup=60)]))
    books.sign(TASKS[1], seconds, on=date(2026, 11, 2))
    books.sign(TASKS[2], on=date(2026, 11, 2))
    if draw(st.booleans()):
        books.sign(TASKS[0], Seconds(per_target=600), on=date(2026, 11, 10), valid_from=date(2026, 11, 16), force=True)
    for key, day, targets in draw(DEMANDS):
        books.demand("calls", key, on=day, day=day, targets=targets)
    for task, day, outcome, mode, human, slot in draw(st.lists(RUNS, max_size=12)):
        hosts = {"web1": outcome, "web2": draw(st.sampled_from(["changed", "failed"]))} if draw(st.booleans()) else {"-": outcome}
        books.run(task, on=day, slot=slot, targets=hosts, mode=mode, human=human)
    for day in draw(st.lists(DAYS, max_size=2)):
        books.by_hand(on=day, human=draw(st.integers(0, 900)))
    for day in draw(st.lists(DAYS, max_size=2)):
        books.cancel("morning-checks", day.isoformat())
    return books


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ledgers())
def test_what_is_behind_a_figure_adds_up_to_it_for_every_task_and_for_the_month(books):
    worked = workings(books)
    assert worked.figures == month_figures(books.records, TASKS, NOVEMBER, **common())
    for figure in FIGURES:
        if figure == "reduction":
            continue
        parts = [explained(worked, figure, task) for task in worked.tasks if task]
        rest = explained(worked, figure)
        assert sum(line.seconds for line in rest.lines) == rest.seconds
        for part in parts:
            assert sum(line.seconds for line in part.lines) == part.seconds
        unnamed = sum(line.seconds for line in rest.lines if not line.task)
        assert sum(part.seconds for part in parts) + unnamed == rest.seconds
        for one in (rest, *parts):
            assert not one.terms or sum(term.sign * term.seconds for term in one.terms) == one.seconds
    credited = explained(worked, "credited")
    assert len(credited.nothing) + len(credited.lines) == worked.figures.runs_seen
    assert {line.seq for line in credited.lines} <= {record.seq for record in books.records}


@pytest.fixture
def november(books):
    books.sign(on=date(2026, 11, 2))
    books.sign(TASKS[1], on=date(2026, 11, 2))
    books.demand("calls", "call-1", on=FRIDAY)
    books.run(human=60)
    books.run("calls", slot="call-1", targets={f"web{n}": "changed" for n in range(7)})
    books.run("calls", slot="call-lost")
    books.run(on=date(2026, 11, 21))
    return books


def test_a_credit_names_its_record_its_run_its_demand_and_its_targets(november):
    told = explained(workings(november), "credited")
    assert [(line.task, line.seconds, line.run, line.slot) for line in told.lines] == [
        ("calls", 1800, "run-2", "call-1"),
        ("morning-checks", 900, "run-1", "2026-11-20"),
    ]
    first = told.lines[0]
    assert (first.targets, first.more_targets) == (("web0", "web1", "web2", "web3", "web4"), 2)
    assert november.records[first.seq - 1].draft.run == "run-2"
    assert [(one.run, one.reason) for one in told.nothing] == [("run-3", "no_demand_unit"), ("run-4", "no_demand_unit")]
    assert "土" in told.nothing[1].why.text("ja")


def test_a_reduction_is_a_formula_of_manual_hours_and_baseline(november):
    told = explained(workings(november), "reduction")
    manual, baseline = told.terms
    assert (manual.figure, baseline.figure) == ("manual", "baseline")
    assert told.ratio == pytest.approx(1 - manual.seconds / baseline.seconds)
    assert (told.lines, told.seconds) == ((), 0)


def test_a_request_is_explained_by_its_record_and_a_calendar_by_its_days(november):
    lines = explained(workings(november), "demand", "calls").lines
    assert [(line.kind, line.seconds) for line in lines] == [("request", 1800), ("version", -6 * 1800)]
    assert november.records[lines[0].seq - 1].draft.kind == "demand"
    remaining = explained(workings(november), "remaining", "morning-checks").lines
    assert {line.kind for line in remaining} == {"slot"}
    assert "2026-11-20" not in {line.slot for line in remaining}


def test_where_nobody_recorded_demand_the_assumed_occasions_are_told(books):
    books.sign(TASKS[1], on=date(2026, 11, 2))
    books.run("calls", slot="x", human=30)
    lines = explained(workings(books), "remaining", "calls").lines
    assert [(line.kind, line.seconds) for line in lines] == [("assumed", 5 * 1800)]
    assert "5" in lines[0].note.text("en")


def test_what_an_unsigned_task_would_be_is_behind_no_figure(books):
    books.run("draft", human=45)
    worked = workings(books)
    assert explained(worked, "credited").lines == ()
    assert [one.reason for one in explained(worked, "credited").nothing] == ["unsigned"]
    (line,) = explained(worked, "manual").lines
    assert (line.kind, line.seconds, line.step) == ("effort", 45, "read")


def test_a_figure_or_a_task_that_is_not_there_is_told_with_what_is(november):
    assert figure_named("credited") == "credited"
    with pytest.raises(UnknownFigure, match="baseline"):
        figure_named("credit")
    with pytest.raises(UnknownTaskOfMonth, match="calls"):
        explained(workings(november), "credited", "cals")
