"""How far the roadmap came by a day: done or not, there is no half-done."""

from datetime import date

import pytest

from books.bookkeeping import SATO, TOKYO, at
from temanashi.books import Roadmap, investment_of, new_investment, roadmap_figures
from temanashi.calendars import BusinessCalendar, Month

TASKS = [
    {
        "id": "a",
        "title": "A",
        "measure": "m",
        "owner": "ops",
        "from": "2026-04",
        "to": "2026-06",
        "hours": 10,
        "done": "2026-06-10",
    },
    {"id": "b", "title": "B", "measure": "m", "owner": "ops", "from": "2026-07", "to": "2026-09", "hours": 30},
    {
        "id": "c",
        "title": "C",
        "measure": "n",
        "owner": "ops",
        "from": "2026-10",
        "to": "2027-03",
        "hours": 60,
        "done": "2026-11-20",
    },
    {"id": "d", "title": "D", "measure": "n", "owner": "ops", "from": "2027-03", "to": "2027-04", "hours": 50},
]
MEASURES = [
    {"id": "n", "title": "N", "half": "2026-H2"},
    {"id": "m", "title": "M", "half": "2026-H1", "failed": {"on": "2026-09-30", "learned": "小さく始める"}},
]
GOALS = [
    {"id": "three", "by": "2029-03-31", "title": "3年後", "reduction": 0.8},
    {"id": "one", "by": "2027-03-31", "title": "1年後", "reduction": 0.5},
]


def roadmap(**change):
    told = {"starts": "2026-04-01", "policy": "方針", "ideal": "理想", "goals": GOALS, "measures": MEASURES, "tasks": TASKS}
    return Roadmap.model_validate(told | change)


def test_what_is_due_and_what_the_year_holds_are_told_apart():
    figures = roadmap_figures(roadmap(), today=date(2026, 11, 20))
    due, year = figures.due, figures.year
    assert (due.items, due.items_done, due.planned_seconds, due.done_seconds) == (2, 1, 40 * 3600, 10 * 3600)
    assert due.share == 0.25
    assert (year.items, year.items_done, year.share) == (3, 2, 0.7)
    assert figures.fiscal_year == 2026


def test_a_task_is_due_on_the_last_day_of_its_last_month():
    assert roadmap_figures(roadmap(), today=date(2026, 6, 29)).due.items == 0
    assert roadmap_figures(roadmap(), today=date(2026, 6, 30)).due.items == 1
    assert roadmap_figures(roadmap(), today=date(2026, 6, 1)).due.share is None


def test_a_task_done_later_is_not_done_yet():
    states = {task.id: task.state for half in figures_on(2026, 6, 9).halves for m in half.measures for task in m.tasks}
    assert states == {"a": "open", "b": "open", "c": "open", "d": "open"}
    states = {task.id: task.state for half in figures_on(2026, 11, 20).halves for m in half.measures for task in m.tasks}
    assert states == {"a": "done", "b": "late", "c": "done", "d": "open"}


def figures_on(*day):
    return roadmap_figures(roadmap(), today=date(*day))


def test_halves_are_in_order_and_know_where_today_is():
    halves = figures_on(2026, 11, 20).halves
    assert [(half.half, half.part) for half in halves] == [("2026-H1", "past"), ("2026-H2", "now")]
    assert halves[0].measures[0].learned.text("ja") == "小さく始める"
    assert halves[1].achieved.share == pytest.approx(60 / 110)
    assert [half.part for half in figures_on(2026, 4, 1).halves] == ["now", "coming"]


def test_goals_are_in_order_and_say_how_many_years_they_are_off():
    goals = figures_on(2028, 1, 1).goals
    assert [(goal.id, goal.years, goal.passed) for goal in goals] == [("one", 1, True), ("three", 3, False)]


def test_improvement_time_is_members_times_business_days_times_minutes_a_day(books):
    draft = new_investment("programme", "build", 2, known=(), actor=SATO, now=at(date(2026, 11, 2)), zone=TOKYO)
    books.write(draft, at(date(2026, 11, 2)))
    spent = investment_of(books.records)
    plan = roadmap(improvement={"members": 6})
    figures = roadmap_figures(plan, today=date(2026, 11, 20), calendar=BusinessCalendar(base="japan"), invested=spent)
    time = figures.improvement
    assert (time.members, time.seconds_a_day, time.month) == (6, 1800, "2026-11")
    assert time.month_seconds == 6 * 19 * 1800
    assert (time.month_used_seconds, time.year_used_seconds) == (7200, 7200)
    days = sum(BusinessCalendar(base="japan").is_business_day(d) for n in range(12) for d in Month(2026, 4).shift(n).days())
    assert time.year_seconds == 6 * days * 1800
    assert roadmap_figures(plan, today=date(2026, 11, 20)).improvement is None
    assert roadmap_figures(roadmap(), today=date(2026, 11, 20), calendar=BusinessCalendar()).improvement is None
