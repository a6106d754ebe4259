"""The same months computed twice: by the books, and in plain SQL by a script that knows nothing of them."""

import pytest

from books.bookkeeping import TOKYO
from books.generated_ledger import MONTHS, TASKS, TODAY, Clock, fill
from books.month_in_sql import figures
from temanashi.books import month_figures, read_material
from temanashi.calendars import BusinessCalendar
from temanashi.ledger.database import open_database
from temanashi.ledger.ledger import Ledger

HOLIDAYS = ("2026-09-21", "2026-09-22", "2026-09-23", "2026-10-12", "2026-11-03", "2026-11-23")


@pytest.fixture(scope="module", params=[11, 12, 13, 14])
def generated(request, tmp_path_factory):
    clock = Clock()
    file = tmp_path_factory.mktemp("in-sql") / "ledger.db"
    database = open_database(f"sqlite:///{file}", clock=clock)
    ledger = Ledger(database, clock=clock)
    fill(ledger, clock, request.param)
    yield file, ledger
    database.close()


@pytest.mark.parametrize("month", MONTHS, ids=str)
def test_a_month_in_plain_sql_is_the_month_of_the_books(generated, month):
    file, ledger = generated
    with ledger.database.reading() as connection:
        material = read_material(ledger, connection, month, zone=TOKYO)
    told = month_figures(material, TASKS, month, now=TODAY, zone=TOKYO, goal=0.5, calendar=BusinessCalendar())
    own = figures(str(file), str(month), HOLIDAYS)
    for task in told.tasks:
        sums, mine = task.sums, own.get(task.task, {})
        found = (
            sums.baseline_seconds, sums.demand_effect_seconds, sums.credited_seconds, sums.remaining_seconds, sums.human_seconds,
            sums.manual_seconds,
        )  # fmt: skip
        names = ("baseline", "demand_effect", "credited", "remaining", "human", "manual")
        assert (task.task, found) == (task.task, tuple(mine.get(name, 0) for name in names))
    assert told.sums.manual_seconds == sum(each["manual"] for each in own.values())
    assert told.sums.baseline_seconds == sum(each["baseline"] for each in own.values())
    assert told.sums.credited_seconds > 0
