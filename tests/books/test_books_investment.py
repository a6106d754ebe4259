"""Hours put into automation: recorded, cancelled with a reason, summed by month, and when they came back."""

from datetime import date

import pytest

from books.bookkeeping import FRIDAY, NOVEMBER, SATO, TOKYO, at
from temanashi.books import (
    PROGRAMME,
    Spent,
    cancelled_investment,
    invested_by_month,
    investment_of,
    new_investment,
    payback_of,
)
from temanashi.books.investment import BadHours, BadInvestmentDay, NoSuchInvestment, UnknownRecipient, WhyCancelled
from temanashi.calendars import Month
from temanashi.ledger.records import Draft
from temanashi.text import LANGUAGES, explain

KNOWN = ("morning-checks", "rotate-logs")


def put(books, recipient="morning-checks", part="build", hours=2.5, *, on=FRIDAY, **rest):
    draft = new_investment(recipient, part, hours, known=KNOWN, actor=SATO, now=at(on), zone=TOKYO, **rest)
    return books.write(draft, at(on))


def refused(kind, action):
    with pytest.raises(kind) as caught:
        action()
    said = [explain(caught.value, lang) for lang in LANGUAGES]
    assert all(one.what and one.next and "{" not in one.what + one.next for one in said)
    return said


def test_an_investment_says_what_for_how_long_when_and_by_whom(books):
    put(books, hours=2.5, day=date(2026, 10, 30), person=" 鈴木  花子 ", note="調査\nと実装")
    (one,) = investment_of(books.records)
    assert (one.recipient, one.part, one.seconds, one.day) == ("morning-checks", "build", 9000, date(2026, 10, 30))
    assert (one.person, one.note, one.recorded_by, one.number) == ("鈴木 花子", "調査 と実装", "佐藤", 1)
    assert not one.shared


def test_who_records_it_spent_it_today_unless_told_otherwise(books):
    record = put(books, PROGRAMME, "upkeep", 0.1)
    (one,) = investment_of([record, record])
    assert (one.person, one.day, one.seconds, one.shared) == ("佐藤", FRIDAY, 360, True)
    assert record.draft.runbook == ""


@pytest.mark.parametrize("hours", [0, -1, float("nan"), float("inf"), 10_001])
def test_hours_that_cannot_be_are_refused(books, hours):
    refused(BadHours, lambda: put(books, hours=hours))
    assert books.records == []


@pytest.mark.parametrize("day", [date(2026, 11, 21), date(1999, 12, 31)])
def test_a_day_to_come_and_one_long_gone_are_refused(books, day):
    ja, _ = refused(BadInvestmentDay, lambda: put(books, day=day))
    assert day.isoformat() in ja.what


def test_a_runbook_that_there_is_not_is_refused_with_the_closest(books):
    ja, en = refused(UnknownRecipient, lambda: put(books, "morning-check"))
    assert "morning-checks" in ja.what
    assert "programme" in en.next


def test_what_was_cancelled_with_a_reason_does_not_count(books):
    first = put(books)
    put(books, hours=1)
    found = investment_of(books.records)
    refused(WhyCancelled, lambda: cancelled_investment(first.seq, found, reason=" ", actor=SATO))
    refused(NoSuchInvestment, lambda: cancelled_investment(99, found, reason="誤り", actor=SATO))
    books.write(cancelled_investment(first.seq, found, reason="二重に記録した", actor=SATO), at(FRIDAY))
    left = investment_of(books.records)
    assert [one.seconds for one in left] == [3600]
    refused(NoSuchInvestment, lambda: cancelled_investment(first.seq, left, reason="もう一度", actor=SATO))


def test_an_entry_that_cannot_be_read_counts_nothing(books):
    books.write(Draft(kind="investment", actor="佐藤", body={"recipient": "a", "hours": 3}), at(FRIDAY))
    assert investment_of(books.records) == ()


def test_seconds_by_month_and_by_runbook(books):
    put(books, hours=1, day=date(2026, 9, 30))
    put(books, PROGRAMME, "build", 2, day=date(2026, 9, 1))
    put(books, "rotate-logs", "upkeep", 0.5)
    found = investment_of(books.records)
    assert invested_by_month(found) == {Month(2026, 9): Spent(10_800, 0), NOVEMBER: Spent(0, 1800)}
    assert invested_by_month(found, recipient="rotate-logs") == {NOVEMBER: Spent(0, 1800)}
    assert Spent(1, 2).whole == 3


def test_hours_come_back_in_the_first_month_whose_sum_is_not_negative():
    hour = 3600
    net = {Month(2019, 5): 6 * hour} | {Month(2019, month): 8 * hour for month in range(6, 12)}
    spent = {Month(2019, 4): Spent(40 * hour, 0)} | {Month(2019, month): Spent(0, hour) for month in range(5, 12)}
    back = payback_of(net, spent)
    assert [seconds // hour for seconds in back.cumulative] == [-40, -35, -28, -21, -14, -7, 0, 7]
    assert (back.month, back.months_after) == (Month(2019, 10), 6)


def test_a_month_that_nobody_named_stands_between(books):
    back = payback_of({Month(2026, 12): 10}, {Month(2026, 10): Spent(5, 0)})
    assert back.cumulative == (-5, -5, 5)
    assert payback_of({}, {}).cumulative == ()
