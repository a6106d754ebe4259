"""The report from a real ledger in a file."""

from datetime import timedelta

import pytest

from books.bookkeeping import FRIDAY, NOVEMBER, SATO, TOKYO, at, proposed
from temanashi.books import Seconds, read_baselines, sign, signed_versions
from temanashi.calendars import BusinessCalendar
from temanashi.ledger.database import open_database
from temanashi.ledger.ledger import Ledger
from temanashi.ledger.records import Draft, TargetOutcome
from temanashi.reports import CheckpointSeen, monthly_report


class Moving:
    """A clock that stands where it is put."""

    def __init__(self, moment):
        self.moment = moment

    def now(self):
        return self.moment

    def monotonic(self):
        return 0.0

    def sleep(self, seconds):
        self.moment += timedelta(seconds=seconds)


@pytest.fixture
def clock():
    return Moving(at(FRIDAY))


@pytest.fixture
def ledger(tmp_path, clock):
    database = open_database(f"sqlite:///{tmp_path / 'ledger.db'}", clock=clock)
    yield Ledger(database, clock=clock)
    database.close()


def run(**rest):
    fields = {"task": "morning-checks", "runbook": "morning-checks", "run": "r", "slot": "2026-11-20", "actor": "schedule"}
    targets = (TargetOutcome(target="localhost", outcome="changed"),)
    return Draft(kind="run_finished", outcome="done", targets=targets, **(fields | rest))


def told(ledger, clock, **rest):
    with ledger.database.reading() as connection:
        return monthly_report(
            ledger,
            connection,
            NOVEMBER,
            tasks=[proposed()],
            now=clock.now(),
            zone=TOKYO,
            goal=0.5,
            calendar=BusinessCalendar(),
            **rest,
        )


def test_signatures_and_runs_in_a_file_make_the_month(ledger, clock):
    assert told(ledger, clock).empty
    with ledger.database.transaction() as connection:
        ledger.append(connection, sign(proposed(), Seconds(setup=900), actor=SATO, now=clock.now(), zone=TOKYO))
        ledger.append_all(connection, [run(), run(run="s"), run(run="d", mode="dry_run")])
        last = ledger.append(connection, Draft(kind="noted", actor="x"))
    seen = [CheckpointSeen(number=2, seq=4, at=clock.now()), CheckpointSeen(number=1, seq=3, at=clock.now())]
    own = told(ledger, clock, checkpoints=seen)
    assert (own.head.seq, own.head.hash, own.checkpoint.number) == (5, last.hash, 2)
    assert own.figures.sums.credited_seconds == 900
    assert own.figures.runs_seen == 3
    with ledger.database.reading() as connection:
        assert list(signed_versions(read_baselines(ledger, connection))) == ["morning-checks"]


def test_work_of_earlier_months_is_not_read_and_late_work_is(ledger, clock):
    with ledger.database.transaction() as connection:
        ledger.append(connection, sign(proposed(), Seconds(setup=900), actor=SATO, now=clock.now(), zone=TOKYO))
        clock.moment = at(NOVEMBER.previous.last, 23)
        ledger.append(connection, run(slot="2026-10-30"))
        clock.moment = at(NOVEMBER.next.first)
        ledger.append(connection, run(slot="2026-11-30"))
    figures = told(ledger, clock).figures
    assert (figures.records_read, figures.sums.credited_seconds, figures.running) == (2, 900, False)
