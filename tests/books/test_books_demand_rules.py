"""Which demand may be recorded by whom, as published and signed."""

from datetime import date, timedelta

import pytest

from books.bookkeeping import FRIDAY, SATO, TOKYO, at, proposed
from temanashi.books import Occasion, Rules, drafts_of, registered, sign, signed_versions, standing_of, tidy_key
from temanashi.books.recording import (
    BadKey,
    BadOccasionDay,
    BadTargets,
    ByCalendar,
    CountedElsewhere,
    NotASlot,
    NotRecorded,
    OtherRecorder,
    UnknownTask,
)
from temanashi.calendars import BusinessCalendar
from temanashi.runbooks.model import Demand
from temanashi.text import explain

WEEKDAYS = BusinessCalendar()


def rules(*tasks, versions=None):
    return Rules(tasks={task.task: task for task in tasks}, versions=versions or {}, today=FRIDAY)


def on_request(source=None, task="reset"):
    return proposed(task, demand=Demand(source=source, per_month=10))


def refused(error, call):
    with pytest.raises(error) as caught:
        call()
    for lang in ("ja", "en"):
        told = explain(caught.value, lang)
        assert told.what
        assert told.next
        assert "{" not in told.what + told.next
    return caught.value.data


def occasion(**change):
    return Occasion(**{"task": "reset", "key": "INC-1", "day": FRIDAY, **change})


@pytest.mark.parametrize(
    ("source", "open_to"),
    [
        (None, {"hand", "requests", "tickets", "tally"}),
        ("tickets", {"hand", "tickets"}),
        ("tally", {"hand", "tally"}),
        ("requests", {"hand", "requests"}),
        ("alerts", {"hand", "alerts"}),
    ],
)
def test_the_rule_of_a_task_says_who_may_record_it(source, open_to):
    own = rules(on_request(source))
    for recorder in ("hand", "tickets", "tally", "requests", "alerts"):
        assert own.open_to(recorder, "reset", FRIDAY) == (recorder in open_to)
        if recorder in open_to:
            own.check(occasion(), recorder)
        else:
            refused(OtherRecorder, lambda recorder=recorder: own.check(occasion(), recorder))


def test_what_cannot_be_demand_is_refused_with_what_to_do(books):
    own = rules(on_request(), proposed("daily"))
    assert refused(UnknownTask, lambda: own.check(occasion(task="resett"), "hand"))["close"] == "reset"
    refused(ByCalendar, lambda: own.check(occasion(task="daily"), "hand"))
    assert not own.open_to("tally", "daily", FRIDAY)
    assert not own.open_to("tally", "nothing", FRIDAY)
    for day in (FRIDAY + timedelta(days=1), date(1999, 12, 31)):
        refused(BadOccasionDay, lambda day=day: own.check(occasion(day=day), "hand"))
    for key in ("", "Ａ", " a", "a\nb", "x" * 201):
        refused(BadKey, lambda key=key: own.check(occasion(key=key), "hand"))
    for targets in (-1, 100_001):
        refused(BadTargets, lambda targets=targets: own.check(occasion(targets=targets), "hand"))


def test_what_was_signed_for_the_day_goes_before_what_is_proposed():
    daily = sign(proposed("reset"), proposed("reset").seconds, actor=SATO, now=at(FRIDAY), zone=TOKYO, valid_from=FRIDAY)
    from books.bookkeeping import Books

    versions = signed_versions([Books().write(daily, at(FRIDAY))])
    own = rules(on_request(), versions=versions)
    refused(ByCalendar, lambda: own.check(occasion(), "hand"))
    own.check(occasion(day=FRIDAY - timedelta(days=1)), "hand")
    gone = rules(versions=versions)
    refused(ByCalendar, lambda: gone.check(occasion(day=FRIDAY - timedelta(days=1)), "hand"))
    assert gone.source_of("reset", FRIDAY) is None


def test_only_what_was_due_can_be_cancelled(books):
    own = rules(on_request(), proposed("daily"), proposed("weekly", demand=Demand(calendar="week")))
    books.demand("reset", "INC-1")
    register = registered(books.records, TOKYO)
    own.check_cancelling("reset", "INC-1", register, WEEKDAYS)
    own.check_cancelling("daily", "2026-11-24", register, WEEKDAYS)
    own.check_cancelling("weekly", "2026-11-16", register, WEEKDAYS)
    assert refused(NotRecorded, lambda: own.check_cancelling("reset", "INC-2", register, WEEKDAYS))["close"] == "INC-1"
    refused(NotASlot, lambda: own.check_cancelling("daily", "2026-11-21", register, WEEKDAYS))
    refused(NotASlot, lambda: own.check_cancelling("daily", "2036-11-21", register, WEEKDAYS))
    assert refused(NotASlot, lambda: own.check_cancelling("weekly", "2026-11-18", register, WEEKDAYS))["meant"] == "2026-11-16"
    refused(NotASlot, lambda: own.check_cancelling("daily", "friday", register, WEEKDAYS))
    refused(UnknownTask, lambda: own.check_cancelling("nothing", "2026-11-20", register, WEEKDAYS))


def test_a_ticket_is_one_occasion_of_one_task(books):
    for draft in drafts_of([occasion(ticket="INC-1")], registered([], TOKYO), recorder="tickets", actor=SATO, channel="api"):
        books.write(draft, at(FRIDAY))
    register = registered(books.records, TOKYO)
    assert standing_of(occasion(ticket="INC-1"), register) == "known"
    refused(CountedElsewhere, lambda: standing_of(occasion(task="other", ticket="INC-1"), register))
    assert standing_of(occasion(task="other"), register) == "new"
    books.cancel("reset", "INC-1")
    assert standing_of(occasion(task="other", ticket="INC-1"), registered(books.records, TOKYO)) == "new"


def test_a_register_knows_who_recorded_what_from_where(books):
    told = occasion(ticket="INC-1", beneficiary="高橋", targets=3, cancelled="不要")
    for draft in drafts_of([told, told], registered([], TOKYO), recorder="tickets", actor=SATO, channel="api"):
        books.write(draft, at(FRIDAY))
    books.demand("reset", "old")
    register = registered(books.records, TOKYO)
    one = register.find("reset", "INC-1")
    assert (one.source, one.by, one.at, one.beneficiary, one.targets, one.seq) == ("tickets", "佐藤", at(FRIDAY), "高橋", 3, 1)
    assert register.cancelled["reset", "INC-1"].by == "佐藤"
    assert (register.find("reset", "old").source, register.find("reset", "none")) == ("hand", None)


def test_keys_are_alike_however_wide_they_are_typed():
    assert tidy_key("  ＩＮＣ－１  x ") == "INC-1 x"


def test_the_month_says_where_its_demand_was_recorded_from_and_when_nobody_recorded_any(books):
    task = on_request()
    books.sign(task, on=date(2026, 11, 1))
    (nobody,) = books.figures([task]).tasks
    assert (nobody.sources, nobody.flags) == ({}, ("demand_unverified",))
    books.demand("reset", "later", on=date(2026, 12, 1))
    assert books.figures([task]).tasks[0].flags == ("demand_unverified",)
    books.demand("reset", "hand-1")
    for recorder, key in (("tally", "t-1"), ("tickets", "INC-1"), ("tickets", "INC-2"), ("tickets", "INC-3")):
        draft = drafts_of([occasion(key=key)], registered([], TOKYO), recorder=recorder, actor=SATO, channel="api")[0]
        books.write(draft, at(FRIDAY))
    books.cancel("reset", "INC-3")
    (task_figures,) = books.figures([task]).tasks
    assert (task_figures.sources, task_figures.flags) == ({"tickets": 2, "tally": 1, "hand": 1}, ())


def test_a_month_whose_demand_all_fell_away_has_a_register(books):
    task = on_request()
    books.sign(task, on=date(2026, 11, 1))
    books.demand("reset", "INC-1")
    books.cancel("reset", "INC-1")
    (figures,) = books.figures([task]).tasks
    assert (figures.sources, figures.flags, figures.units_due) == ({}, (), 0)


def test_a_month_of_which_somebody_said_that_nobody_asked_counts_with_no_occasion(books):
    task = on_request()
    books.sign(task, on=date(2026, 11, 1))
    books.cancel("reset", "2026-11", reason="依頼なし")
    books.run("reset", slot="T-1")
    figures = books.figures([task])
    (own,) = figures.tasks
    assert (own.flags, own.units_due, own.sums.remaining_seconds, own.sums.credited_seconds) == (("no_requests",), 0, 0, 0)
    assert own.sums.baseline_seconds > 0
    assert figures.sums.manual_seconds == 0
    books.demand("reset", "late")
    (own,) = books.figures([task]).tasks
    assert (own.flags, own.units_due) == ((), 1)
