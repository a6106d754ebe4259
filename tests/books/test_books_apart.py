"""Several persons multiply minutes; attendance, early, night and holiday hours are told apart, and the parts add up."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from books.bookkeeping import FRIDAY, NOVEMBER, Books, proposed
from temanashi.books import MonthFigures, Seconds, proposed_tasks, signed_versions
from temanashi.books.apart import split
from temanashi.books.baseline import BadPoints, SampleRef
from temanashi.runbooks.kinds import step_kinds
from temanashi.runbooks.model import Demand, Shares, Toil
from temanashi.runbooks.parsing import parse_runbook
from temanashi.text import LANGUAGES, explain

MORNING = Demand(calendar="business_day")


def signed(books, task, minutes, *, persons=1, kind="work", shares=None, **rest):
    own = proposed(task, minutes=None, kind=kind, shares=shares or Shares())
    books.sign(own, Seconds.of_minutes(minutes, persons=persons), on=date(2026, 11, 2), **rest)
    return own


def test_two_persons_cost_twice_the_minutes(books):
    own = signed(books, "change", 30, persons=2)
    books.run("change", human=120)
    figures = books.figures([own])
    days = 19
    assert figures.sums.baseline_seconds == days * 3600
    assert figures.sums.credited_seconds == 3600
    assert figures.sums.human_seconds == 120
    assert figures.tasks[0].minutes.persons == 2


def test_targets_cost_each_person_their_time():
    seconds = Seconds.of_minutes(5, 2, targets=3, persons=2)
    assert seconds.occasion == 2 * (5 + 3 * 2) * 60
    assert seconds.cost.of(1) == 2 * 7 * 60


def test_attendance_is_summed_apart(books):
    tasks = [signed(books, "watch", 60, kind="attend"), signed(books, "do", 10)]
    books.run("watch")
    figures = books.figures(tasks)
    assert {kind: sums.baseline_seconds for kind, sums in figures.by_kind.items()} == {"work": 19 * 600, "attend": 19 * 3600}
    assert figures.by_kind["attend"].credited_seconds == 3600
    assert sum(sums.manual_seconds for sums in figures.by_kind.values()) == figures.sums.manual_seconds
    assert [task.kind for task in figures.tasks] == ["work", "attend"]


def test_night_and_holiday_hours_are_told_apart_and_add_up(books):
    tasks = [signed(books, "batch", 10, shares=Shares(night=0.5, holiday=0.25)), signed(books, "day", 7)]
    books.run("batch")
    figures = books.figures(tasks)
    parts = figures.by_time
    assert list(parts) == ["day", "night", "holiday"]
    assert parts["night"].baseline_seconds == 19 * 300
    assert parts["holiday"].credited_seconds == 150
    assert sum(part.remaining_seconds for part in parts.values()) == figures.sums.remaining_seconds


def test_a_new_version_changes_the_hours_from_its_day_on(books):
    signed(books, "batch", 10, shares=Shares(night=1))
    own = proposed("batch", minutes=None)
    books.sign(own, Seconds.of_minutes(10), on=date(2026, 11, 16), valid_from=date(2026, 11, 16))
    parts = books.figures([own]).by_time
    assert parts["night"].baseline_seconds == 9 * 600
    assert parts["day"].baseline_seconds == 10 * 600


def test_old_records_and_old_figures_read_as_they_were(books):
    record = books.sign()
    plain = {name: value for name, value in record.draft.body.items() if name not in {"persons", "work_kind", "shares"}}
    old = record.model_copy(update={"draft": record.draft.model_copy(update={"body": plain})})
    (version,) = signed_versions([old])["morning-checks"]
    assert (version.seconds.persons, version.kind, version.shares) == (1, "work", Shares())
    told = books.figures().model_dump(mode="json")
    for name in ("by_kind", "by_time"):
        told.pop(name)
    for task in told["tasks"]:
        task.pop("kind")
        task.pop("shares")
        task["minutes"].pop("persons")
    assert MonthFigures.model_validate(told).by_time == {}


def test_three_points_of_an_estimate_are_its_range(books):
    record = books.sign(seconds=Seconds.of_minutes(20, persons=2), points=(600, 2400))
    (version,) = signed_versions([record])["morning-checks"]
    assert version.evidence.grade == "C"
    assert version.evidence.range == (1200, 2400, 4800)


@pytest.mark.parametrize(
    ("seconds", "points", "samples"),
    [
        (Seconds(setup=600), (700, 900), ()),
        (Seconds(setup=600), (300, 500), ()),
        (Seconds(setup=600), (-1, 700), ()),
        (Seconds(per_target=600), (0, 700), ()),
        (Seconds(setup=600), (1, 700), (SampleRef(run="r", seq=1, day=FRIDAY, seconds=600),)),
    ],
)
def test_points_that_are_not_in_order_are_refused(books, seconds, points, samples):
    with pytest.raises(BadPoints) as caught:
        books.sign(seconds=seconds, points=points, samples=samples)
    assert all("{" not in explain(caught.value, lang).what + explain(caught.value, lang).next for lang in LANGUAGES)
    assert books.records == []


def test_measured_seconds_are_of_one_person(books):
    samples = tuple(SampleRef(run=f"r{n}", seq=n, day=FRIDAY, seconds=600) for n in range(5))
    record = books.sign(seconds=Seconds(setup=600, persons=2), samples=samples)
    (version,) = signed_versions([record])["morning-checks"]
    assert (version.evidence.grade, version.evidence.range.likely, version.seconds.occasion) == ("A", 1200, 1200)


RUNBOOK = {
    "id": "watch-vendor",
    "title": "立会い",
    "description": "見本",
    "category": "maintenance",
    "owner": "ops",
    "steps": [{"id": "go", "manual": {"text": "立ち会う", "minutes": 1}}],
}


def runbook(**toil):
    return parse_runbook(RUNBOOK | {"toil": toil}, kinds=step_kinds())


def test_a_runbook_proposes_persons_kind_and_hours():
    (task,) = proposed_tasks([runbook(minutes=30, persons=2, kind="attend", hours="night")])
    assert (task.seconds.occasion, task.persons, task.kind, task.shares) == (3600, 2, "attend", Shares(night=1))
    (task,) = proposed_tasks([runbook(persons=3, hours={"early": 0.5})])
    assert (task.seconds, task.persons, task.shares.day) == (None, 3, 0.5)
    assert runbook(hours="day").toil.hours == Shares()


@pytest.mark.parametrize("toil", [{"hours": {"night": 0.7, "early": 0.4}}, {"hours": "noon"}, {"persons": 0}, {"kind": "look"}])
def test_what_cannot_be_is_refused(toil):
    with pytest.raises(ValidationError):
        Toil.model_validate(toil)


shares = st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)).filter(lambda three: sum(three) <= 1)


@given(seconds=st.integers(-(10**9), 10**9), three=shares)
def test_parts_add_up_to_the_second(seconds, three):
    parts = split(seconds, Shares(early=three[0], night=three[1], holiday=three[2]))
    assert sum(parts.values()) == seconds


def test_a_whole_share_leaves_nothing_for_the_day():
    assert split(601, Shares(early=0.5, night=0.5)) == {"early": 300, "night": 301}
    assert Books().figures(month=NOVEMBER).by_time == {}
