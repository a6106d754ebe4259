"""Signing baselines, recording demand, and the refusals a person can meet."""

from datetime import date
from types import SimpleNamespace

import pytest

from books.bookkeeping import FRIDAY, SATO, TOKYO, Books, at, proposed
from temanashi.books import (
    BadMinutes,
    ClosedMonth,
    NoFrequency,
    NoReason,
    Seconds,
    cancelled_demand,
    proposed_tasks,
    registered,
    sign,
    signed_versions,
    version_on,
)
from temanashi.calendars import Month
from temanashi.people import Actor
from temanashi.runbooks.model import Demand, Minutes, Toil
from temanashi.text import LANGUAGES, LocalText, explain, has, keys


def told(error):
    return [explain(error, lang) for lang in LANGUAGES]


def refused(kind, action):
    with pytest.raises(kind) as caught:
        action()
    for each in told(caught.value):
        assert each.what
        assert each.next
        assert "{" not in each.what + each.next
    return told(caught.value)


def test_a_signature_holds_all_that_the_figures_need(books):
    record = books.sign(note="3人に聞いた")
    (version,) = signed_versions([record])["morning-checks"]
    assert (version.seconds.setup, version.signed_by, version.valid_from) == (900, "佐藤", date(2026, 11, 1))
    assert (version.demand.calendar, version.category, version.note) == ("business_day", "routine", "3人に聞いた")
    assert version.evidence.grade == "C"
    assert version.evidence.range.low == 450


def test_the_current_month_is_the_one_in_tokyo():
    late = at(date(2026, 11, 1), 0)
    assert sign(proposed(), Seconds(setup=60), actor=SATO, now=late, zone=TOKYO).body["valid_from"] == "2026-11-01"


def test_a_closed_month_is_not_rewritten_unless_forced(books):
    ja, en = refused(ClosedMonth, lambda: books.sign(valid_from=date(2026, 10, 31)))
    assert "2026-10-31" in ja.what
    assert "2026-11-01" in en.next
    assert books.records == []
    books.sign(valid_from=date(2026, 10, 31), force=True)
    assert len(books.records) == 1


def test_a_baseline_may_begin_later(books):
    books.sign(valid_from=date(2027, 1, 1))
    assert books.figures().tasks[0].signed is False


@pytest.mark.parametrize("demand", [Demand(), Demand(per_month=0)])
def test_a_task_on_request_needs_its_frequency(books, demand):
    ja, _ = refused(NoFrequency, lambda: books.sign(proposed(demand=demand)))
    assert "morning-checks" in ja.what
    books.sign(proposed(demand=demand), demand=Demand(per_month=3))


@pytest.mark.parametrize("minutes", [(-1,), (0, 0), (float("nan"),), (float("inf"),), (1, float("inf")), (100_001,)])
def test_minutes_that_cannot_be_are_refused(minutes):
    refused(BadMinutes, lambda: Seconds.of_minutes(*minutes))


def test_minutes_become_the_nearest_second():
    assert Seconds.of_minutes(0.1).setup == 6
    assert Seconds.of_minutes(12.5, 0.0084).per_target == 1


def test_nobody_but_a_person_signs():
    books = Books()
    draft = sign(proposed(), Seconds(setup=60), actor=Actor(name="robot", kind="system"), now=at(FRIDAY), zone=TOKYO)
    assert signed_versions([books.write(draft, at(FRIDAY))]) == {}


def test_a_signature_that_cannot_be_read_counts_nothing(books):
    record = books.sign()
    unreadable = record.model_copy(update={"pruned": True, "draft": record.draft.model_copy(update={"body": {}})})
    assert signed_versions([unreadable]) == {}


def test_of_the_valid_versions_the_last_to_begin_counts_then_the_last_signed(books):
    books.sign(seconds=Seconds(setup=1), on=date(2026, 10, 1))
    books.sign(seconds=Seconds(setup=2), on=date(2026, 11, 1))
    books.sign(seconds=Seconds(setup=3), on=date(2026, 11, 2))
    books.sign(seconds=Seconds(setup=4), on=date(2026, 11, 3), valid_from=date(2026, 10, 1), force=True)
    versions = signed_versions(books.records)["morning-checks"]
    assert version_on(versions, date(2026, 11, 20)).seconds.setup == 3
    assert version_on(versions, date(2026, 10, 20)).seconds.setup == 4
    assert version_on(versions, date(2026, 9, 30)) is None


@pytest.mark.parametrize("reason", ["", "  "])
def test_demand_is_not_cancelled_without_a_reason(reason):
    ja, en = refused(NoReason, lambda: cancelled_demand("t", "T-1", reason=reason, actor=SATO))
    assert "T-1" in ja.what
    assert "T-1" in en.what


def test_a_cancellation_without_a_reason_in_the_ledger_is_void(books):
    record = books.cancel("t", "T-1")
    void = record.model_copy(update={"draft": record.draft.model_copy(update={"reason": " "})})
    assert registered([void], TOKYO).cancelled == {}


def test_a_day_that_cannot_be_read_is_the_day_of_the_record(books):
    record = books.demand("t", "T-1")
    broken = record.model_copy(update={"draft": record.draft.model_copy(update={"body": {"day": "yesterday", "targets": "many"}})})
    register = registered([broken], TOKYO)
    assert register.day_of("t", "T-1") == FRIDAY
    assert register.of("t", Month(2026, 11))[0].targets == 0
    assert register.day_of("t", "T-2") is None


def runbook(name, *, task=None, demand=None, minutes=None):
    toil = Toil(task=task, demand=demand or Demand(), minutes=minutes or Minutes())
    return SimpleNamespace(
        id=name, task=task or name, title=LocalText(plain=name), category="routine", owner="ops", system="", toil=toil
    )


def test_several_runbooks_of_a_task_make_one_proposal():
    daily = Demand(calendar="day")
    tasks = proposed_tasks(
        [
            runbook("b", task="a", demand=daily, minutes=Minutes(setup=5, per_target=1)),
            runbook("a"),
            runbook("c"),
        ]
    )
    assert [task.task for task in tasks] == ["a", "c"]
    assert (tasks[0].title.text("en"), tasks[0].runbooks, tasks[0].demand) == ("a", ("a", "b"), daily)
    assert tasks[0].seconds == Seconds(setup=300, per_target=60)
    assert tasks[1].seconds is None


def test_every_text_of_the_books_exists_in_both_languages():
    assert keys("books", "ja") == keys("books", "en")
    for kind in (BadMinutes, ClosedMonth, NoFrequency, NoReason):
        assert all(has(kind.key, lang) and has(f"{kind.key}.next", lang) for lang in LANGUAGES)
