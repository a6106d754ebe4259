"""Running the same thing again and again earns nothing."""

from datetime import timedelta

import pytest

from books.bookkeeping import TOKYO
from books.generated_ledger import MONTHS, TASKS, TODAY, Clock, fill
from temanashi.books import month_figures, read_material
from temanashi.calendars import BusinessCalendar
from temanashi.ledger.database import open_database
from temanashi.ledger.ledger import Ledger


def sums(ledger):
    told = {}
    for month in MONTHS:
        with ledger.database.reading() as connection:
            material = read_material(ledger, connection, month, zone=TOKYO)
        figures = month_figures(material, TASKS, month, now=TODAY, zone=TOKYO, goal=0.5, calendar=BusinessCalendar())
        told |= {(str(month), task.task): task.sums for task in figures.tasks} | {str(month): figures.sums}
    return told


@pytest.mark.parametrize("seed", [21, 22, 23])
def test_more_runs_never_improve_what_remains_twice(seed, tmp_path):
    clock = Clock()
    database = open_database(f"sqlite:///{tmp_path / 'ledger.db'}", clock=clock)
    ledger = Ledger(database, clock=clock)
    fill(ledger, clock, seed)
    with database.reading() as connection:
        ended = [record.draft for record in ledger.records(connection, kinds=("run_finished",)) if record.draft.run]
    assert len(ended) > 100
    told = [sums(ledger)]
    for again in range(3):
        # At another time of the day, and by another name: what counts is which demand it served, and where.
        clock.moment = TODAY - timedelta(hours=3 - again)
        ledger.record(*(draft.model_copy(update={"run": f"{draft.run}-again-{again}"}) for draft in ended))
        told.append(sums(ledger))
    # The first time, these are runs without people also where people had done it all, which had earned nothing.
    assert all(told[1][key].credited_seconds >= told[0][key].credited_seconds for key in told[0])
    assert any(told[1][key].credited_seconds > told[0][key].credited_seconds > 0 for key in told[0])
    assert told[2] == told[1]
    assert told[3] == told[1]
    database.close()
