"""Twelve months side by side, from a real ledger in a file."""

from datetime import date, datetime, timedelta

import pytest

from books.bookkeeping import SATO, TOKYO, at, proposed
from temanashi.books import Seconds, history, month_figures, read_month, sign
from temanashi.calendars import BusinessCalendar, Month
from temanashi.ledger.database import open_database
from temanashi.ledger.ledger import Ledger
from temanashi.ledger.records import Draft, TargetOutcome

SEPTEMBER, OCTOBER, NOVEMBER = Month(2026, 9), Month(2026, 10), Month(2026, 11)
TODAY = at(date(2026, 11, 20), 18)


class Standing:
    """A clock that stands where it is put."""

    moment = at(date(2026, 9, 1))

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@pytest.fixture
def ledger(tmp_path):
    """Signed on 1 September; a run on the 4th of each of three months, and one of October that came in November."""
    clock = Standing()
    database = open_database(f"sqlite:///{tmp_path / 'ledger.db'}", clock=clock)
    book = Ledger(database, clock=clock)
    drafts = [(date(2026, 9, 1), sign(proposed(), Seconds(setup=900), actor=SATO, now=clock.moment, zone=TOKYO))]
    drafts += [(date(2026, month, 4), run(f"r{month}", date(2026, month, 4))) for month in (9, 10, 11)]
    drafts += [(date(2026, 11, 5), run("late", date(2026, 10, 6)))]
    for day, draft in drafts:
        clock.moment = at(day)
        with database.transaction() as connection:
            book.append(connection, draft)
    yield book
    database.close()


def run(name, slot):
    targets = (TargetOutcome(target="localhost", outcome="changed"),)
    common = {"task": "morning-checks", "runbook": "morning-checks", "run": name, "slot": slot.isoformat(), "actor": "schedule"}
    return Draft(kind="run_finished", outcome="done", targets=targets, **common)


SAID = {"now": TODAY, "zone": TOKYO, "goal": 0.5, "calendar": BusinessCalendar()}


def lines(ledger, months, **rest):
    with ledger.database.reading() as connection:
        return history(ledger, connection, months, tasks=[proposed()], **SAID, **rest)


def alone(ledger, month):
    with ledger.database.reading() as connection:
        return month_figures(read_month(ledger, connection, month, zone=TOKYO), [proposed()], month, **SAID)


def without_count(figures):
    return figures.model_copy(update={"records_read": 0})


def test_each_line_is_what_the_months_own_records_say(ledger):
    months = (SEPTEMBER, OCTOBER, NOVEMBER)
    found = [without_count(line.figures) for line in lines(ledger, months)]
    assert found == [without_count(alone(ledger, month)) for month in months]


def test_a_month_that_is_over_is_open_and_this_one_runs(ledger):
    found = lines(ledger, (SEPTEMBER, OCTOBER, NOVEMBER))
    assert [(line.month, line.state) for line in found] == [("2026-09", "open"), ("2026-10", "open"), ("2026-11", "running")]


def test_late_work_stands_in_the_month_it_served(ledger):
    found = {line.month: line.figures for line in lines(ledger, (SEPTEMBER, OCTOBER, NOVEMBER))}
    assert found["2026-10"].tasks[0].units_credited == 1  # Sunday the 4th is no business day
    assert found["2026-10"].runs_counted == 1
    assert found["2026-11"].runs_counted == 1


def test_the_order_of_the_months_is_that_of_the_question(ledger):
    assert [line.month for line in lines(ledger, (NOVEMBER, SEPTEMBER))] == ["2026-11", "2026-09"]


def test_a_closed_month_is_what_was_sealed_whatever_came_after(ledger):
    sealed = alone(ledger, OCTOBER).model_copy(update={"reduction": 0.125})
    found = lines(ledger, (SEPTEMBER, OCTOBER), closed={"2026-10": sealed})
    assert [line.state for line in found] == ["open", "closed"]
    assert found[1].figures == sealed
    assert without_count(found[0].figures) == without_count(alone(ledger, SEPTEMBER))


def test_only_closed_months_read_no_records(ledger):
    sealed = alone(ledger, SEPTEMBER)
    with ledger.database.reading() as connection:
        connection.execute = None
        found = history(ledger, connection, [SEPTEMBER], tasks=[], closed={"2026-09": sealed}, **SAID)
    assert found[0].figures == sealed


def test_no_months_are_no_lines(ledger):
    assert lines(ledger, ()) == ()
