"""Figures from the narrow tables are those from the records, for every kind of thing that a ledger can hold."""

import random

import pytest

from books.bookkeeping import TOKYO
from books.generated_ledger import MONTHS, TASKS, TODAY, Clock, fill
from temanashi.books import month_figures, read_material, read_materials
from temanashi.calendars import BusinessCalendar
from temanashi.ledger.database import open_database
from temanashi.ledger.ledger import Ledger

SAID = {"now": TODAY, "zone": TOKYO, "goal": 0.5, "calendar": BusinessCalendar()}


@pytest.fixture(scope="module", params=[1, 2, 3])
def generated(request, tmp_path_factory):
    clock = Clock()
    database = open_database(f"sqlite:///{tmp_path_factory.mktemp('generated') / 'ledger.db'}", clock=clock)
    ledger = Ledger(database, clock=clock)
    fill(ledger, clock, request.param)
    yield ledger
    database.close()


@pytest.fixture(scope="module")
def records(generated):
    with generated.database.reading() as connection:
        return list(generated.records(connection))


def told(source, month):
    return month_figures(source, TASKS, month, **SAID).model_copy(update={"records_read": 0})


@pytest.mark.parametrize("month", MONTHS, ids=str)
def test_a_month_read_alone_is_the_month_computed_from_every_record(generated, records, month):
    with generated.database.reading() as connection:
        material = read_material(generated, connection, month, zone=TOKYO)
    assert told(material, month) == told(records, month)


def test_months_read_together_are_the_months_read_alone(generated):
    with generated.database.reading() as connection:
        together = read_materials(generated, connection, MONTHS, zone=TOKYO)
        alone = {month: read_material(generated, connection, month, zone=TOKYO) for month in MONTHS}
    assert {month: told(together[month], month) for month in MONTHS} == {month: told(alone[month], month) for month in MONTHS}


def test_order_and_shards_of_records_do_not_matter(records):
    dice = random.Random(9)
    for month in MONTHS:
        shuffled = [*records, *dice.sample(records, 200)]
        dice.shuffle(shuffled)
        assert told(shuffled, month) == told(records, month)


def test_the_generated_ledger_has_something_of_every_kind(records):
    reasons, flags, credited = set(), set(), 0
    for month in MONTHS:
        figures = told(records, month)
        reasons |= {each.reason for each in figures.not_counted}
        flags |= {flag for task in figures.tasks for flag in task.flags}
        credited += figures.sums.credited_seconds
        assert figures.units_cancelled
        assert figures.sums.human_seconds
    every = {"unsigned", "no_demand_unit", "not_successful", "by_hand", "unknown_effort", "already_credited", "cancelled"}
    assert reasons >= every | {"dry_run", "drill"}
    assert "demand_unverified" in flags
    assert credited > 0
