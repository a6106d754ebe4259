"""Figures before and after the bodies of records were pruned at the end of their retention."""

from datetime import timedelta

import pytest

from books.bookkeeping import SATO, TOKYO
from books.generated_ledger import MONTHS, TASKS, TODAY, Clock, fill
from temanashi.books import history, month_figures, read_month
from temanashi.calendars import BusinessCalendar
from temanashi.ledger.database import open_database
from temanashi.ledger.ledger import Ledger
from temanashi.ledger.narrow import rebuild_rows
from temanashi.ledger.pruning import KEPT, prune
from temanashi.ledger.records import Draft
from temanashi.ledger.verification import verify

SAID = {"now": TODAY, "zone": TOKYO, "goal": 0.5, "calendar": BusinessCalendar()}


@pytest.fixture
def ledger(tmp_path):
    clock = Clock()
    database = open_database(f"sqlite:///{tmp_path / 'ledger.db'}", clock=clock)
    own = Ledger(database, clock=clock)
    fill(own, clock, 21)
    yield own
    database.close()


def told(ledger):
    """Every month, from the tables that reports read and from the records themselves."""
    with ledger.database.reading() as connection:
        lines = history(ledger, connection, MONTHS, tasks=TASKS, **SAID)
        records = [month_figures(read_month(ledger, connection, month, zone=TOKYO), TASKS, month, **SAID) for month in MONTHS]
    return [line.figures for line in lines], records


def test_figures_are_the_same_after_every_body_that_may_go_is_gone(ledger):
    before = told(ledger)
    assert before[0][0].sums.credited_seconds > 0
    with ledger.database.transaction() as connection:
        gone = prune(connection, ledger, before=TODAY + timedelta(days=1), actor=SATO)
    assert gone.count > 500
    assert told(ledger) == before
    with ledger.database.reading() as connection:
        assert (verify(connection).status, verify(connection).pruned) == ("intact", gone.count)
    with ledger.database.transaction() as connection:
        rebuild_rows(connection)
    assert told(ledger) == before


def test_bodies_that_figures_rest_on_are_kept(ledger):
    assert {"demand", "task_version", "investment", "month_closed", "correction"} <= KEPT
    with ledger.database.transaction() as connection:
        ledger.append(connection, Draft(kind="investment", actor="佐藤", body={"seconds": 60}))
        prune(connection, ledger, before=TODAY + timedelta(days=1), actor=SATO)
        kept = list(ledger.records(connection, kinds=("demand", "task_version", "investment")))
    assert kept
    assert not any(record.pruned for record in kept)
